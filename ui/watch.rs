//! `weir` without a verb: the engine with its faces, the console and the API.

mod abroad;
mod faces;
mod listening;

use std::io::{self, IsTerminal};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use jiff::Timestamp;
use nix::unistd::geteuid;
use tracing::info;
use weir::capture::{evidence, privilege};
use weir::cluster::{self, Place};
use weir::detect::{self, Runtime};
use weir::engine::{self, Engine, Feed, Interrupts, Models, Options, Parts};
use weir::incident::{self, Tracker};
use weir::notify::{self, Sink};
use weir::settings::{self, Environment, Settings, database_path, state_folder};
use weir::store::{self, By, Query, Reader, Retention, Store};
use weir::tetragon;
use weir::trivy::{Reports, Trivy};

use self::abroad::abroad;
pub(crate) use self::abroad::policing;
use self::listening::listening;
use crate::cli::{Source, WatchArgs};
use crate::console::{self, ScoutOptions};
use crate::input::{self, Input, OpenFlows};
use crate::{survey, visit};

/// Where the API listens with `--api` and without a setting.
const LISTEN: ([u8; 4], u16) = ([127, 0, 0, 1], 8080);

/// Incidents of earlier runs that are shown, beside those that are open.
const KNOWN: usize = 200;

/// Why no image is scanned by root.
const ROOT: &str = "images are not scanned as root: replay files as another user";

/// Why nothing is watched, or not any more.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// There are no packets to be had.
    #[error(transparent)]
    Input(#[from] input::Error),
    /// A signal handler could not be set.
    #[error("prepare to be interrupted")]
    Signal(#[source] io::Error),
    /// There is no place for a database.
    #[error(transparent)]
    Settings(#[from] settings::Error),
    /// Incidents cannot be kept.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A sink cannot be told as the settings say.
    #[error(transparent)]
    Notify(#[from] notify::Error),
    /// There is no model.
    #[error(transparent)]
    Model(#[from] engine::ModelError),
    /// There is nothing to run it.
    #[error(transparent)]
    Runtime(#[from] detect::Error),
    /// The engine does not start, or could not keep what it had found.
    #[error(transparent)]
    Engine(#[from] engine::Error),
    /// The faces cannot be run.
    #[error("start what serves the console and the API")]
    Tasks(#[source] io::Error),
    /// The API cannot listen.
    #[error("listen on {address} for the API")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// There is no terminal for the console.
    #[error(
        "open the console: standard input and output must be a terminal; `weir --api` needs none"
    )]
    NoTerminal,
    /// The console failed.
    #[error(transparent)]
    Console(#[from] console::Error),
}

/// Watches until the operator leaves or a signal comes.
pub(crate) fn run(
    args: &WatchArgs,
    settings: &Settings,
    environment: &Environment,
) -> Result<(), Error> {
    let has_terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    if !(args.api || has_terminal) {
        return Err(Error::NoTerminal);
    }
    // The console listens to signals itself, because it has a terminal to give back.
    let interrupts = args.api.then(Interrupts::catch).transpose().map_err(Error::Signal)?;
    let database = database_path(settings, environment)?;
    // Before root is given up, and with it who that was.
    let by = By { who: visit::visitor(environment), from: "console".into() };
    let operator = (by, ScoutOptions::new(settings, environment));
    // Like interfaces, the kubeconfig may be for root alone.
    let place = Place::read(&survey::options(settings), environment);
    let trivy = trivy(settings, environment, &database);
    let feed = feed(args, settings, environment, &database)?;
    // Root that replays files stays root; Trivy reads what anybody has put into an image.
    let trivy = if geteuid().is_root() { Err(ROOT.into()) } else { Ok(trivy) };
    let stop = interrupts.map(Interrupts::listen).transpose().map_err(Error::Signal)?;
    let stop = stop.unwrap_or_default();
    let engine = start(args, (feed, place, trivy), settings, environment, &database, &stop)?;
    let shown =
        faces::show(args, settings, environment, &engine.handle(), &database, operator, &stop);
    // What is lost matters more than why nobody looks any more.
    engine.finish()?;
    shown
}

/// Finds the packets. Interfaces are opened, and after them root is given up for good.
fn feed(
    args: &WatchArgs,
    settings: &Settings,
    environment: &Environment,
    database: &Path,
) -> Result<Feed, Error> {
    let sources = if args.replay.is_empty() {
        vec![Source::Interface(None)]
    } else {
        args.replay.iter().cloned().map(Source::Path).collect()
    };
    match Input::of(&sources, settings)? {
        Input::Files(paths) => {
            // Root reads what only root may; whoever captures later still finds a database of its own.
            store::give_folder(database, privilege::successor(environment.invoker()))?;
            Ok(Feed::Files { paths, filter: settings.filter.clone(), speed: settings.speed })
        }
        Input::Interfaces(names) => {
            let interfaces = input::open(&names, settings)?;
            store::give_folder(database, privilege::successor(environment.invoker()))?;
            // An agent that starts anew makes its socket anew, so this is not for the first time alone.
            let groups = tetragon::groups(&settings.tetragon);
            let identity = privilege::drop_root_within(environment.invoker(), &groups)
                .map_err(input::Error::Capture)?;
            info!(user = %identity, ?groups, interfaces = ?names, "capturing without privileges");
            Ok(Feed::Interfaces(interfaces))
        }
    }
}

fn start(
    args: &WatchArgs,
    (feed, place, trivy): (Feed, Result<Place, cluster::Error>, Result<Trivy, String>),
    settings: &Settings,
    environment: &Environment,
    database: &Path,
    stop: &Arc<AtomicBool>,
) -> Result<Engine, Error> {
    let sinks = Sink::all(settings, environment)?;
    let model = Models::new(state_folder(database)).load(settings.model.as_deref())?.model;
    let model = model.within(settings.alert_budget);
    let runtime = Runtime::start(settings.ort_library(environment))?;
    let store = Store::open(database)?;
    let reader = Reader::open(database)?;
    let open = reader.standing_incidents(returning_since_us(settings))?;
    let mut known = reader.incidents(&Query { limit: KNOWN, ..Query::default() })?.incidents;
    // However many newer ones there are, what goes on is shown.
    known.extend(open.iter().cloned());
    let options = incident::Options {
        weights: model.manifest.weights,
        reopen_us: i64::try_from(settings.reopen_within.as_micros()).unwrap_or(i64::MAX),
        ..incident::Options::default()
    };
    let mut tracker = Tracker::new(&settings.sensor, options);
    if let Some((accepted, _)) = reader.accepted(None)? {
        tracker.accept(accepted);
    }
    // A capture that is replayed has nothing to do with what went on when the engine ended.
    let is_live = matches!(feed, Feed::Interfaces(_));
    if is_live {
        tracker.restore(open);
    }
    let parts = Parts {
        feed,
        flows: Options {
            timeouts: input::timeouts(settings, OpenFlows::Reported),
            max_flows: settings.max_flows,
            shards: settings.shards,
        },
        model,
        inference_threads: settings.inference_threads,
        tracker,
        store: Some(store),
        known,
        evidence: evidence(settings, database),
        retention: Retention {
            age: Duration::from_hours(24 * u64::from(settings.retention_days)),
            bytes: u64::from(settings.retention_mib) << 20,
        },
        sinks,
        abroad: Some(abroad(settings, place, address(args, settings), is_live)),
        tetragon: Some(listening(settings, is_live)),
        policies: Some(policing(settings)),
        scans: trivy,
    };
    Ok(Engine::start(parts, &runtime, Arc::clone(stop))?)
}

/// Where the API listens, if it does.
fn address(args: &WatchArgs, settings: &Settings) -> Option<SocketAddr> {
    settings.listen.or_else(|| args.api.then(|| LISTEN.into()))
}

/// How packets are kept as evidence, in a folder beside the database.
fn evidence(settings: &Settings, database: &Path) -> Option<evidence::Options> {
    (settings.evidence_mib > 0).then(|| evidence::Options {
        folder: state_folder(database).join("evidence"),
        most_bytes: u64::from(settings.evidence_mib) << 20,
        snap_length: settings.evidence_snap_length,
        keeps_payload: settings.evidence_payload,
        retention: settings.evidence_retention,
    })
}

/// What scans images; what it finds is kept in a folder beside the database. It changes nothing in the
/// cluster, so that it is there with `read-only` too.
fn trivy(settings: &Settings, environment: &Environment, database: &Path) -> Trivy {
    let reports = Reports::new(state_folder(database).join("scans"));
    Trivy::new(settings.trivy(environment)).with_reports(reports)
}

/// Since when an attack that was over may return as the same incident, in µs since the epoch.
fn returning_since_us(settings: &Settings) -> i64 {
    let within_us = i64::try_from(settings.reopen_within.as_micros()).unwrap_or(i64::MAX);
    Timestamp::now().as_microsecond().saturating_sub(within_us)
}
