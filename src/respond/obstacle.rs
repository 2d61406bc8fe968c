//! Why nothing is done about an incident.

/// What stands in the way, so that it is said once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Matter {
    /// An Ingress limit does not help against such an attack.
    Class,
    /// What came does not show what kind of attack it is.
    Unclear,
    /// The attackers asked nothing of an Ingress.
    NoRequests,
    /// No Ingress is known that they turn to.
    NoIngress,
    /// It may be one of several.
    Ambiguous,
    /// The controller takes no such limit.
    Controller,
    /// The settings, or a label, keep Weir away.
    KeptAway,
    /// It carries Weir's own API.
    OwnApi,
    /// Somebody else limits it already, or has undone a limit of Weir's.
    Foreign,
    /// How the Ingress stands is not known yet.
    NotRead,
    /// Too many Ingresses are limited already.
    AtOnce,
    /// Many clients share one address.
    SharedAddress,
    /// The attackers are in the allowlist.
    Allowed,
    /// No limit holds the attackers and spares the others.
    NoLimitFits,
}

impl Matter {
    /// Whether it may be gone when more was seen of the attack.
    pub(super) const fn may_pass(self) -> bool {
        matches!(
            self,
            Self::Unclear
                | Self::NoRequests
                | Self::NoIngress
                | Self::Ambiguous
                | Self::NotRead
                | Self::NoLimitFits
        )
    }
}

/// Why nothing is done about an incident.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Obstacle {
    /// What stands in the way.
    pub matter: Matter,
    /// In a sentence or two, with what to do instead.
    pub text: String,
}

impl Obstacle {
    pub(super) fn new(matter: Matter, text: impl Into<String>) -> Self {
        Self { matter, text: text.into() }
    }
}
