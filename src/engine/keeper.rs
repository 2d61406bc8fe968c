//! Brings incidents to the database, on a thread of its own.
//!
//! Whoever hands one over never waits. While the database fails or hangs, incidents wait in memory
//! and are tried again: of each only its newest state, so that what waits is bounded by their number.

use std::collections::{BTreeMap, HashSet};
use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use foldhash::fast::RandomState;
use tracing::{error, info};

use super::snapshot::StoreStatus;
use crate::incident::{Incident, IncidentId, Status};

/// How long a failed write waits before it is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// What is said of a database to which nobody writes any more.
const GONE: &str = "the thread that writes broke off by a fault of its own";

/// The newest state of each incident that waits to be written.
type Waiting = BTreeMap<IncidentId, Arc<Incident>>;

/// The thread that writes, seen from outside.
#[derive(Debug)]
pub(super) struct Keeper {
    handed_over: Arc<Mutex<Waiting>>,
    /// Rings where something was handed over; without it the thread ends.
    bell: SyncSender<()>,
    status: Arc<Mutex<StoreStatus>>,
    thread: JoinHandle<()>,
}

impl Keeper {
    /// Starts a thread that gives incidents to `apply`, which writes all of them or none.
    pub(super) fn start<E: Error>(
        path: PathBuf,
        apply: impl FnMut(&[Arc<Incident>]) -> Result<(), E> + Send + 'static,
    ) -> io::Result<Self> {
        let (bell, rings) = sync_channel(1);
        let status =
            Arc::new(Mutex::new(StoreStatus { path: Some(path), ..StoreStatus::default() }));
        let handed_over = Arc::<Mutex<Waiting>>::default();
        let writer = Writer {
            apply,
            handed_over: Arc::clone(&handed_over),
            waiting: Waiting::new(),
            accepted: HashSet::default(),
            status: Arc::clone(&status),
        };
        let thread = Builder::new().name("store".into()).spawn(move || writer.run(&rings))?;
        Ok(Self { handed_over, bell, status, thread })
    }

    /// Hands incidents over in their newest state; they are written as soon as possible.
    pub(super) fn keep(&self, incidents: Vec<Arc<Incident>>) {
        let mut handed_over = self.handed_over.lock().unwrap_or_else(PoisonError::into_inner);
        handed_over.extend(incidents.into_iter().map(|incident| (incident.id, incident)));
        // It rings already, or the thread is gone and the status says so.
        self.bell.try_send(()).ok();
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

struct Writer<A> {
    apply: A,
    handed_over: Arc<Mutex<Waiting>>,
    waiting: Waiting,
    /// Those that were written before: of each it is said once.
    accepted: HashSet<IncidentId, RandomState>,
    status: Arc<Mutex<StoreStatus>>,
}

impl<A, E> Writer<A>
where
    A: FnMut(&[Arc<Incident>]) -> Result<(), E>,
    E: Error,
{
    /// Until nobody hands over any more.
    fn run(mut self, rings: &Receiver<()>) {
        loop {
            let ring = if self.waiting.is_empty() {
                rings.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                rings.recv_timeout(RETRY)
            };
            let mut handed_over = self.handed_over.lock().unwrap_or_else(PoisonError::into_inner);
            self.waiting.append(&mut handed_over);
            drop(handed_over);
            self.write();
            if ring == Err(RecvTimeoutError::Disconnected) {
                return;
            }
        }
    }

    fn write(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let incidents: Vec<_> = self.waiting.values().map(Arc::clone).collect();
        let failure = match (self.apply)(&incidents) {
            Ok(()) => {
                self.waiting.clear();
                for incident in incidents {
                    if self.accepted.insert(incident.id) {
                        info!(id = %incident.id, class = %incident.class, "incident accepted");
                    }
                    if incident.status == Status::Resolved {
                        self.accepted.remove(&incident.id);
                    }
                }
                None
            }
            Err(error) => Some(with_causes(&error)),
        };
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(failure) = &failure
            && status.failure.is_none()
        {
            error!(failure, waiting = self.waiting.len(), "incidents wait to be written");
        }
        status.failure = failure;
        status.waiting = self.waiting.len() as u64;
    }
}

/// An error and what caused it, in one line.
pub(super) fn with_causes(error: &dyn Error) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::detect::{Class, Score};
    use crate::incident::{Hosts, Severity};
    use crate::packet::Address;

    pub(in crate::engine) fn incident(id: u64, flows: u64) -> Arc<Incident> {
        Arc::new(Incident {
            id: IncidentId(id),
            class: Class::Scan,
            severity: Severity::Low,
            status: Status::Open,
            score: Score::ONE,
            pivot: Address::v4([10, 0, 0, 1]),
            sources: Hosts::default(),
            targets: Hosts::default(),
            target_port: None,
            flows,
            packets: 0,
            bytes: 0,
            first_us: 0,
            last_us: 0,
            detected_us: 0,
            resolved_us: None,
            reopened: 0,
            acknowledged: None,
            resolved_by: None,
            muted_by: None,
            related: Vec::new(),
            why: Vec::new(),
            flow_ids: Vec::new(),
        })
    }

    /// Flows by incident, as written.
    type Rows = Arc<Mutex<BTreeMap<u64, u64>>>;

    /// A database that fails so many times before it takes anything.
    fn database(failures: u64) -> (Rows, impl FnMut(&[Arc<Incident>]) -> io::Result<()> + Send) {
        let rows = Rows::default();
        let (kept, left) = (Arc::clone(&rows), AtomicU64::new(failures));
        let apply = move |incidents: &[Arc<Incident>]| {
            if left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_ok()
            {
                return Err(io::ErrorKind::StorageFull.into());
            }
            let mut rows = kept.lock().unwrap();
            rows.extend(incidents.iter().map(|one| (one.id.0, one.flows)));
            Ok(())
        };
        (rows, apply)
    }

    #[test]
    fn what_a_full_disk_refused_is_written_when_there_is_room() {
        let (rows, apply) = database(1);
        let keeper = Keeper::start("x.db".into(), apply).unwrap();
        keeper.keep(vec![incident(1, 3)]);
        while keeper.status().failure.is_none() {
            std::thread::yield_now();
        }
        assert!(rows.lock().unwrap().is_empty());
        keeper.keep(vec![incident(1, 4), incident(2, 3)]);
        let status = keeper.finish();
        assert_eq!((status.failure, status.waiting), (None, 0));
        assert_eq!(*rows.lock().unwrap(), BTreeMap::from([(1, 4), (2, 3)]));
    }

    #[test]
    fn what_cannot_be_written_to_the_end_is_counted() {
        let (_, apply) = database(u64::MAX);
        let keeper = Keeper::start("x.db".into(), apply).unwrap();
        keeper.keep(vec![incident(1, 3), incident(1, 4), incident(2, 3)]);
        let status = keeper.finish();
        assert!(status.failure.is_some());
        assert_eq!(status.waiting, 2);
    }

    #[test]
    fn of_an_incident_only_the_newest_state_waits_for_a_database_that_hangs() {
        let (let_go, hang) = std::sync::mpsc::channel::<()>();
        let (rows, mut apply) = database(0);
        let written = Arc::<AtomicU64>::default();
        let count = Arc::clone(&written);
        let apply = move |incidents: &[Arc<Incident>]| {
            hang.recv().ok();
            count.fetch_add(incidents.len() as u64, Ordering::Relaxed);
            apply(incidents)
        };
        let keeper = Keeper::start("x.db".into(), apply).unwrap();
        (1..=1_000).for_each(|flows| keeper.keep(vec![incident(1, flows)]));
        drop(let_go);
        assert_eq!(keeper.finish().waiting, 0);
        assert_eq!(*rows.lock().unwrap(), BTreeMap::from([(1, 1_000)]));
        assert!(written.load(Ordering::Relaxed) <= 2);
    }

    #[test]
    fn a_thread_that_is_gone_is_a_failure_of_the_database() {
        let apply = |_: &[Arc<Incident>]| -> io::Result<()> { panic!("it breaks off") };
        let keeper = Keeper::start("x.db".into(), apply).unwrap();
        keeper.keep(vec![incident(1, 3)]);
        while keeper.status().failure.is_none() {
            std::thread::yield_now();
        }
    }
}
