//! The ring: what came last, as far as there is room for it.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{After, EventId, Kept, KeptEvent};
use crate::tetragon::Event;

/// Numbers in it have no gaps, so that an event is found by its number at once.
#[derive(Debug)]
pub(super) struct Ring {
    /// Oldest first, with their sizes in bytes.
    events: VecDeque<(Arc<KeptEvent>, u64)>,
    bytes: u64,
    most_bytes: u64,
    most: usize,
    /// The number of the newest.
    newest: u64,
}

impl Ring {
    /// One with room for so many bytes, and so many events.
    pub(super) const fn new(most_bytes: u64, most: usize) -> Self {
        Self { events: VecDeque::new(), bytes: 0, most_bytes, most, newest: 0 }
    }

    /// Puts an event in; there may be too many then.
    pub(super) fn push(&mut self, event: Event, bytes: u64) -> Arc<KeptEvent> {
        self.newest += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        let kept = Arc::new(KeptEvent { id: EventId(self.newest), event });
        self.events.push_back((Arc::clone(&kept), bytes));
        kept
    }

    /// Takes out the oldest for which there is no room.
    pub(super) fn evict(&mut self) -> Vec<Arc<KeptEvent>> {
        let mut gone = Vec::new();
        while self.bytes > self.most_bytes || self.events.len() > self.most {
            let Some((event, bytes)) = self.events.pop_front() else { break };
            self.bytes = self.bytes.saturating_sub(bytes);
            gone.push(event);
        }
        gone
    }

    /// At most so many of those before `before`, newest first.
    pub(super) fn before(&self, before: Option<EventId>, most: usize) -> Vec<Arc<KeptEvent>> {
        let end = before.map_or(self.events.len(), |before| self.place(before));
        let part = self.events.range(end.saturating_sub(most)..end);
        part.rev().map(|(event, _)| Arc::clone(event)).collect()
    }

    /// At most so many of those after `after`, oldest first.
    pub(super) fn after(&self, after: EventId, most: usize) -> After {
        let next = EventId(after.0.saturating_add(1));
        let begin = self.place(next);
        let end = begin.saturating_add(most).min(self.events.len());
        let lost = self.oldest().saturating_sub(next.0);
        let part = self.events.range(begin..end);
        After { lost, events: part.map(|(event, _)| Arc::clone(event)).collect() }
    }

    pub(super) fn kept(&self) -> Kept {
        let events = self.events.len() as u64;
        Kept { events, bytes: self.bytes, evicted: self.newest - events }
    }

    /// The number of the oldest, or the next one where there is none.
    fn oldest(&self) -> u64 {
        self.newest + 1 - self.events.len() as u64
    }

    /// Where the event of this number is, or would be.
    fn place(&self, id: EventId) -> usize {
        let place = usize::try_from(id.0.saturating_sub(self.oldest()));
        place.unwrap_or(usize::MAX).min(self.events.len())
    }
}
