//! The events that are remembered, and the door to them.

use std::sync::Arc;

use tokio::sync::watch;

use crate::tetragon::Event;

/// An event's number in the order of arrival, from 1, in this run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(pub u64);

/// An event that is remembered.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptEvent {
    /// Its number.
    pub id: EventId,
    /// What happened.
    pub event: Event,
}

/// The door to what is remembered. Cheap to clone; it cannot hold events up.
#[derive(Debug, Clone)]
pub struct Events {
    newest: watch::Receiver<EventId>,
}

impl Default for Events {
    /// Nothing comes.
    fn default() -> Self {
        Self { newest: watch::channel(EventId::default()).1 }
    }
}

impl Events {
    /// Those that are remembered, newest first, from before `before` if it says.
    pub fn before(&self, _before: Option<EventId>) -> impl Iterator<Item = Arc<KeptEvent>> {
        std::iter::empty()
    }

    /// Tells whenever there is a newer one.
    #[must_use]
    pub fn newest(&self) -> watch::Receiver<EventId> {
        self.newest.clone()
    }
}
