//! `weir scan`: what is known to be wrong with images.
//!
//! Trivy looks for it; the verb asks it of one image after the other and prints what it found. Which
//! images run is asked of the cluster once. Reports are kept beside the database, where a running weir
//! finds them too.

mod json;
mod outcome;
mod page;
mod running;
mod work;

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::Serialize;
use tokio::runtime::Builder;
use weir::capture::{self, privilege};
use weir::cluster::{self, Place};
use weir::engine::Interrupts;
use weir::posture::image::{ImageName, VulnerabilitySeverity};
use weir::settings::{Environment, Settings, database_path, state_folder};
use weir::store;
use weir::trivy::{self, Freshness, Reports, Trivy};

use self::outcome::{Outcome, Wanted};
use crate::cli::{Format, Printed, ScanFlags, one_of};
use crate::format::counted;
use crate::paper::Paper;
use crate::survey;

/// How often it is looked whether somebody wants it to end.
const GLANCE: Duration = Duration::from_millis(50);

const EXAMPLES: &str = "\
Examples:
  What is known to be wrong with an image:
    weir scan nginx:1.25

  In a pipeline: fail on what is critical:
    weir scan ghcr.io/shop/web:1.4 --fail-on critical

  All that runs in the cluster, the most urgent image first:
    weir scan --cluster --severity high

  Vulnerabilities that can be mended, for a script:
    weir scan nginx:1.25 --format json | jq -r '.images[].report.Results[].Vulnerabilities[]? |
      select(.FixedVersion) | .VulnerabilityID'

  Where there is no network but a registry: with a database that was fetched elsewhere
    weir scan --trivy-cache /srv/trivy --trivy-offline registry.local/shop/web:1.4

Trivy (https://trivy.dev) must be there; it is started, and no shell. It logs in to registries as
`docker login`, TRIVY_USERNAME and TRIVY_PASSWORD of the user say. The report on an image that is
named by its digest is kept for a day, and so is each of --cluster; a tag may mean another image
tomorrow, and is always asked for. JSON is one object: `images`, each with Trivy's own report, in
which the image's environment variables stand in clear, and `failures`.

Exit status: 0 all images were scanned, whatever was found; 1 something as severe as --fail-on was;
64 wrong usage or settings; 65 there is no such image; 69 Trivy, its database, its server, the
registry or the cluster is not there or does not answer in time; 74 output failed; 77 the registry
refuses it, or no permission; 130 interrupted. Where several images fail, it is that of the first.";

/// Find known vulnerabilities in container images, by Trivy
///
/// Images are scanned one after the other. One that cannot be is told on standard error, and the others
/// go on.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// Image, as `docker pull` and manifests name it
    #[arg(required_unless_present = "cluster", value_name = "IMAGE")]
    images: Vec<ImageName>,
    /// Scan every image that runs in the cluster, just as it runs
    #[arg(long, conflicts_with = "images")]
    cluster: bool,
    /// List no vulnerabilities that are less severe; they are counted all the same
    #[arg(long, value_name = "SEVERITY", value_parser = one_of(VulnerabilitySeverity::ALL, VulnerabilitySeverity::name))]
    severity: Option<VulnerabilitySeverity>,
    /// Exit with 1 where a vulnerability is as severe as this; without it findings are no failure
    #[arg(long, value_name = "SEVERITY", value_parser = one_of(VulnerabilitySeverity::ALL, VulnerabilitySeverity::name))]
    fail_on: Option<VulnerabilitySeverity>,
    /// Ask Trivy also where its report of today is kept
    #[arg(long)]
    fresh: bool,
    #[command(flatten)]
    printed: Printed,
    #[command(flatten)]
    pub(crate) scans: ScanFlags,
    #[command(flatten)]
    pub(crate) place: WhereFlags,
}

/// Which cluster, and where reports are kept; named as the keys of the settings.
#[derive(Debug, clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
#[command(next_help_heading = crate::cli::SETTINGS)]
pub(crate) struct WhereFlags {
    /// Kubeconfig of the cluster
    #[arg(long, value_name = "PATH")]
    kubeconfig: Option<String>,
    /// Context in the kubeconfig [default: its current one]
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// Database beside which reports are kept
    #[arg(long, value_name = "PATH")]
    database: Option<String>,
}

/// Why the verb ends with something else than 0.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Something was found that is severe enough, in so many images.
    #[error("{0}")]
    Found(String),
    /// The image could not be scanned.
    #[error(transparent)]
    Trivy(#[from] trivy::Error),
    /// Not all images could be scanned; why, has been said of each.
    #[error("{unscanned} of {all} images could not be scanned")]
    Unscanned {
        /// Images that were not.
        unscanned: usize,
        /// All of them.
        all: usize,
        /// Why the first was not.
        first: trivy::Error,
    },
    /// The cluster could not be found.
    #[error(transparent)]
    Survey(#[from] survey::Error),
    /// The cluster does not say what runs in it.
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    /// Root could not be given up.
    #[error(transparent)]
    Privilege(#[from] capture::Error),
    /// A signal handler could not be set.
    #[error("prepare to be interrupted")]
    Signal(#[source] io::Error),
    /// What waits for Trivy could not be started.
    #[error("start what waits for Trivy")]
    Tasks(#[source] io::Error),
    /// A signal came.
    #[error("interrupted")]
    Interrupted,
    /// What was found could not be printed.
    #[error("write to standard output")]
    Print(#[from] io::Error),
}

/// Scans all images and prints what was found.
pub(crate) fn run(
    args: &Args,
    settings: &Settings,
    environment: &Environment,
) -> Result<(), Error> {
    let mut outcome = scanned(args, settings, environment)?;
    let found = args.fail_on.map_or(0, |least| outcome.images_with(least));
    if args.cluster {
        outcome.sort();
    }
    let mut paper = Paper::new(settings, environment);
    match args.printed.format {
        Format::Text => page::print(&outcome, args.severity, &mut paper)?,
        Format::Json => json::print(&outcome, args.severity, &mut paper)?,
    }
    paper.finish()?;
    outcome.end()?;
    match found {
        0 => Ok(()),
        found => Err(Error::Found(counted(found as u64, "image"))),
    }
}

/// What came of all images. The kubeconfig is read before root is given up: only root may be allowed to.
/// Nothing is run as root.
fn scanned(args: &Args, settings: &Settings, environment: &Environment) -> Result<Outcome, Error> {
    let interrupts = Interrupts::catch().map_err(Error::Signal)?;
    let tasks = Builder::new_current_thread().enable_all().build().map_err(Error::Tasks)?;
    let place = args.cluster.then(|| survey::place(settings, environment)).transpose()?;
    let trivy = trivy(settings, environment);
    privilege::drop_root(environment.invoker())?;
    let stop = interrupts.listen().map_err(Error::Signal)?;
    let outcome = tasks.block_on(async {
        tokio::select! {
            outcome = all(args, place, &trivy) => outcome,
            () = asked_to_end(&stop) => Err(Error::Interrupted),
        }
    });
    // A terminal interrupts Trivy too: that it has failed then is no news.
    if stop.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { outcome }
}

async fn all(args: &Args, place: Option<Place>, trivy: &Trivy) -> Result<Outcome, Error> {
    let wanted = match place {
        Some(place) => running::images(place).await?,
        None => args.images.iter().cloned().map(Wanted::from).collect(),
    };
    let freshness = if args.fresh { Freshness::New } else { Freshness::Kept };
    Ok(work::all(trivy, wanted, freshness, args.printed.format).await)
}

/// Trivy as the settings name it, with the reports that it has made where there is a place for them.
fn trivy(settings: &Settings, environment: &Environment) -> Trivy {
    let trivy = Trivy::new(settings.trivy(environment));
    let heir = privilege::successor(environment.invoker());
    let database = database_path(settings, environment).ok();
    match database.filter(|database| store::give_folder(database, heir).is_ok()) {
        Some(database) => trivy.with_reports(Reports::new(state_folder(&database).join("scans"))),
        None => trivy,
    }
}

async fn asked_to_end(stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        tokio::time::sleep(GLANCE).await;
    }
}
