//! The events that are remembered, and the door to them.
//!
//! They lie in a ring in memory, bounded in bytes and in number: the oldest go first. Whoever reads
//! takes a few at a time and holds the lock only while pointers are copied, so that however many read,
//! and however slowly, what comes in does not wait. Who misses something that way is told how much.

mod ring;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::vec;

use tokio::sync::watch;

use self::ring::Ring;
use crate::tetragon::Event;

/// Events that are remembered at most, however small they are.
const MOST: usize = 1_000_000;

/// Events that are taken out at once.
const AT_ONCE: usize = 256;

/// An event's number in the order of arrival, from 1, in this run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(pub u64);

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An event that is remembered.
#[derive(Debug, Clone)]
pub struct KeptEvent {
    /// Its number.
    pub id: EventId,
    /// What happened.
    pub event: Event,
}

/// In one run a number is given once.
impl PartialEq for KeptEvent {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for KeptEvent {}

/// What came after an event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct After {
    /// Events after it that are not remembered any more.
    pub lost: u64,
    /// The first of those that are, oldest first.
    pub events: Vec<Arc<KeptEvent>>,
}

/// How much is remembered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Kept {
    /// Events.
    pub(super) events: u64,
    /// Their size in bytes.
    pub(super) bytes: u64,
    /// Events that were, and are not any more.
    pub(super) evicted: u64,
}

/// The door to what is remembered. Cheap to clone; it cannot hold events up.
#[derive(Debug, Clone)]
pub struct Events {
    run: u64,
    ring: Arc<Mutex<Ring>>,
    newest: watch::Receiver<EventId>,
}

impl Default for Events {
    /// Nothing comes.
    fn default() -> Self {
        Recorder::new(0, 0).1
    }
}

impl Events {
    /// What tells this run from others: numbers of events begin anew in each.
    #[must_use]
    pub const fn run(&self) -> u64 {
        self.run
    }

    /// Those that are remembered, newest first, from before `before` if it says.
    pub fn before(&self, before: Option<EventId>) -> impl Iterator<Item = Arc<KeptEvent>> + use<> {
        Backwards { ring: Arc::clone(&self.ring), before, taken: Vec::new().into_iter() }
    }

    /// Those after `id`, oldest first, a few at a time.
    #[must_use]
    pub fn after(&self, id: EventId) -> After {
        locked(&self.ring).after(id, AT_ONCE)
    }

    /// Tells whenever there is a newer one, until none will come any more.
    #[must_use]
    pub fn newest(&self) -> watch::Receiver<EventId> {
        self.newest.clone()
    }

    pub(super) fn kept(&self) -> Kept {
        locked(&self.ring).kept()
    }
}

/// Goes through the ring from the newest to the oldest.
struct Backwards {
    ring: Arc<Mutex<Ring>>,
    before: Option<EventId>,
    taken: vec::IntoIter<Arc<KeptEvent>>,
}

impl Iterator for Backwards {
    type Item = Arc<KeptEvent>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.taken.as_slice().is_empty() {
            self.taken = locked(&self.ring).before(self.before, AT_ONCE).into_iter();
        }
        let next = self.taken.next()?;
        self.before = Some(next.id);
        Some(next)
    }
}

/// The one who remembers.
#[derive(Debug)]
pub(crate) struct Recorder {
    ring: Arc<Mutex<Ring>>,
    /// Nothing comes any more once it is dropped.
    newest: watch::Sender<EventId>,
}

impl Recorder {
    /// One who remembers at most so many bytes, and the door to it; `run` is of no other run.
    pub(crate) fn new(run: u64, most_bytes: u64) -> (Self, Events) {
        let ring = Arc::new(Mutex::new(Ring::new(most_bytes, MOST)));
        let (newest, seen) = watch::channel(EventId::default());
        (Self { ring: Arc::clone(&ring), newest }, Events { run, ring, newest: seen })
    }

    /// Remembers events with their sizes in bytes, and gives them with their numbers.
    pub(crate) fn record(&self, events: Vec<(Event, u64)>) -> Vec<Arc<KeptEvent>> {
        let mut ring = locked(&self.ring);
        let kept: Vec<_> =
            events.into_iter().map(|(event, bytes)| ring.push(event, bytes)).collect();
        let gone = ring.evict();
        drop(ring);
        // To take an event apart takes longer than to copy a pointer: nobody waits for it.
        drop(gone);
        if let Some(newest) = kept.last() {
            self.newest.send_replace(newest.id);
        }
        kept
    }
}

/// A ring is whole between any two of its steps.
fn locked(ring: &Mutex<Ring>) -> MutexGuard<'_, Ring> {
    ring.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
