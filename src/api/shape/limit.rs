//! What is set at an Ingress, by whom, since when, until when, and what it was before.

use serde::Serialize;
use utoipa::ToSchema;

use crate::incident::rfc3339;
use crate::respond::{Burst, Held, Limit, LimitStatus, SetValue};

/// What each client address may ask of an Ingress.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Limit)]
pub struct LimitShape {
    /// Requests a second.
    #[schema(required = true, nullable, example = 5)]
    pub rps: Option<u32>,
    /// Requests a minute.
    #[schema(required = true, nullable)]
    pub rpm: Option<u32>,
    /// Connections at once.
    #[schema(required = true, nullable)]
    pub connections: Option<u32>,
    /// Requests beyond the rate.
    #[schema(required = true, nullable)]
    pub burst: Option<u32>,
    /// The same in multiples of the rate.
    #[schema(required = true, nullable)]
    pub burst_multiplier: Option<u32>,
    /// Networks that it does not hold.
    #[schema(example = json!(["10.0.0.0/8"]))]
    pub allowlist: Vec<String>,
}

impl From<&Limit> for LimitShape {
    fn from(limit: &Limit) -> Self {
        let Limit { rps, rpm, connections, burst, allowlist } = limit;
        let (burst, burst_multiplier) = match *burst {
            Some(Burst::Requests(requests)) => (Some(requests), None),
            Some(Burst::Multiplier(times)) => (None, Some(times)),
            None => (None, None),
        };
        Self {
            rps: *rps,
            rpm: *rpm,
            connections: *connections,
            burst,
            burst_multiplier,
            allowlist: allowlist.iter().map(ToString::to_string).collect(),
        }
    }
}

/// One value that Weir has set.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LimitValue)]
pub struct ValueShape {
    /// The annotation, or the field of an object.
    #[schema(example = "nginx.ingress.kubernetes.io/limit-rps")]
    pub field: String,
    /// What it is now; null where it is gone.
    #[schema(required = true, nullable)]
    pub value: Option<String>,
    /// What Weir set.
    pub wanted: String,
    /// What it was before; null where it was not there.
    #[schema(required = true, nullable)]
    pub previous: Option<String>,
    /// Whose it was before.
    #[schema(required = true, nullable)]
    pub previous_manager: Option<String>,
}

impl From<&SetValue> for ValueShape {
    fn from(value: &SetValue) -> Self {
        let SetValue { field, value, wanted, previous, previous_manager } = value;
        Self {
            field: field.clone(),
            value: value.clone(),
            wanted: wanted.clone(),
            previous: previous.clone(),
            previous_manager: previous_manager.clone(),
        }
    }
}

/// A limit that Weir has set.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HeldLimit)]
pub struct HeldShape {
    /// What.
    pub limit: LimitShape,
    /// Who asked for it.
    #[schema(example = "alice via api")]
    pub by: String,
    /// Why; empty where nobody said.
    pub reason: String,
    /// Id of the incident that it answers.
    #[schema(required = true, nullable)]
    pub incident: Option<String>,
    /// Since when.
    #[schema(format = DateTime)]
    pub since: String,
    /// Until when.
    #[schema(format = DateTime)]
    pub until: String,
    /// Value by value, with what it was before.
    pub values: Vec<ValueShape>,
}

impl From<&Held> for HeldShape {
    fn from(held: &Held) -> Self {
        Self {
            limit: (&held.limit).into(),
            by: held.by.clone(),
            reason: held.reason.clone(),
            incident: held.incident.map(|id| id.to_string()),
            since: rfc3339(held.since_us),
            until: rfc3339(held.until_us),
            values: held.values.iter().map(ValueShape::from).collect(),
        }
    }
}

/// A value that limits an Ingress and is not Weir's.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ForeignValue)]
pub struct ForeignShape {
    /// The annotation, or the field of an object.
    pub field: String,
    /// What it is.
    pub value: String,
}

/// An Ingress and its limit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LimitStatus)]
pub struct LimitStatusShape {
    /// Name of the Ingress.
    #[schema(example = "web")]
    pub ingress_name: String,
    /// Its namespace.
    #[schema(example = "shop")]
    pub namespace: String,
    /// What serves it; null where no limit can be set there.
    #[schema(required = true, nullable, example = "ingress-nginx")]
    pub controller: Option<&'static str>,
    /// Why no limit can be set there.
    #[schema(required = true, nullable)]
    pub unsupported: Option<String>,
    /// `unlimited`, `foreign` (somebody other than Weir limits it), `active` (Weir does), `overridden`
    /// (somebody has changed what Weir set, and it is left so) or `expired` (it is being undone).
    #[schema(example = "active")]
    pub standing: &'static str,
    /// What Weir has set.
    #[schema(required = true, nullable)]
    pub held: Option<HeldShape>,
    /// What limits it and is not Weir's.
    pub foreign: Vec<ForeignShape>,
}

impl From<&LimitStatus> for LimitStatusShape {
    fn from(status: &LimitStatus) -> Self {
        let LimitStatus { ingress, controller, standing, held, foreign } = status;
        let foreign = foreign.iter();
        Self {
            ingress_name: ingress.name().to_owned(),
            namespace: ingress.namespace().to_owned(),
            controller: controller.as_ref().ok().map(|controller| controller.name()),
            unsupported: controller.as_ref().err().cloned(),
            standing: standing.name(),
            held: held.as_ref().map(HeldShape::from),
            foreign: foreign
                .map(|(field, value)| ForeignShape { field: field.clone(), value: value.clone() })
                .collect(),
        }
    }
}
