//! A whole engine: source, flow table, inference, incidents, database, and the door to all of it.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::{Builder, JoinHandle};

use tokio::sync::watch;

use super::abroad::{Abroad, Envoy, Means};
use super::arrivals::Arrivals;
use super::desk::{Desk, Note, PANICKED};
use super::detection::Detection;
use super::events::KeptEvent;
use super::feed::Feed;
use super::gauges::Gauges;
use super::handle::Handle;
use super::inference::Inference;
use super::keeper::{Keeper, Kept};
use super::listen::{Listener, Listening};
use super::meters::Meters;
use super::naming::Naming;
use super::notifier::{self, Notifier, Words};
use super::pipeline::{Options, Pipeline};
use super::policies::{Policing, PolicyThread};
use super::processes::Processes;
use super::rate::Rate;
use super::recording::Recording;
use super::scans::{ScanThread, Scans, ScansStatus};
use super::scoring::Scoring;
use super::snapshot::{ModelStatus, Snapshot, SourceState, StoreStatus};
use super::watcher::{Listeners, Tray, Watcher};
use crate::capture::evidence;
use crate::cluster;
use crate::detect::{self, Model, Runtime, Scorer, Usual};
use crate::incident::{Incident, Tracker};
use crate::notify::Sink;
use crate::store::{self, Actions, Reader, Recipient, Retention, Store};
use crate::trivy::Trivy;

/// Notes that may wait for the desk.
const WAITING_NOTES: usize = 64;

/// What an engine is made of.
pub struct Parts {
    /// Where packets come from.
    pub feed: Feed,
    /// How packets become flows.
    pub flows: Options,
    /// What scores them.
    pub model: Model,
    /// Threads that do so.
    pub inference_threads: usize,
    /// What makes incidents of it; it may know of open ones.
    pub tracker: Tracker,
    /// Where incidents are kept; nowhere if there is none, and then nobody can act on them or is
    /// told of them.
    pub store: Option<Store>,
    /// For how long.
    pub retention: Retention,
    /// Who is told of them.
    pub sinks: Vec<Sink>,
    /// Incidents of earlier runs that are shown; one may be there twice.
    pub known: Vec<Incident>,
    /// How packets are kept as evidence; not at all if it does not say.
    pub evidence: Option<evidence::Options>,
    /// Which cluster is watched and guarded; none if it does not say.
    pub abroad: Option<Abroad>,
    /// Which agents of Tetragon are listened to; none if it does not say.
    pub tetragon: Option<Listening>,
    /// What may be done to policies; they are not even read if it does not say.
    pub policies: Option<Policing>,
    /// What scans images, or why none are scanned.
    pub scans: Result<Trivy, String>,
}

/// Why an engine could not be started, or not be ended without a loss.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The model cannot be run.
    #[error(transparent)]
    Model(#[from] detect::Error),
    /// The database cannot be worked on.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The cluster that was named cannot be talked to.
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    /// A thread could not be started.
    #[error("start a thread")]
    Threads(#[from] io::Error),
    /// The database did not take what had been found when the engine ended.
    #[error("keep all incidents: the newest state of {incidents} is lost: {why}")]
    NotKept {
        /// How many.
        incidents: u64,
        /// What the database said last.
        why: String,
    },
}

/// A running engine.
#[derive(Debug)]
pub struct Engine {
    handle: Handle,
    source: JoinHandle<()>,
    desk: JoinHandle<StoreStatus>,
    /// Keeps the desk at work after the source has ended.
    notes: SyncSender<Note>,
    outside: Option<Outside>,
    envoy: Envoy,
    listener: Listener,
    policies: Option<PolicyThread>,
    scans: Result<ScanThread, String>,
}

impl Engine {
    /// Starts all threads; `stop` ends them, set by the handle or by a signal.
    ///
    /// Privileges must have been given up before.
    pub fn start(parts: Parts, runtime: &Runtime, stop: Arc<AtomicBool>) -> Result<Self, Error> {
        let Parts { feed, flows, model, inference_threads, tracker, known, evidence, .. } = parts;
        let Parts { store, retention, sinks, abroad, tetragon, policies, scans, .. } = parts;
        let scorers = (0..inference_threads).map(|_| Scorer::new(&model, runtime));
        let scorers = scorers.collect::<Result<Vec<_>, _>>()?;
        let explainer = Scorer::new(&model, runtime)?;
        let (notes, received) = sync_channel(WAITING_NOTES);
        let tray = Tray::default();
        let kept = store.map(|store| Opened::of(store, retention, sinks, &tray, &notes));
        let Opened { actions, records, policy_record, keeper, outside } =
            kept.transpose()?.unwrap_or_default();
        let told = notes.clone();
        let inference = Inference::start(scorers, feed.pace(), move |delivery| {
            // The desk is there for as long as anybody writes to it.
            told.send(Note::Delivered(delivery)).ok();
        })?;
        let progress = inference.progress();
        let scoring = Scoring::new(inference);
        let meters = Arc::<Meters>::default();
        let recording = evidence.map(Recording::start).transpose()?;
        let arrivals = Arrivals::new(flows.timeouts.idle_us);
        let gauges = Gauges {
            arrivals: Arc::clone(&arrivals),
            source: feed.source(),
            total_bytes: feed.total_bytes(),
            meters: Arc::clone(&meters),
            flows: scoring.flows(),
            model: ModelStatus {
                name: model.manifest.name.clone(),
                backend: runtime.backend().clone(),
                ..ModelStatus::default()
            },
            inference: progress,
            evidence: recording.as_ref().map(Recording::meters),
            packet_rate: Rate::default(),
            sequence_rate: Rate::default(),
        };
        let (shown, snapshots) = watch::channel(Arc::new(Snapshot::default()));
        let detection = Detection::new(tracker, explainer, Usual::default());
        let means = Means {
            snapshots: snapshots.clone(),
            arrivals: Arc::clone(&arrivals),
            actions: records,
            notes: notes.clone(),
        };
        let envoy = match abroad {
            Some(abroad) => Envoy::start(abroad, means)?,
            None => Envoy::at_home("this engine has no cluster".into()),
        };
        let processes = Processes::new();
        let listener = listener(tetragon, &envoy, &processes)?;
        let policies = policies.map(|policing| {
            let parts = policing.parts(envoy.reach(), listener.agents(), Box::new(policy_record));
            PolicyThread::start(parts, notes.clone())
        });
        let policies = policies.transpose()?;
        let scans = match scans {
            Ok(trivy) => Ok(ScanThread::start(trivy, envoy.worlds(), notes.clone())?),
            Err(why) => Err(why),
        };
        let naming = Naming::new(envoy.worlds());
        let mut desk = Desk::new(detection, known, keeper, tray, gauges, shown)
            .with_names(naming)
            .with_cluster(envoy.seen())
            .with_tetragon(listener.seen())
            .with_processes(processes);
        if let Some(policies) = &policies {
            desk = desk.with_policies(policies.seen());
        }
        desk = desk.with_scans(seen_of(&scans));
        desk.publish();
        let desk = thread("desk", move || desk.run(&received))?;
        let pipeline = Pipeline::new(flows, scoring)?;
        let asked = Arc::clone(&stop);
        let ended = notes.clone();
        let arrived = Arc::clone(&arrivals);
        let source = thread("source", move || {
            let run = AssertUnwindSafe(|| feed.run(pipeline, &meters, recording, &arrived, &asked));
            // A dead thread must not look like a quiet network.
            let state = catch_unwind(run).unwrap_or_else(|_| SourceState::Failed(PANICKED.into()));
            // The desk is there until this and the engine itself let go of it.
            ended.send(Note::Ended(state)).ok();
        })?;
        let handle = Handle::new(snapshots, stop);
        let handle = handle.with_limits(envoy.limits()).with_cluster(envoy.cluster());
        let handle = handle.with_events(listener.events());
        let handle = match actions {
            Some(actions) => handle.with_actions(actions),
            None => handle,
        };
        let handle = match &policies {
            Some(policies) => handle.with_policies(policies.policies()),
            None => handle,
        };
        let handle = handle.with_scans(match &scans {
            Ok(scans) => scans.scans(),
            Err(why) => Scans::absent(why.clone()),
        });
        Ok(Self { handle, source, desk, notes, outside, envoy, listener, policies, scans })
    }

    /// The door to it.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Asks it to end, and waits until what it found is kept or cannot be.
    pub fn finish(self) -> Result<(), Error> {
        let Self { handle, source, desk, notes, outside, envoy, listener, policies, scans } = self;
        handle.stop();
        if let Ok(scans) = scans {
            scans.finish();
        }
        // They are written to the cluster and to agents for as long as there are any.
        if let Some(policies) = policies {
            policies.finish();
        }
        // Agents are looked for in the cluster for as long as there is one.
        listener.finish();
        envoy.finish();
        // While what was found is brought in, a message that is under way has time to end.
        let outside = outside.map(Outside::stop);
        joined(source);
        drop(notes);
        let kept = joined(desk);
        if let Some(notifier) = outside {
            notifier.finish();
        }
        match kept {
            StoreStatus { failure: Some(why), waiting, .. } => {
                Err(Error::NotKept { incidents: waiting, why })
            }
            StoreStatus { failure: None, .. } => Ok(()),
        }
    }
}

/// Where it is found how scans of images stand, or why there are none.
fn seen_of(scans: &Result<ScanThread, String>) -> watch::Receiver<ScansStatus> {
    match scans {
        Ok(scans) => scans.seen(),
        Err(why) => {
            let absent = Some(why.clone());
            watch::channel(ScansStatus { absent, ..ScansStatus::default() }).1
        }
    }
}

/// Listens to Tetragon; `processes` hears of every event.
fn listener(
    listening: Option<Listening>,
    envoy: &Envoy,
    processes: &Processes,
) -> Result<Listener, Error> {
    let Some(listening) = listening else {
        return Ok(Listener::absent("this engine listens to no agent of Tetragon".into()));
    };
    let processes = processes.clone();
    let observe = Box::new(move |kept: &Arc<KeptEvent>| processes.observe(kept));
    Ok(Listener::start(listening, envoy.cluster(), observe)?)
}

/// Waits for a thread; its panic goes on in the caller.
fn joined<T>(thread: JoinHandle<T>) -> T {
    thread.join().unwrap_or_else(|panic| resume_unwind(panic))
}

fn thread<T: Send + 'static>(
    name: &str,
    run: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, Error> {
    Ok(Builder::new().name(name.into()).spawn(run)?)
}

/// What the database is to know of those who are told.
fn recipients(sinks: &[Sink]) -> Vec<Recipient> {
    let recipient = |sink: &Sink| Recipient {
        sink: sink.name(),
        takes_growth: sink.manner().growth_every.is_some(),
        heeds_mutes: sink.manner().heeds_mutes,
    };
    sinks.iter().map(recipient).collect()
}

/// All who work on the database.
#[derive(Default)]
struct Opened {
    actions: Option<Actions>,
    records: Option<[Actions; 2]>,
    policy_record: Option<Mutex<Actions>>,
    keeper: Option<Keeper>,
    outside: Option<Outside>,
}

impl Opened {
    fn of(
        mut store: Store,
        retention: Retention,
        sinks: Vec<Sink>,
        tray: &Tray,
        notes: &SyncSender<Note>,
    ) -> Result<Self, Error> {
        store.tell(&recipients(&sinks))?;
        let path = store.path().to_owned();
        Ok(Self {
            actions: Some(Actions::open(&path)?),
            records: Some([Actions::open(&path)?, Actions::open(&path)?]),
            policy_record: Some(Mutex::new(Actions::open(&path)?)),
            outside: Some(Outside::start(sinks, &path, tray.clone(), notes.clone())?),
            keeper: Some(Keeper::start(path, Kept { store, retention })?),
        })
    }
}

/// Those who work on the database beside the keeper.
#[derive(Debug)]
struct Outside {
    watcher: Watcher,
    notifier: Notifier,
}

impl Outside {
    /// Starts to tell `sinks` what waits in `database`, and to look for what others write there.
    fn start(
        sinks: Vec<Sink>,
        database: &Path,
        tray: Tray,
        notes: SyncSender<Note>,
    ) -> Result<Self, Error> {
        let (wake, woken) = watch::channel(());
        let words = Arc::<Words>::default();
        let notifier =
            Notifier::start(sinks, database, &woken, &words).map_err(|error| match error {
                notifier::Error::Store(error) => Error::Store(error),
                notifier::Error::Thread(error) => Error::Threads(error),
            })?;
        let listeners = Listeners {
            tray,
            // A desk that is busy looks into the tray by itself.
            tell_desk: Box::new(move || drop(notes.try_send(Note::Seen))),
            wake,
        };
        let watcher = Watcher::start(Reader::open(database)?, words, listeners)?;
        Ok(Self { watcher, notifier })
    }

    /// Lets no new message begin, and looks no more.
    fn stop(self) -> Notifier {
        let Self { watcher, notifier } = self;
        notifier.stop();
        watcher.finish();
        notifier
    }
}
