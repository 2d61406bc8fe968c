//! What the engine was like a little while ago: what was lost since then is lost now.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::interval;

use super::locked;
use crate::engine::{Handle, Snapshot};

/// How often a snapshot is put aside.
const EVERY: Duration = Duration::from_secs(5);

/// How many are: the oldest is from 10 to 15 s ago.
const KEPT: usize = 3;

/// Snapshots of the last seconds.
#[derive(Debug)]
pub(super) struct Past {
    snapshots: Mutex<VecDeque<Arc<Snapshot>>>,
    has_ended: AtomicBool,
}

impl Past {
    /// A past that begins with `snapshot`.
    pub(super) fn since(snapshot: Arc<Snapshot>) -> Self {
        Self { snapshots: Mutex::new([snapshot].into()), has_ended: AtomicBool::new(false) }
    }

    /// Puts snapshots aside for as long as the engine runs.
    pub(super) async fn keep(&self, mut handle: Handle) {
        let mut ticks = interval(EVERY);
        loop {
            tokio::select! {
                _ = ticks.tick() => self.put(handle.snapshot()),
                changed = handle.changed() => if changed.is_none() { break },
            }
        }
        self.has_ended.store(true, Ordering::Relaxed);
    }

    /// The oldest snapshot kept.
    pub(super) fn oldest(&self) -> Option<Arc<Snapshot>> {
        locked(&self.snapshots).front().cloned()
    }

    /// Whether the engine has ended, so that its newest snapshot is its last.
    pub(super) fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::Relaxed)
    }

    fn put(&self, snapshot: Arc<Snapshot>) {
        let mut snapshots = locked(&self.snapshots);
        if snapshots.len() == KEPT {
            snapshots.pop_front();
        }
        snapshots.push_back(snapshot);
    }
}
