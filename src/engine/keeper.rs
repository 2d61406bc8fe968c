//! Brings incidents to the database, on a thread of its own.
//!
//! Whoever hands one over never waits. While the database fails or hangs, incidents wait in memory
//! and are tried again: of each only its newest state, so that what waits is bounded by their number.
//! Spans of flows wait with them, so many and no more. While nothing waits, what is too old is removed.

mod waiting;

use std::collections::HashSet;
use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use foldhash::fast::RandomState;
use tokio::time::Instant;
use tracing::{error, info, warn};

use self::waiting::Waiting;
use super::snapshot::StoreStatus;
use crate::incident::{FlowSpan, Incident, IncidentId, Status};
use crate::store::{self, Changes, Pruned, Retention, Store, Witness};

/// How long a failed write waits before it is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// How often it is looked for what is too old.
const PRUNE_EVERY: Duration = Duration::from_mins(1);

/// How soon again where something was.
const PRUNE_ON: Duration = Duration::from_secs(1);

/// What is said of a database to which nobody writes any more.
const GONE: &str = "the thread that writes broke off by a fault of its own";

/// A database as the keeper uses it. Every call may wait for the disk.
pub(super) trait Database: Send + 'static {
    /// Why it did not do it.
    type Error: Error;

    /// Writes all of `changes` or none of it.
    fn apply(&mut self, changes: &Changes<'_>) -> Result<(), Self::Error>;

    /// Removes a part of what is too old.
    fn prune(&mut self) -> Result<Pruned, Self::Error>;
}

/// The engine's own, and for how long it keeps what.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) store: Store,
    pub(super) retention: Retention,
}

impl Database for Kept {
    type Error = store::Error;

    fn apply(&mut self, changes: &Changes<'_>) -> Result<(), Self::Error> {
        self.store.apply(changes)
    }

    fn prune(&mut self) -> Result<Pruned, Self::Error> {
        self.store.prune(&self.retention)
    }
}

/// The thread that writes, seen from outside.
#[derive(Debug)]
pub(super) struct Keeper {
    handed_over: Arc<Mutex<Waiting>>,
    /// Rings where an incident was handed over; without it the thread ends.
    bell: SyncSender<()>,
    status: Arc<Mutex<StoreStatus>>,
    thread: JoinHandle<()>,
}

impl Keeper {
    /// Starts a thread that writes to `database`, which is at `path`.
    pub(super) fn start(path: PathBuf, database: impl Database) -> io::Result<Self> {
        let (bell, rings) = sync_channel(1);
        let status =
            Arc::new(Mutex::new(StoreStatus { path: Some(path), ..StoreStatus::default() }));
        let handed_over = Arc::<Mutex<Waiting>>::default();
        let writer = Writer {
            database,
            handed_over: Arc::clone(&handed_over),
            waiting: Waiting::default(),
            accepted: HashSet::default(),
            prune_at: Instant::now() + PRUNE_EVERY,
            status: Arc::clone(&status),
        };
        let thread = Builder::new().name("store".into()).spawn(move || writer.run(&rings))?;
        Ok(Self { handed_over, bell, status, thread })
    }

    /// Hands incidents over in their newest state, and flows of them; they are written as soon as
    /// possible, flows alone with the next incident.
    pub(super) fn keep(&self, incidents: Vec<Arc<Incident>>, spans: Vec<(IncidentId, FlowSpan)>) {
        self.keep_with(incidents, spans, Vec::new());
    }

    /// The same, with events that touch incidents, which are written with them.
    pub(super) fn keep_with(
        &self,
        incidents: Vec<Arc<Incident>>,
        spans: Vec<(IncidentId, FlowSpan)>,
        events: Vec<Witness>,
    ) {
        let is_urgent = !incidents.is_empty();
        let mut handed_over = self.handed_over.lock().unwrap_or_else(PoisonError::into_inner);
        handed_over.add(incidents, spans);
        handed_over.add_events(events);
        if is_urgent {
            // It rings already, or the thread is gone and the status says so.
            self.bell.try_send(()).ok();
        }
    }

    /// How the database is doing.
    pub(super) fn status(&self) -> StoreStatus {
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if self.thread.is_finished() {
            status.failure = Some(GONE.into());
        }
        status
    }

    /// Waits until everything is written, or cannot be, and says how the database was left.
    pub(super) fn finish(self) -> StoreStatus {
        let Self { bell, thread, status, .. } = self;
        drop(bell);
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

struct Writer<D> {
    database: D,
    handed_over: Arc<Mutex<Waiting>>,
    waiting: Waiting,
    /// Those that were written before: of each it is said once.
    accepted: HashSet<IncidentId, RandomState>,
    prune_at: Instant,
    status: Arc<Mutex<StoreStatus>>,
}

impl<D: Database> Writer<D> {
    /// Until nobody hands over any more.
    fn run(mut self, rings: &Receiver<()>) {
        loop {
            let ring = rings.recv_timeout(if self.waiting.is_empty() {
                self.prune_at.saturating_duration_since(Instant::now())
            } else {
                RETRY
            });
            let mut handed_over = self.handed_over.lock().unwrap_or_else(PoisonError::into_inner);
            self.waiting.append(&mut handed_over);
            drop(handed_over);
            self.write();
            if ring == Err(RecvTimeoutError::Disconnected) {
                return;
            }
            if self.waiting.is_empty() && self.prune_at <= Instant::now() {
                self.prune();
            }
        }
    }

    fn write(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let (incidents, spans) = self.waiting.all();
        let events = self.waiting.events();
        let changes = Changes { incidents: &incidents, spans: &spans, events: &events };
        let failure = match self.database.apply(&changes) {
            Ok(()) => {
                let lost_spans = self.waiting.clear();
                if lost_spans > 0 {
                    warn!(lost_spans, "packets of some flows will not be found as evidence");
                }
                self.accept(&incidents);
                None
            }
            Err(error) => Some(with_causes(&error)),
        };
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = self.waiting.incidents() as u64;
        if let Some(failure) = &failure
            && status.failure.is_none()
        {
            error!(failure, waiting, "incidents wait to be written");
        }
        status.failure = failure;
        status.waiting = waiting;
    }

    /// Says of incidents that were written for the first time that they were.
    fn accept(&mut self, incidents: &[Arc<Incident>]) {
        for incident in incidents {
            if self.accepted.insert(incident.id) {
                info!(id = %incident.id, class = %incident.class, "incident accepted");
            }
            if incident.status == Status::Resolved {
                self.accepted.remove(&incident.id);
            }
        }
    }

    fn prune(&mut self) {
        let next = match self.database.prune() {
            Ok(Pruned { incidents: 0, entries: 0 }) => PRUNE_EVERY,
            Ok(Pruned { incidents, entries }) => {
                info!(incidents, entries, "what was kept for long enough is removed");
                PRUNE_ON
            }
            Err(error) => {
                warn!(error = with_causes(&error), "what is too old is not removed");
                PRUNE_EVERY
            }
        };
        self.prune_at = Instant::now() + next;
    }
}

/// An error and what caused it, in one line.
pub(super) fn with_causes(error: &dyn Error) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests;
