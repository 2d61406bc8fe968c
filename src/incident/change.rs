//! What happened to an incident.

use std::sync::Arc;

use super::record::Incident;

/// What happened to an incident, and how it stands since.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// It has become one.
    Opened(Arc<Incident>),
    /// It has grown. What happens within a second is told once.
    Changed(Arc<Incident>),
    /// It is over.
    Resolved(Arc<Incident>),
}

impl Change {
    /// How the incident stands.
    #[must_use]
    pub const fn incident(&self) -> &Arc<Incident> {
        match self {
            Self::Opened(incident) | Self::Changed(incident) | Self::Resolved(incident) => incident,
        }
    }

    /// How the incident stands.
    #[must_use]
    pub fn into_incident(self) -> Arc<Incident> {
        match self {
            Self::Opened(incident) | Self::Changed(incident) | Self::Resolved(incident) => incident,
        }
    }
}
