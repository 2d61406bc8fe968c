//! What happened to an incident.

use std::sync::Arc;

use super::record::Incident;

/// What happened to an incident, and how it stands since.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// It has become one.
    Opened(Arc<Incident>),
    /// It was over and has come back: the same incident in a new life.
    Reopened(Arc<Incident>),
    /// It has grown, or another is known to be related. What happens within a second is told once.
    /// Of one that is over it is told too, where what followed says more of it.
    Changed(Arc<Incident>),
    /// It is over.
    Resolved(Arc<Incident>),
}

impl Change {
    /// How the incident stands.
    #[must_use]
    pub const fn incident(&self) -> &Arc<Incident> {
        match self {
            Self::Opened(incident)
            | Self::Reopened(incident)
            | Self::Changed(incident)
            | Self::Resolved(incident) => incident,
        }
    }

    /// How the incident stands.
    #[must_use]
    pub fn into_incident(self) -> Arc<Incident> {
        match self {
            Self::Opened(incident)
            | Self::Reopened(incident)
            | Self::Changed(incident)
            | Self::Resolved(incident) => incident,
        }
    }
}
