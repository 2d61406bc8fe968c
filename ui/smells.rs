//! `weir smells`: what manifests allow that they should not.

mod baseline;
mod cluster;
pub(crate) mod excerpt;
pub(crate) mod findings;
mod github;
mod junit;
pub(crate) mod read;
mod sarif;

use std::io;
use std::path::PathBuf;

use clap::ValueEnum;
use serde::Serialize;
use weir::api::shape::SmellsShape;
use weir::capture;
use weir::document::Place;
use weir::posture::{self, Check, Counts, Manifests, Report, Rules, Severity, Source, Version};
use weir::settings::{Environment, Settings};

use self::baseline::Baseline;
pub(crate) use self::baseline::Error as BaselineError;
pub(crate) use self::excerpt::role;
use crate::format::counted;
use crate::paper::{Paper, aside};
use crate::survey;

const EXAMPLES: &str = "\
Examples:
  Look at a folder of manifests before they are applied:
    weir smells deploy/

  At what a chart or an overlay renders:
    helm template shop/ | weir smells -
    kustomize build overlays/production | weir smells -

  In a pipeline: fail on what is high or worse, and show the findings in the pull request:
    weir smells deploy/ --fail-on high --format sarif > smells.sarif

  At what runs now:
    weir smells --cluster --severity high

  Begin with a large repository: keep what there is now, and tell only of what is new:
    weir smells deploy/ --baseline smells.json --update-baseline
    weir smells deploy/ --baseline smells.json

  What a check is about, and how its smell is mended:
    weir explain WEIR-101

An object is let off a check by the annotation `weir.dev/ignore: WEIR-101,WEIR-205`, with the
reason in `weir.dev/ignore-reason`; whole kinds, namespaces or files by `smells-ignore` in
weir.toml.

Exit status: 0 nothing was found; 1 something was; 2 a file is no manifest or cannot be read, or
a kind of the cluster (what can be read is looked at all the same), or there was nothing to look
at; 64 wrong usage or settings; 69
the cluster is not there or does not answer; 74 output failed; 77 no permission.";

/// Find smells in Kubernetes manifests
///
/// Files, folders (their .yaml, .yml and .json files, however deep) or `-` for standard input: YAML or
/// JSON of any number of documents. All objects are looked at beside one another.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// File, folder, or `-` for standard input
    #[arg(required_unless_present = "cluster", value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Look at what runs now in the cluster
    #[arg(long, conflicts_with = "paths")]
    cluster: bool,
    /// How findings are printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    format: Format,
    /// Leave out what is less severe
    #[arg(long, value_name = "SEVERITY", value_parser = crate::cli::one_of(Severity::ALL, Severity::name))]
    severity: Option<Severity>,
    /// Run only these checks, by id or category: `WEIR-101,rbac`
    #[arg(long, value_name = "CHECK", value_delimiter = ',', value_parser = selected)]
    select: Vec<Selected>,
    /// Exit with 1 only for findings that are as severe as this
    #[arg(long, value_name = "SEVERITY", value_parser = crate::cli::one_of(Severity::ALL, Severity::name))]
    fail_on: Option<Severity>,
    /// Tell only of what is not in this file
    #[arg(long, value_name = "PATH")]
    baseline: Option<PathBuf>,
    /// Write what is found to the baseline, and tell of nothing
    #[arg(long, requires = "baseline", conflicts_with_all = ["severity", "select"])]
    update_baseline: bool,
    /// The version of Kubernetes that the manifests are for
    #[arg(long, value_name = "VERSION", default_value_t = Version::default())]
    kubernetes: Version,
    #[command(flatten)]
    pub(crate) reach: ReachFlags,
}

/// Which cluster; named as the keys of the settings.
#[derive(Debug, clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
#[command(next_help_heading = crate::cli::SETTINGS)]
pub(crate) struct ReachFlags {
    /// Kubeconfig of the cluster
    #[arg(long, value_name = "PATH")]
    kubeconfig: Option<String>,
    /// Context in the kubeconfig [default: its current one]
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
}

/// How findings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people, each with its line.
    Text,
    /// One JSON document: `smells`, `counts`, and what could not be read.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// `JUnit`'s XML, for test reports.
    Junit,
    /// Annotations of GitHub's workflow runs.
    Github,
}

/// Checks that are chosen together.
#[derive(Debug, Clone)]
struct Selected(Vec<&'static Check>);

fn selected(written: &str) -> Result<Selected, String> {
    let is_meant = |check: &&Check| {
        check.id.eq_ignore_ascii_case(written)
            || check.category.name().eq_ignore_ascii_case(written)
    };
    let found: Vec<_> = posture::all().filter(is_meant).collect();
    if found.is_empty() {
        return Err(
            "there is no check and no category of that name; `weir explain` lists them".into()
        );
    }
    Ok(Selected(found))
}

/// Why the verb ends with something else than 0.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Something was found, so many times.
    #[error("{0}")]
    Found(String),
    /// Not everything could be looked at.
    #[error("{0}")]
    Unread(String),
    /// The baseline is none, or cannot be read or written.
    #[error(transparent)]
    Baseline(#[from] baseline::Error),
    /// The cluster could not be found.
    #[error(transparent)]
    Survey(#[from] survey::Error),
    /// The cluster does not say what is in it.
    #[error(transparent)]
    Cluster(#[from] weir::cluster::Error),
    /// Root could not be given up.
    #[error(transparent)]
    Privilege(#[from] capture::Error),
    /// What talks to the cluster could not be started.
    #[error("start what talks to the cluster")]
    Tasks(#[source] io::Error),
    /// What was found could not be printed.
    #[error("write to standard output")]
    Print(#[from] io::Error),
}

/// Looks at everything and prints what was found.
pub(crate) fn run(
    args: &Args,
    settings: &Settings,
    environment: &Environment,
) -> Result<(), Error> {
    let known = match &args.baseline {
        Some(path) if !args.update_baseline => Some(Baseline::read(path)?),
        _ => None,
    };
    let manifests =
        if args.cluster { cluster::all(settings, environment)? } else { read::all(&args.paths) };
    let mut report = manifests.scan(&rules(args, settings, &manifests));
    notices(&manifests, &report);
    if let (Some(path), true) = (&args.baseline, args.update_baseline) {
        // What could not be read would be missing in it.
        unread(&manifests)?;
        Baseline::of(&report).write(path)?;
        let count = counted(report.findings.len() as u64, "smell");
        aside(&format!("{count} written to {}", path.display()));
        return Ok(());
    }
    let hidden = known.map_or(0, |known| known.hide(&mut report));
    let mut paper = Paper::new(settings, environment);
    print(args.format, &manifests, &report, &mut paper)?;
    if args.format == Format::Text {
        paper.line(&summary(&report, hidden))?;
    }
    paper.finish()?;
    unread(&manifests)?;
    outcome(args, &report)
}

fn rules(args: &Args, settings: &Settings, manifests: &Manifests) -> Rules {
    let mut rules = Rules { kubernetes: args.kubernetes, ..Rules::default() };
    rules.ignores.clone_from(&settings.smells_ignore);
    if !args.select.is_empty() {
        let is_chosen = |check: &&Check| {
            args.select.iter().any(|selected| selected.0.iter().any(|one| one.id == check.id))
        };
        rules.checks.retain(is_chosen);
    }
    // Where a kind is not known, nothing can be said to be missing beside others.
    if args.cluster && !is_whole(manifests) {
        rules = rules.alone();
    }
    match args.severity {
        Some(severity) => rules.at_least(severity),
        None => rules,
    }
}

/// Whether there is nothing that could not be read.
pub(crate) fn is_whole(manifests: &Manifests) -> bool {
    manifests.sources().iter().all(|source| source.faults.is_empty())
}

/// Says on standard error what could not be read, what is no object, and what is wrong with ignores.
fn notices(manifests: &Manifests, report: &Report) {
    for source in manifests.sources() {
        for fault in &source.faults {
            aside(&format!("{}: {}", placed(source, fault.at), fault.message));
        }
        for other in &source.others {
            aside(&format!("{}: passed over: {}", placed(source, other.at), other.message));
        }
    }
    for notice in &report.notices {
        let source = notice.source.and_then(|number| manifests.sources().get(number));
        match source {
            Some(source) => aside(&format!("{}: {}", placed(source, notice.at), notice.message)),
            None => aside(&notice.message),
        }
    }
}

/// `web.yaml:3:5`, or the file alone where there are no lines.
pub(crate) fn placed(source: &Source, at: Place) -> String {
    match at.line {
        0 => source.name.clone(),
        line => format!("{}:{line}:{}", source.name, at.column),
    }
}

fn print(
    format: Format,
    manifests: &Manifests,
    report: &Report,
    paper: &mut Paper,
) -> io::Result<()> {
    match format {
        Format::Text => excerpt::print(manifests, report, paper),
        Format::Json => paper.json(&SmellsShape::new(report, manifests)),
        Format::Sarif => paper.json(&sarif::log(manifests, report)),
        Format::Junit => junit::lines(manifests, report).try_for_each(|line| paper.line(&line)),
        Format::Github => {
            github::lines(manifests, report).iter().try_for_each(|line| paper.line(line))
        }
    }
}

/// What was found, in a line.
fn summary(report: &Report, hidden: usize) -> String {
    let Counts { critical, high, medium, low } = report.counts();
    let mut parts = vec![counted(report.objects as u64, "object")];
    if report.objects == 0 {
        parts.clear();
        parts.push("no object of Kubernetes was found".into());
    } else if report.findings.is_empty() {
        parts.push("no smells".into());
    } else {
        let counts = findings::by_severity([critical, high, medium, low]);
        let smells = counted(report.findings.len() as u64, "smell");
        parts.push(format!("{smells} ({counts})"));
    }
    if report.ignored > 0 {
        parts.push(format!("{} ignored", report.ignored));
    }
    if hidden > 0 {
        parts.push(format!("{hidden} in the baseline"));
    }
    parts.join(", ")
}

fn unread(manifests: &Manifests) -> Result<(), Error> {
    let unread = manifests.sources().iter().filter(|source| !source.faults.is_empty()).count();
    if unread == 0 {
        return Ok(());
    }
    Err(Error::Unread(format!("{} could not be read whole", counted(unread as u64, "source"))))
}

fn outcome(args: &Args, report: &Report) -> Result<(), Error> {
    // What made the manifests may have failed before it wrote any: that is not clean.
    if report.objects == 0 {
        return Err(Error::Unread("there was nothing to look at".into()));
    }
    let least = args.fail_on.unwrap_or(Severity::Low);
    let found = report.findings.iter().filter(|finding| finding.check.severity >= least).count();
    if found > 0 { Err(Error::Found(counted(found as u64, "smell"))) } else { Ok(()) }
}
