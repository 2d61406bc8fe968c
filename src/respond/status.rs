//! What is set at an Ingress, by whom, since when, until when, and what it was before.

use super::ledger::{LEDGER, Ledger, LedgerValue, Reading, ValueState};
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
    /// Every standing.
    pub const ALL: [Self; 5] =
        [Self::Unlimited, Self::Foreign, Self::Active, Self::Overridden, Self::Expired];

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

impl LimitStatus {
    /// How `ingress` stands at `now_us` of the wall clock, by its annotations alone.
    #[must_use]
    pub fn read<'a>(
        ingress: IngressName,
        controller: Result<Controller, String>,
        annotation: impl Fn(&str) -> Option<&'a str>,
        now_us: i64,
    ) -> Self {
        let ledger = match Ledger::read(annotation(LEDGER)) {
            Reading::Held(ledger) => Some(*ledger),
            Reading::Absent | Reading::Unreadable(_) => None,
        };
        let is_held = |field: &str| {
            let mut values = ledger.iter().flat_map(|ledger| &ledger.values);
            values.any(|value| value.field == field && value.state != ValueState::Lost)
        };
        let limiting = controller.as_ref().map_or(&[][..], |controller| controller.limiting());
        let foreign: Vec<_> = limiting
            .iter()
            .filter(|field| !is_held(field))
            .filter_map(|field| Some(((*field).to_owned(), annotation(field)?.to_owned())))
            .collect();
        let standing = match &ledger {
            Some(ledger) => standing(ledger, &annotation, now_us),
            None if foreign.is_empty() => Standing::Unlimited,
            None => Standing::Foreign,
        };
        let held = ledger.map(|ledger| held(ledger, &annotation));
        Self { ingress, controller, standing, held, foreign }
    }
}

fn standing<'a>(
    ledger: &Ledger,
    annotation: &impl Fn(&str) -> Option<&'a str>,
    now_us: i64,
) -> Standing {
    let is_theirs = |value: &LedgerValue| match value.state {
        ValueState::Held => annotation(&value.field) != Some(&value.wanted),
        ValueState::Lost => true,
        ValueState::Leaving => false,
    };
    let is_lifted = ledger.values.iter().all(|value| value.state == ValueState::Leaving);
    if now_us >= ledger.until_us || is_lifted {
        Standing::Expired
    } else if ledger.values.iter().any(is_theirs) {
        Standing::Overridden
    } else {
        Standing::Active
    }
}

fn held<'a>(ledger: Ledger, annotation: &impl Fn(&str) -> Option<&'a str>) -> Held {
    let Ledger { limit, by, reason, incident, since_us, until_us, values, .. } = ledger;
    let value = |value: LedgerValue| SetValue {
        value: annotation(&value.field).map(ToOwned::to_owned),
        field: value.field,
        wanted: value.wanted,
        previous: value.previous,
        previous_manager: value.owners.into_iter().next().map(|owner| owner.manager),
    };
    let values = values.into_iter().map(value).collect();
    Held { limit, by, reason, incident, since_us, until_us, values }
}
