//! What people do about incidents through a running engine.

use crate::incident::{Feedback, Incident, IncidentId, MuteId};
use crate::store::{self, Mute, NewMute, Which};

/// What somebody wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Take an incident on.
    Acknowledge(IncidentId),
    /// Say that it is over.
    Resolve(IncidentId),
    /// Say of one whether it was an attack.
    Feedback(IncidentId, Feedback),
    /// Keep incidents from the sinks.
    Mute(NewMute),
    /// End a mute.
    Unmute(MuteId),
    /// Try parked entries of the outbox again.
    Retry(Which),
}

/// What was done.
#[derive(Debug, Clone, PartialEq)]
pub enum Done {
    /// The incident as it is since.
    Incident(Box<Incident>),
    /// The mute as it is since.
    Mute(Mute),
    /// So many entries are tried again.
    Retried(u64),
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// Nothing is kept, so that nothing can be changed.
    #[error("act on incidents: this engine has no database")]
    NoStore,
    /// The database refused.
    #[error(transparent)]
    Store(#[from] store::Error),
}
