//! What was decided about an incident, and what came of it.

use super::IngressName;
use crate::detect::Class;
use crate::incident::IncidentId;

/// What came of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DecisionKind {
    /// A limit was set.
    Applied,
    /// The API server checked a limit, and nothing was set.
    Checked,
    /// A limit would help, and is left to people.
    Recommended,
    /// A limit would not help, cannot be chosen, or a guard holds it back.
    Refused,
    /// A limit that hurt more than it helped allows more.
    Loosened,
    /// A limit was lifted before its time: the attack is over.
    Lifted,
    /// The time of a limit was over.
    Expired,
    /// Somebody else changed or removed a limit; it is left so.
    Overridden,
    /// The API server did not do it.
    Failed,
}

impl DecisionKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Applied,
        Self::Checked,
        Self::Recommended,
        Self::Refused,
        Self::Loosened,
        Self::Lifted,
        Self::Expired,
        Self::Overridden,
        Self::Failed,
    ];

    /// Its name everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Checked => "checked",
            Self::Recommended => "recommended",
            Self::Refused => "refused",
            Self::Loosened => "loosened",
            Self::Lifted => "lifted",
            Self::Expired => "expired",
            Self::Overridden => "overridden",
            Self::Failed => "failed",
        }
    }
}

/// What was decided about an incident or a limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// When by packet time, in µs since the epoch.
    pub at_us: i64,
    /// What it answers; none for what people asked for.
    pub incident: Option<IncidentId>,
    /// The class of the incident.
    pub class: Option<Class>,
    /// Where; none where no Ingress was found.
    pub ingress: Option<IngressName>,
    /// What came of it.
    pub kind: DecisionKind,
    /// Why, and what to do about it, in a sentence or two.
    pub text: String,
}
