//! The command line: verbs, their arguments, and the flags that are settings.
//!
//! Flags that are settings are taken as text: what is allowed in them is said and checked in one
//! place, [`weir::settings`].

mod flags;
mod value;

use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};
use toml::Table;

pub(crate) use self::flags::{
    ClusterFlags, FlowFlags, ModelFlags, PlaceFlags, ScanFlags, TetragonFlags, WriterFlags,
};
use self::flags::{LogFlags, ResponseFlags, ScreenFlags};
pub(crate) use self::value::{Format, Printed, Source, one_of};
use crate::{
    alerts, audit, baseline, config, detect, doctor, explain, features, limit, manual, map, model,
    notify, outbox, policy, scan, smells, user,
};

pub(crate) const SETTINGS: &str =
    "Settings (also in weir.toml, and as WEIR_... in the environment)";

const CONFIG_HELP: &str = "\
Settings file, instead of the one WEIR_CONFIG names or weir/weir.toml in $XDG_CONFIG_HOME or \
~/.config";

const EXAMPLES: &str = "\
Examples:
  Watch the interface with the default route:
    sudo weir

  Look at a capture at the speed at which it was recorded:
    weir --replay attack.pcap --speed 1

  Serve the API without a terminal, and log in:
    weir user add ops --role operator
    sudo weir --api --listen 127.0.0.1:8080

Exit status: 0 done; 64 wrong usage or settings; 65 bad input data; 69 service unavailable;
74 input or output failed; 77 no permission; 130 interrupted.";

const FLOWS_EXAMPLES: &str = "\
Examples:
  Turn every capture in a folder into one file of flows:
    weir flows captures/ -o flows.parquet

  Watch two interfaces and count the web flows as they end:
    sudo weir flows iface:eth0 iface:eth1 --filter 'tcp port 443' | wc -l

Exit status: 0 done; 64 wrong usage or settings; 65 bad input data; 69 service unavailable;
74 input or output failed; 77 no permission; 130 interrupted.";

/// Guards a Kubernetes cluster's network
///
/// Without a verb it opens the console on live traffic, or on capture files with --replay; with
/// --api the same engine serves its API and no terminal is needed.
#[derive(Debug, Parser)]
#[command(version, after_long_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(flatten)]
    pub(crate) watch: WatchArgs,
    #[command(subcommand)]
    pub(crate) verb: Option<Verb>,
}

/// Flags of every verb.
#[derive(Debug, Args)]
pub(crate) struct Global {
    #[arg(long, global = true, value_name = "PATH", help = CONFIG_HELP)]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    log: LogFlags,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    Flows(Box<FlowsArgs>),
    Detect(Box<detect::Args>),
    Model(model::Args),
    Features(features::Args),
    Config(config::Args),
    User(user::Args),
    Alerts(Box<alerts::Args>),
    Baseline(Box<baseline::Args>),
    Outbox(outbox::Args),
    Notify(notify::Args),
    Limit(Box<limit::Args>),
    Policy(Box<policy::Args>),
    Map(map::Args),
    Smells(Box<smells::Args>),
    Scan(Box<scan::Args>),
    Explain(explain::Args),
    Audit(audit::Args),
    Doctor(Box<doctor::Args>),
    Completions(manual::CompletionsArgs),
    Man(manual::ManArgs),
}

/// Turn captures or live traffic into flows and their features
///
/// Writes one row a flow, with the column names of `CICFlowMeter`, in order of the flows' end.
#[derive(Debug, Args)]
#[command(after_long_help = FLOWS_EXAMPLES)]
pub(crate) struct FlowsArgs {
    /// Capture file, folder, `-` (standard input) or iface:NAME
    ///
    /// A capture file is pcap or pcapng, plain or compressed by gzip or zstd. Of a folder every
    /// capture in it is read, in order of the names. `iface:` alone is the interface of the
    /// settings, or the one with the default route; several interfaces may be given.
    #[arg(required = true, value_name = "SOURCE")]
    pub(crate) sources: Vec<Source>,
    /// File to write: .csv or .parquet [default: CSV to standard output]
    #[arg(short, long, value_name = "PATH")]
    pub(crate) output: Option<PathBuf>,
    /// Also write rows of flows that are still open
    #[arg(long)]
    pub(crate) provisional: bool,
    /// Also write the columns that compare a flow with those around it
    #[arg(long)]
    pub(crate) context: bool,
    /// Write what the model is fed: sequences of vectors
    #[arg(long)]
    pub(crate) sequences: bool,
    /// CSV of ground truth joined onto the rows
    ///
    /// Its header is `flow key,from,to,label`. A flow key is that of the `Flow ID` column, in either
    /// direction; `*` stands for any part of it. Times are RFC 3339 or seconds since the epoch, or
    /// empty. The first line that fits a flow counts.
    #[arg(long, value_name = "PATH")]
    pub(crate) labels: Option<PathBuf>,
    #[command(flatten)]
    settings: FlowFlags,
}

/// What is watched where there is no verb.
#[derive(Debug, Args)]
pub(crate) struct WatchArgs {
    /// Watch these captures instead of live traffic
    ///
    /// Capture files or folders, read in order, as fast as --speed says.
    #[arg(long, value_name = "PATH", num_args = 1.., help_heading = "Options")]
    pub(crate) replay: Vec<PathBuf>,
    /// Serve the API and no console
    ///
    /// It listens on --listen, by default on 127.0.0.1:8080.
    #[arg(long, help_heading = "Options")]
    pub(crate) api: bool,
    #[command(flatten)]
    flows: FlowFlags,
    #[command(flatten)]
    model: ModelFlags,
    #[command(flatten)]
    place: PlaceFlags,
    #[command(flatten)]
    cluster: ClusterFlags,
    #[command(flatten)]
    tetragon: TetragonFlags,
    #[command(flatten)]
    response: ResponseFlags,
    #[command(flatten)]
    scans: ScanFlags,
    #[command(flatten)]
    screen: ScreenFlags,
}

impl Cli {
    /// The command line of this process; what it asks beside a verb must have a meaning there.
    pub(crate) fn read() -> Result<Self, clap::Error> {
        let cli = Self::try_parse()?;
        let WatchArgs { replay, api, .. } = &cli.watch;
        if cli.verb.is_some() && (*api || !replay.is_empty()) {
            let wrong = "`--api` and `--replay` are for `weir` without a verb";
            return Err(Self::command().error(ErrorKind::ArgumentConflict, wrong));
        }
        Ok(cli)
    }

    /// The flags given that are settings, by key.
    pub(crate) fn settings(&self) -> Result<Table, toml::ser::Error> {
        let mut flags = Table::try_from(&self.global.log)?;
        let WatchArgs { flows, model, place, cluster, tetragon, response, scans, screen, .. } =
            &self.watch;
        for table in [
            Table::try_from(flows)?,
            Table::try_from(model)?,
            Table::try_from(place)?,
            Table::try_from(cluster)?,
            Table::try_from(tetragon)?,
            Table::try_from(response)?,
            Table::try_from(scans)?,
            Table::try_from(screen)?,
        ] {
            flags.extend(table);
        }
        match &self.verb {
            Some(Verb::Flows(args)) => flags.extend(Table::try_from(&args.settings)?),
            Some(Verb::Detect(args)) => {
                flags.extend(Table::try_from(&args.flows)?);
                flags.extend(Table::try_from(&args.model)?);
            }
            Some(Verb::User(args)) => flags.extend(Table::try_from(&args.settings)?),
            Some(Verb::Alerts(args)) => flags.extend(Table::try_from(&args.settings)?),
            Some(Verb::Baseline(args)) => {
                flags.extend(Table::try_from(&args.settings)?);
                if let Some((flows, model)) = args.learning() {
                    flags.extend(Table::try_from(flows)?);
                    flags.extend(Table::try_from(model)?);
                }
            }
            Some(Verb::Outbox(args)) => flags.extend(Table::try_from(&args.settings)?),
            Some(Verb::Audit(args)) => flags.extend(Table::try_from(&args.settings)?),
            Some(Verb::Limit(args)) => flags.extend(Table::try_from(&args.settings)?),
            Some(Verb::Policy(args)) => {
                flags.extend(Table::try_from(&args.settings)?);
                flags.extend(Table::try_from(&args.reach)?);
            }
            Some(Verb::Smells(args)) => flags.extend(Table::try_from(&args.reach)?),
            Some(Verb::Scan(args)) => {
                flags.extend(Table::try_from(&args.place)?);
                flags.extend(Table::try_from(&args.scans)?);
            }
            Some(Verb::Map(args)) => flags.extend(Table::try_from(&args.cluster)?),
            Some(Verb::Doctor(args)) => {
                flags.extend(Table::try_from(&args.model)?);
                flags.extend(Table::try_from(&args.place)?);
                flags.extend(Table::try_from(&args.cluster)?);
                flags.extend(Table::try_from(&args.tetragon)?);
                flags.extend(Table::try_from(&args.scans)?);
            }
            Some(
                Verb::Model(_)
                | Verb::Features(_)
                | Verb::Config(_)
                | Verb::Explain(_)
                | Verb::Notify(_)
                | Verb::Completions(_)
                | Verb::Man(_),
            )
            | None => {}
        }
        Ok(flags)
    }
}
