//! The queue between those who read events and the one who remembers them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use tokio::sync::watch;

use crate::tetragon::{AgentStatus, Event, EventSink};

/// Events that may wait: two thirds of a second at 25,000 a second.
pub(super) const WAITING: usize = 16_384;

/// Bytes of them that may; the largest event has a fraction of that.
pub(super) const WAITING_BYTES: u64 = 32 << 20;

/// Events that are taken out at once.
const BATCH: usize = 256;

/// Where events go in.
#[derive(Debug)]
pub(super) struct Intake {
    queue: SyncSender<(Event, u64)>,
    waiting_bytes: Arc<AtomicU64>,
    agents: watch::Sender<Arc<Vec<AgentStatus>>>,
    denied_namespaces: Vec<String>,
}

/// Where they come out.
#[derive(Debug)]
pub(super) struct Waiting {
    queue: Receiver<(Event, u64)>,
    waiting_bytes: Arc<AtomicU64>,
}

impl Intake {
    /// An empty queue, where nothing of `denied_namespaces` is to go in, and where it is found how the
    /// agents stand.
    pub(super) fn new(
        denied_namespaces: Vec<String>,
    ) -> (Self, Waiting, watch::Receiver<Arc<Vec<AgentStatus>>>) {
        let (queue, out) = sync_channel(WAITING);
        let waiting_bytes = Arc::<AtomicU64>::default();
        let (agents, known) = watch::channel(Arc::default());
        let waiting = Waiting { queue: out, waiting_bytes: Arc::clone(&waiting_bytes) };
        (Self { queue, waiting_bytes, agents, denied_namespaces }, waiting, known)
    }
}

impl EventSink for Intake {
    fn denied_namespaces(&self) -> &[String] {
        &self.denied_namespaces
    }

    fn take(&self, event: Event) -> bool {
        let bytes = event.size_bytes() as u64;
        let before = self.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
        let has_room = before.saturating_add(bytes) <= WAITING_BYTES;
        let is_taken = has_room && self.queue.try_send((event, bytes)).is_ok();
        if !is_taken {
            self.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
        }
        is_taken
    }

    fn agents(&self, agents: Vec<AgentStatus>) {
        self.agents.send_replace(Arc::new(agents));
    }
}

impl Waiting {
    /// The next few events with their sizes in bytes; none if none came within `patience`.
    pub(super) fn next(&self, patience: Duration) -> Result<Vec<(Event, u64)>, Over> {
        let first = match self.queue.recv_timeout(patience) {
            Ok(first) => first,
            Err(RecvTimeoutError::Timeout) => return Ok(Vec::new()),
            Err(RecvTimeoutError::Disconnected) => return Err(Over),
        };
        let more = self.queue.try_iter().take(BATCH - 1);
        let events: Vec<_> = [first].into_iter().chain(more).collect();
        let bytes = events.iter().map(|(_, bytes)| bytes).sum();
        self.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
        Ok(events)
    }
}

/// Nothing waits, and nothing will come.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Over;
