//! `weir doctor`: whether all that Weir needs is there, and how to mend what is not.

mod agents;
mod capturing;
mod cluster;
mod finding;
mod images;
mod keeping;
mod scoring;
mod surroundings;
mod telling;

use std::io::{self, BufWriter, Write};

use clap::ValueEnum;
use weir::capture::privilege;
use weir::cluster::{Options, Place};
use weir::settings::{Environment, Resolved};
use weir::tetragon;

use self::finding::{Finding, Level, Report, told};
use self::keeping::Heir;
use crate::cli::{ClusterFlags, ModelFlags, PlaceFlags, ScanFlags, TetragonFlags};
use crate::{survey, text};

const EXAMPLES: &str = "\
Examples:
  Look before the first live capture, as the user who will start it:
    sudo weir doctor

  Which checks fail, for a script:
    weir doctor --format json | jq -r '.checks[] | select(.level == \"fail\").check'

Exit status: 0 nothing fails; 64 wrong usage or settings; 69 something does.";

/// Check that all that is needed is there, and say how to mend what is not
///
/// Looks at libpcap, privileges, interfaces, model, backend, database, evidence, disk, sinks, secrets,
/// cluster, rights in it, agents of Tetragon, Trivy, clock and terminal, with the settings in force and
/// as whom Weir becomes once its interfaces are open. It changes nothing, makes no file and tells
/// nobody: `weir notify test` does.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// How the findings are printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    pub(crate) model: ModelFlags,
    #[command(flatten)]
    pub(crate) place: PlaceFlags,
    #[command(flatten)]
    pub(crate) cluster: ClusterFlags,
    #[command(flatten)]
    pub(crate) tetragon: TetragonFlags,
    #[command(flatten)]
    pub(crate) scans: ScanFlags,
}

/// How findings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One JSON object.
    Json,
}

/// Why the doctor is not content.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Something fails; what, has been printed.
    #[error("weir cannot do all its work here: {failing} of {all} checks fail")]
    Failing {
        /// Checks that fail.
        failing: usize,
        /// All checks.
        all: usize,
    },
    /// The findings could not be printed.
    #[error("write the findings to standard output")]
    Print(#[from] io::Error),
}

/// Runs all checks and prints what they found.
///
/// As when Weir starts, root opens interfaces and reads the kubeconfig, and is then given up for good,
/// once: all else is looked at with the rights of whom root becomes, groups of the agents included.
pub(crate) fn run(
    args: &Args,
    resolved: &Resolved,
    environment: &Environment,
) -> Result<(), Error> {
    let settings = &resolved.settings;
    let mut findings = vec![capturing::libpcap(), capturing::privileges()];
    findings.extend(capturing::interfaces(settings));
    let secrets = telling::secrets(resolved, environment);
    let options = Options { is_read_only: true, ..survey::options(settings) };
    let place = Place::read(&options, environment);
    // As where Weir starts: where Trivy's database is depends on whether that is root.
    let scans = settings.trivy(environment);
    let heir = Heir::of(settings, environment);
    let groups = tetragon::groups(&settings.tetragon);
    match privilege::drop_root_within(environment.invoker(), &groups) {
        Ok(_) => {
            findings.extend(scoring::model_and_backend(settings, environment));
            findings.extend(keeping::database_and_disk(settings, environment, heir));
            findings.extend([telling::sinks(resolved, environment, heir), secrets]);
            findings.extend(cluster::cluster_and_rights(settings, &place));
            findings.extend(agents::agents(settings, &place));
            findings.push(images::trivy(&scans, environment));
        }
        // Then Weir does not start, and nothing is asked as root.
        Err(error) => {
            let mend = "run it as another user, or leave it SETUID and SETGID";
            findings.extend([secrets, Finding::fail("privileges", told(&error), mend)]);
        }
    }
    findings.push(surroundings::clock());
    findings.push(surroundings::terminal(environment));
    print(args.format, &findings)?;
    let failing = findings.iter().filter(|finding| finding.level == Level::Fail).count();
    if failing == 0 { Ok(()) } else { Err(Error::Failing { failing, all: findings.len() }) }
}

fn print(format: Format, findings: &[Finding]) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    match format {
        Format::Text => findings.iter().try_for_each(|finding| write!(out, "{finding}"))?,
        Format::Json => {
            let report = serde_json::to_string_pretty(&Report::from(findings))?;
            report.lines().try_for_each(|line| writeln!(out, "{}", text::json(line)))?;
        }
    }
    out.flush()
}
