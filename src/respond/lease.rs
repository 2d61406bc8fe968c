//! Which Weir of several undoes limits: whoever holds a Lease (coordination.k8s.io).
//!
//! As the election of Kubernetes' own controllers does it: times of others are never compared with a
//! clock of one's own. A Lease that has not changed for its duration, by the clock that measures time
//! here, is free; who could not renew it for a shorter while stops to act. Every write has the
//! `resourceVersion` that was read, so that of two who want it one is refused.

#[cfg(test)]
mod tests;

use std::time::Duration;

use serde_json::{Value, json};

use crate::incident::rfc3339;

/// One's own part in the election.
#[derive(Debug, Clone)]
pub struct Election {
    name: String,
    namespace: String,
    identity: String,
    /// What the Lease said when it was last seen to change, and when that was.
    seen: Option<(Seen, Duration)>,
    /// When it was last renewed by us.
    renewed: Option<Duration>,
}

/// What tells a change of the Lease.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    spec: Value,
    version: String,
}

/// What is next.
#[derive(Debug, Clone, PartialEq)]
pub enum LeaseStep {
    /// The Lease is to be created with this body.
    Create(Value),
    /// This is to be merged into it; it has the `resourceVersion` that was read.
    Renew(Value),
    /// Another holds it.
    Wait {
        /// Who.
        holder: String,
    },
}

impl Election {
    /// How long a Lease holds that is not renewed.
    pub const LASTS: Duration = Duration::from_secs(15);

    /// For how long who cannot renew it goes on to act.
    pub const ACTS: Duration = Duration::from_secs(10);

    /// How often it is looked at.
    pub const EVERY: Duration = Duration::from_secs(2);

    /// The part of `identity`, which no other has, in the election by the Lease `name`.
    #[must_use]
    pub const fn new(namespace: String, name: String, identity: String) -> Self {
        Self { name, namespace, identity, seen: None, renewed: None }
    }

    /// The namespace of the Lease.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The name of the Lease.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The next step, where the Lease is as given at `now` of a clock that never jumps; `wall_us` is
    /// what others are shown, and decides nothing.
    pub fn step(&mut self, lease: Option<&Value>, now: Duration, wall_us: i64) -> LeaseStep {
        let Some(lease) = lease else {
            self.seen = None;
            return LeaseStep::Create(self.body(wall_us, wall_us, 0));
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let version = text(&lease["metadata"]["resourceVersion"]);
        let seen = Seen { spec: lease["spec"].clone(), version: version.clone() };
        if self.seen.as_ref().is_none_or(|(last, _)| *last != seen) {
            self.seen = Some((seen, now));
        }
        let holder = text(&lease["spec"]["holderIdentity"]);
        let since = self.seen.as_ref().map_or(now, |(_, since)| *since);
        let is_ours = holder == self.identity;
        if !is_ours && !holder.is_empty() && now.saturating_sub(since) < Self::LASTS {
            self.renewed = None;
            return LeaseStep::Wait { holder };
        }
        let transitions = lease["spec"]["leaseTransitions"].as_i64().unwrap_or(0);
        let acquired = lease["spec"]["acquireTime"].as_str().filter(|_| is_ours);
        let mut body = self.body(wall_us, wall_us, transitions.saturating_add(i64::from(!is_ours)));
        if let Some(acquired) = acquired {
            body["spec"]["acquireTime"] = acquired.into();
        }
        body["metadata"]["resourceVersion"] = version.into();
        LeaseStep::Renew(body)
    }

    /// The API server has taken what was written at `since`, when that was sent.
    pub const fn written(&mut self, since: Duration) {
        self.renewed = Some(since);
    }

    /// Whether this one may act at `now`.
    #[must_use]
    pub fn is_held(&self, now: Duration) -> bool {
        self.renewed.is_some_and(|renewed| now.saturating_sub(renewed) < Self::ACTS)
    }

    /// What is merged into the Lease at an orderly end, so that another need not wait; none where
    /// it is not ours.
    #[must_use]
    pub fn release(&self, lease: &Value, wall_us: i64) -> Option<Value> {
        (lease["spec"]["holderIdentity"] == self.identity.as_str()).then(|| {
            json!({
                "metadata": { "resourceVersion": lease["metadata"]["resourceVersion"] },
                "spec": {
                    "holderIdentity": "",
                    "leaseDurationSeconds": 1,
                    "renewTime": rfc3339(wall_us),
                },
            })
        })
    }

    fn body(&self, acquired_us: i64, renewed_us: i64, transitions: i64) -> Value {
        json!({
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": { "name": self.name, "namespace": self.namespace },
            "spec": {
                "holderIdentity": self.identity,
                "leaseDurationSeconds": Self::LASTS.as_secs(),
                "acquireTime": rfc3339(acquired_us),
                "renewTime": rfc3339(renewed_us),
                "leaseTransitions": transitions,
            },
        })
    }
}
