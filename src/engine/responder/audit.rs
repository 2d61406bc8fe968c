//! What is put on record of limits, and where.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::fast::RandomState;
use serde_json::{Value, json};
use tracing::{error, info};

use crate::engine::keeper::with_causes;
use crate::respond::{Held, IngressName, LimitStatus, SetValue};
use crate::store::{Actions, By};

/// Where it is put on record who did what to which object.
pub trait Audit: Send + Sync {
    /// Notes that `by` did `what` to `object`, which was as `before` says and is as `after` says.
    fn note(&self, by: &By, what: &str, object: &str, before: &Value, after: &Value);
}

impl<T: Audit + ?Sized> Audit for Arc<T> {
    fn note(&self, by: &By, what: &str, object: &str, before: &Value, after: &Value) {
        (**self).note(by, what, object, before, after);
    }
}

/// Where nothing is kept, the log alone has it.
impl Audit for Option<Mutex<Actions>> {
    fn note(&self, by: &By, what: &str, object: &str, before: &Value, after: &Value) {
        let By { who, from } = by;
        info!(what, object, who, from, %before, %after, "done in the cluster");
        let Some(actions) = self else { return };
        let mut actions = actions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(failure) = actions.note(by, what, object, before, after) {
            // What was done is done: to take it back for want of a record would be worse.
            error!(what, object, failure = with_causes(&failure), "what was done is not on record");
        }
    }
}

/// Where an act of the response comes from, as it is on record.
pub(in crate::engine) const BY_ITSELF: &str = "auto";

/// Ingresses of which failures are remembered.
const REMEMBERED: usize = 1_024;

/// What failed last of what the response does, which tries again and again: it is on record once.
#[derive(Default)]
pub(super) struct Failures(Mutex<HashMap<IngressName, String, RandomState>>);

impl Failures {
    /// Whether that `by` failed at `ingress` for the reason `why` is to be put on record.
    pub(super) fn is_new(&self, by: &By, ingress: &IngressName, why: &str) -> bool {
        if by.from != BY_ITSELF {
            return true;
        }
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.get(ingress).is_some_and(|last| last == why) {
            return false;
        }
        if failures.len() >= REMEMBERED {
            failures.clear();
        }
        failures.insert(ingress.clone(), why.to_owned());
        true
    }

    /// Something was done at `ingress`.
    pub(super) fn forget(&self, by: &By, ingress: &IngressName) {
        if by.from == BY_ITSELF {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(ingress);
        }
    }
}

/// How an Ingress stands, and what was said of it, for the record.
pub(super) fn told(status: &LimitStatus, notes: &[String]) -> Value {
    let value = |value: &SetValue| {
        let SetValue { field, value, previous, previous_manager, .. } = value;
        json!({
            "field": field, "value": value, "previous": previous,
            "previous_manager": previous_manager,
        })
    };
    let held = |held: &Held| {
        let Held { limit, by, reason, incident, until_us, values, .. } = held;
        json!({
            "limit": limit.to_string(),
            "by": by,
            "reason": reason,
            "incident": incident.map(|id| id.to_string()),
            "until": crate::incident::rfc3339(*until_us),
            "values": values.iter().map(value).collect::<Vec<_>>(),
        })
    };
    json!({
        "standing": status.standing.name(),
        "held": status.held.as_ref().map(held),
        "foreign": status.foreign,
        "notes": notes,
    })
}
