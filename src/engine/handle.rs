//! The door to a running engine: its newest snapshot, and the wish that it end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;

use super::snapshot::Snapshot;

/// What a face holds of a running engine. Cheap to clone; it cannot hold the engine up.
#[derive(Debug, Clone)]
pub struct Handle {
    snapshots: watch::Receiver<Arc<Snapshot>>,
    stop: Arc<AtomicBool>,
}

impl Handle {
    /// A door through which `snapshots` are seen and `stop` is set.
    #[must_use]
    pub const fn new(snapshots: watch::Receiver<Arc<Snapshot>>, stop: Arc<AtomicBool>) -> Self {
        Self { snapshots, stop }
    }

    /// The newest snapshot.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshots.borrow())
    }

    /// Waits for a newer snapshot than the last one seen through this handle; none once the engine
    /// has ended.
    pub async fn changed(&mut self) -> Option<Arc<Snapshot>> {
        self.snapshots.changed().await.ok()?;
        Some(Arc::clone(&self.snapshots.borrow_and_update()))
    }

    /// Asks the engine to end in order.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
