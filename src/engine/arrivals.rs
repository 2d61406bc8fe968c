//! What asked whom lately: requests, handshakes, answers and resets of the last ten minutes.
//!
//! Each source of packets writes down what it finds and hands it over; whoever reads takes the blocks
//! as they stand and holds nobody up with the rest. Everything is in packet time, bounded by count,
//! and forgotten where the capture's clock jumps back. What bytes mean is told by
//! [`crate::packet::application`]; what is made of arrivals belongs to [`crate::respond`].

mod batch;
mod block;
mod entry;
mod files;
mod recent;
mod recorder;
mod repeats;
mod store;
mod table;

#[cfg(test)]
mod tests;

use std::hash::{BuildHasher, Hash};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use foldhash::fast::RandomState;

pub use files::arrivals_of;
pub use recent::{HostTest, Recent, Wanted};
pub(super) use recorder::ArrivalRecorder;

use self::store::Store;
use super::inference::Pace;
use crate::flow::Clock;

/// How far back arrivals are kept, in µs of packet time.
const WINDOW_US: i64 = 600_000_000;

/// What was kept and what was not, since the beginning.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ArrivalCounts {
    /// Requests, handshakes and HTTP/2 connections.
    pub recorded: u64,
    /// Of these, those without a host: none was sent, none was in the packet, or it was no name.
    pub without_host: u64,
    /// Of these, those whose host was told and not kept: too many hosts.
    pub unnamed: u64,
    /// Requests, handshakes, answers and resets that were seen and not kept: too many at once, or
    /// too many servers.
    pub unrecorded: u64,
}

/// The arrivals of the last ten minutes of packet time, at most 1,048,576, with as many answers and an
/// eighth as many resets: 85 MiB if there ever were so many.
#[derive(Debug)]
pub struct Arrivals {
    /// How late a packet may be before the capture counts as another, in µs.
    tolerance_us: i64,
    store: Mutex<Store>,
    /// Found by recorders that had no room to keep it until it could be handed over.
    unrecorded: AtomicU64,
    /// So that nobody outside knows which connections look alike.
    prints: RandomState,
}

impl Arrivals {
    /// No arrivals yet, of a capture that is another once its clock jumps back by more than
    /// `tolerance_us`.
    #[must_use]
    pub fn new(tolerance_us: i64) -> Arc<Self> {
        Arc::new(Self {
            tolerance_us,
            store: Mutex::default(),
            unrecorded: AtomicU64::default(),
            prints: RandomState::default(),
        })
    }

    /// What one source of packets writes to.
    pub(super) fn recorder(self: &Arc<Self>, pace: Pace) -> ArrivalRecorder {
        ArrivalRecorder::new(Arc::clone(self), pace, Clock::new(self.tolerance_us))
    }

    /// What is there now. Recorders are held up for as long as a few hundred pointers take to copy.
    #[must_use]
    pub fn recent(&self) -> Recent {
        self.locked().recent()
    }

    /// What was kept and what was not.
    #[must_use]
    pub fn counts(&self) -> ArrivalCounts {
        let counts = self.locked().counts();
        let unrecorded = counts.unrecorded + self.unrecorded.load(Ordering::Relaxed);
        ArrivalCounts { unrecorded, ..counts }
    }

    fn locked(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The store, if nobody is at it.
    fn try_locked(&self) -> Option<MutexGuard<'_, Store>> {
        match self.store.try_lock() {
            Ok(store) => Some(store),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    fn print(&self, of: &impl Hash) -> u64 {
        self.prints.hash_one(of)
    }

    fn lose(&self) {
        self.unrecorded.fetch_add(1, Ordering::Relaxed);
    }
}
