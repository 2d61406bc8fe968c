//! Listens to Tetragon's agents on two threads of its own: `tetragon` reads what they send, `events`
//! remembers it and says how it is going.
//!
//! Between them is a queue, bounded in number and in bytes. The one that reads never waits: what the
//! queue does not hold is dropped and counted at the agent that it came from.

mod keep;
mod queue;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use jiff::Timestamp;
use tokio::runtime;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use self::keep::Keeping;
use self::queue::Intake;
use super::events::{Events, KeptEvent, Recorder};
use super::snapshot::TetragonStatus;
use crate::cluster::Cluster;
use crate::tetragon::{AgentStatus, EventSink, SOCKET, Wish, follow};

/// How long the sources have to end.
const GRACE: Duration = Duration::from_secs(2);

/// How long sources that broke off by a fault of their own are left alone.
const FAULT: Duration = Duration::from_secs(5);

/// Which agents are listened to, and how much of what they tell is remembered.
#[derive(Debug, Clone)]
pub struct Listening {
    /// Where they are heard. An engine that does not hear what is named here is not ready.
    pub wishes: Vec<Wish>,
    /// Namespaces whose events nobody wants.
    pub denied_namespaces: Vec<String>,
    /// Memory for events, in bytes.
    pub memory_bytes: u64,
    /// Why nobody is listened to, if so.
    pub absent: Option<String>,
}

/// What becomes of each event after it is remembered.
pub(super) type Observe = Box<dyn FnMut(&Arc<KeptEvent>) + Send>;

/// The threads, seen from outside.
#[derive(Debug)]
pub(super) struct Listener {
    stop: CancellationToken,
    /// Cancelled once nothing comes any more.
    over: CancellationToken,
    threads: Option<[JoinHandle<()>; 2]>,
    events: Events,
    seen: watch::Receiver<TetragonStatus>,
    agents: watch::Receiver<Arc<Vec<AgentStatus>>>,
}

impl Listener {
    /// Starts to listen. What stays in memory of an event is handed to `observe`.
    pub(super) fn start(
        listening: Listening,
        cluster: Option<Cluster>,
        observe: Observe,
    ) -> io::Result<Self> {
        let Listening { wishes, denied_namespaces, memory_bytes, absent } = listening;
        if let Some(why) = absent {
            return Ok(Self::absent(why));
        }
        let (recorder, events) = Recorder::new(now(), memory_bytes);
        let (intake, waiting, agents) = Intake::new(denied_namespaces);
        let needed: Vec<_> = wishes.iter().filter(|wish| **wish != Wish::Auto).cloned().collect();
        // Whoever was named is listened to from the first moment.
        let absent = needed.is_empty().then(silent);
        let status = TetragonStatus { absent, needed, ..TetragonStatus::default() };
        let (shown, seen) = watch::channel(status);
        let (stop, over) = (CancellationToken::new(), CancellationToken::new());
        let keeping = Keeping {
            recorder,
            events: events.clone(),
            agents: agents.clone(),
            observe,
            silent: silent(),
            shown,
            over: over.clone(),
        };
        let keeping = Builder::new().name("events".into()).spawn(move || keeping.run(&waiting))?;
        let tasks = runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(8)
            .thread_name("tetragon")
            .build()?;
        let asked = stop.clone();
        let reading = Builder::new().name("tetragon".into()).spawn(move || {
            tasks.block_on(listen(wishes, cluster, Arc::new(intake), asked));
            // A disk that hangs does not hold up the end.
            tasks.shutdown_background();
        })?;
        Ok(Self { stop, over, threads: Some([reading, keeping]), events, seen, agents })
    }

    /// Listens to nobody, for the reason `why`.
    pub(super) fn absent(why: String) -> Self {
        let status = TetragonStatus { absent: Some(why), ..TetragonStatus::default() };
        Self {
            stop: CancellationToken::new(),
            over: CancellationToken::new(),
            threads: None,
            events: Events::default(),
            seen: watch::channel(status).1,
            agents: watch::channel(Arc::default()).1,
        }
    }

    /// The door to events.
    pub(super) fn events(&self) -> Events {
        self.events.clone()
    }

    /// Where the newest of what there is to show is found.
    pub(super) fn seen(&self) -> watch::Receiver<TetragonStatus> {
        self.seen.clone()
    }

    /// Where it is found which agents there are.
    pub(super) fn agents(&self) -> watch::Receiver<Arc<Vec<AgentStatus>>> {
        self.agents.clone()
    }

    /// Ends both threads, the second once it has remembered all that the first had read.
    pub(super) fn finish(self) {
        self.stop.cancel();
        let Some([reading, keeping]) = self.threads else { return };
        joined(reading);
        self.over.cancel();
        joined(keeping);
    }
}

/// Waits for a thread; its panic goes on in the caller.
fn joined(thread: JoinHandle<()>) {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}

/// Follows all sources until asked to stop; where that breaks off, it is begun again.
async fn listen(
    wishes: Vec<Wish>,
    cluster: Option<Cluster>,
    intake: Arc<Intake>,
    stop: CancellationToken,
) {
    while !stop.is_cancelled() {
        let sink = Arc::clone(&intake) as Arc<dyn EventSink>;
        let mut following =
            tokio::spawn(follow(wishes.clone(), cluster.clone(), sink, stop.clone()));
        let ended = tokio::select! {
            ended = &mut following => ended,
            () = stop.cancelled() => match timeout(GRACE, following).await {
                Ok(ended) => ended,
                Err(_) => return warn!("sources of events did not end in time"),
            },
        };
        if ended.is_ok() {
            return;
        }
        error!("what listens to Tetragon broke off by a fault of its own and is started again");
        tokio::select! {
            () = stop.cancelled() => {}
            () = sleep(FAULT) => {}
        }
    }
}

/// What there is to say while no agent is known: one that was named always is.
fn silent() -> String {
    format!(
        "no agent of Tetragon is known: there is no socket {SOCKET} here; where one is heard \
         elsewhere, name it with `--tetragon`"
    )
}

/// The wall clock in µs since the epoch: no two runs on one machine begin in the same.
fn now() -> u64 {
    Timestamp::now().as_microsecond().unsigned_abs()
}
