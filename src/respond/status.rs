//! What is set at an Ingress, by whom, since when, until when, and what it was before.

use super::{Controller, IngressName, Limit};
use crate::incident::IncidentId;

/// One value that Weir has set, and what it was before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetValue {
    /// The annotation, or the object's field.
    pub field: String,
    /// What it is now; none where it is gone.
    pub value: Option<String>,
    /// What Weir set.
    pub wanted: String,
    /// What it was before; none where it was not there.
    pub previous: Option<String>,
    /// Whose it was before.
    pub previous_manager: Option<String>,
}

/// How a limit at an Ingress stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Nobody limits it.
    Unlimited,
    /// Somebody other than Weir does.
    Foreign,
    /// Weir does.
    Active,
    /// Weir did, and somebody has changed or removed it since: it is left alone.
    Overridden,
    /// Its time is over, and it is being undone.
    Expired,
}

impl Standing {
    /// Its name everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unlimited => "unlimited",
            Self::Foreign => "foreign",
            Self::Active => "active",
            Self::Overridden => "overridden",
            Self::Expired => "expired",
        }
    }
}

/// A limit that Weir has set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// What.
    pub limit: Limit,
    /// Who asked for it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// The incident it answers.
    pub incident: Option<IncidentId>,
    /// Since when by the wall clock, in µs since the epoch.
    pub since_us: i64,
    /// Until when by the wall clock, in µs since the epoch.
    pub until_us: i64,
    /// Value by value.
    pub values: Vec<SetValue>,
}

/// An Ingress and its limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitStatus {
    /// Which.
    pub ingress: IngressName,
    /// What serves it, or why no limit can be set there.
    pub controller: Result<Controller, String>,
    /// How it stands.
    pub standing: Standing,
    /// What Weir has set.
    pub held: Option<Held>,
    /// Fields of the controller that limit it and are not Weir's, with their values.
    pub foreign: Vec<(String, String)>,
}
