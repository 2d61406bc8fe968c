//! Brings changes of incidents to the database, on a thread of its own.
//!
//! Whoever hands a change over never waits. While the database fails, changes wait in memory and
//! are tried again: of one incident only its beginning, its newest state and its end, so that what
//! waits is bounded by the number of incidents.

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use tracing::{error, info};

use super::snapshot::StoreStatus;
use crate::incident::Change;

/// How long a failed write waits before it is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// The thread that writes, seen from outside.
#[derive(Debug)]
pub(super) struct Keeper {
    changes: Sender<Vec<Change>>,
    status: Arc<Mutex<StoreStatus>>,
    thread: JoinHandle<u64>,
}

impl Keeper {
    /// Starts a thread that gives changes to `apply`, which writes all of them or none.
    pub(super) fn start<E: Error>(
        path: PathBuf,
        apply: impl FnMut(&[Change]) -> Result<(), E> + Send + 'static,
    ) -> io::Result<Self> {
        let (changes, received) = channel();
        let status = Arc::new(Mutex::new(StoreStatus { path: Some(path), ..StoreStatus::default() }));
        let writer = Writer { apply, waiting: Vec::new(), status: Arc::clone(&status) };
        let thread = Builder::new().name("store".into()).spawn(move || writer.run(&received))?;
        Ok(Self { changes, status, thread })
    }

    /// Hands changes over; they are written as soon as possible.
    pub(super) fn keep(&self, changes: Vec<Change>) {
        // The thread lives as long as this does.
        self.changes.send(changes).ok();
    }

    /// How the database is doing.
    pub(super) fn status(&self) -> StoreStatus {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until everything is written, or cannot be; how many changes were not.
    pub(super) fn finish(self) -> u64 {
        let Self { changes, thread, .. } = self;
        drop(changes);
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

struct Writer<A> {
    apply: A,
    waiting: Vec<Change>,
    status: Arc<Mutex<StoreStatus>>,
}

impl<A, E> Writer<A>
where
    A: FnMut(&[Change]) -> Result<(), E>,
    E: Error,
{
    /// Until nobody has changes any more; how many could not be written.
    fn run(mut self, received: &Receiver<Vec<Change>>) -> u64 {
        loop {
            let next = if self.waiting.is_empty() {
                received.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                received.recv_timeout(RETRY)
            };
            match next {
                Ok(changes) => changes.into_iter().for_each(|change| self.take(change)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    self.write();
                    return self.waiting.len() as u64;
                }
            }
            while let Ok(changes) = received.try_recv() {
                changes.into_iter().for_each(|change| self.take(change));
            }
            self.write();
        }
    }

    /// Puts a change behind those that wait, in place of an older state of the same incident.
    fn take(&mut self, change: Change) {
        let id = change.incident().id;
        self.waiting.retain(|old| !(matches!(old, Change::Changed(_)) && old.incident().id == id));
        self.waiting.push(change);
    }

    fn write(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let failure = match (self.apply)(&self.waiting) {
            Ok(()) => {
                for change in self.waiting.drain(..) {
                    let incident = change.incident();
                    info!(id = %incident.id, class = %incident.class, "incident accepted");
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
