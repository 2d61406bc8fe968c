//! Has [`Response`] decide what is done about attacks, has it done, and says what came of it.

use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::{Value, json};

use super::lately::traffic;
use super::sites::{sites, surroundings};
use super::{Mission, Seen};
use crate::cluster::{ClusterStatus, Link, WatchStatus};
use crate::engine::keeper::with_causes;
use crate::engine::limits::{LimitError, Limits};
use crate::engine::responder::Audit;
use crate::engine::snapshot::Snapshot;
use crate::incident::IncidentId;
use crate::respond::{
    Act, Decision, DecisionKind, IngressName, LimitRequest, Outcome, Response, ResponseOptions,
    Scene,
};
use crate::store::By;

/// How much packet time passes between two looks.
const EVERY_US: i64 = 1_000_000;

/// Who decides, as it is on record.
const WHO: &str = "weir";
const FROM: &str = "auto";

/// What is decided with.
pub(super) struct Answering {
    pub(super) options: ResponseOptions,
    pub(super) monitors: Vec<String>,
    pub(super) listen: Option<SocketAddr>,
    pub(super) limits: Limits,
    /// Where decisions that write nothing are put on record.
    pub(super) record: Box<dyn Audit>,
}

impl Answering {
    /// Looks at each snapshot until asked to stop.
    pub(super) async fn run(&self, mission: &Arc<Mission>) {
        let mut snapshots = mission.snapshots.clone();
        let mut response = Response::new(self.options.clone());
        let mut looked_us = 0;
        loop {
            tokio::select! {
                () = mission.stop.cancelled() => return,
                changed = snapshots.changed() => if changed.is_err() { return },
            }
            let snapshot = Arc::clone(&snapshots.borrow_and_update());
            if snapshot.now_us < looked_us {
                // The capture's clock jumped back: nothing before has to do with what follows.
                response = Response::new(self.options.clone());
                looked_us = 0;
            }
            let seen = mission.ledge.seen();
            if snapshot.now_us - looked_us >= EVERY_US && is_known(&seen) {
                looked_us = snapshot.now_us;
                let unseen = unseen(&seen.cluster);
                response.hold_back(self.options.held_back.clone().or(unseen));
                response = self.look(response, mission, snapshot, &seen).await;
            }
        }
    }

    async fn look(
        &self,
        mut response: Response,
        mission: &Arc<Mission>,
        snapshot: Arc<Snapshot>,
        seen: &Seen,
    ) -> Response {
        let world = mission.ledge.world();
        let around = surroundings(&world, &mission.cluster, &self.monitors, self.listen);
        let (arrivals, limits) = (Arc::clone(&mission.arrivals), seen.response.limits.clone());
        let now_us = snapshot.now_us;
        let decided = tokio::task::spawn_blocking(move || {
            let scene = Scene {
                now_us,
                incidents: &snapshot.incidents,
                sites: &sites(&world),
                limits: &limits,
                surroundings: &around,
            };
            let acts = response.advance(&scene, |since_us| traffic(&arrivals.recent(), since_us));
            (response, acts)
        });
        let acts;
        (response, acts) = match decided.await {
            Ok(decided) => decided,
            Err(ended) => std::panic::resume_unwind(ended.into_panic()),
        };
        let mut decisions = Vec::new();
        for act in acts {
            let (ingress, outcome) = match act {
                Act::Say(decision) => {
                    decisions.push(*decision);
                    continue;
                }
                Act::Apply(request) => (request.ingress.clone(), self.apply(*request).await),
                Act::Lift(ingress, incident) => {
                    (ingress.clone(), self.lift(ingress, incident).await)
                }
            };
            decisions.extend(response.settle(&ingress, outcome, now_us));
        }
        for decision in &decisions {
            self.record(decision);
        }
        mission.ledge.decided(decisions, response.effects());
        response
    }

    async fn apply(&self, request: LimitRequest) -> Outcome {
        outcome(self.limits.apply(request, by()).await)
    }

    async fn lift(&self, ingress: IngressName, incident: IncidentId) -> Outcome {
        match self.limits.lift(ingress, incident, by()).await {
            // Somebody was faster.
            Err(LimitError::NoLimit(_) | LimitError::NoIngress(_)) => Outcome::Done,
            reverted => outcome(reverted),
        }
    }

    /// What was written is on record already; so is what was not, from here on.
    fn record(&self, decision: &Decision) {
        let what = match decision.kind {
            DecisionKind::Applied
            | DecisionKind::Lifted
            | DecisionKind::Loosened
            | DecisionKind::Failed => return,
            DecisionKind::Checked
            | DecisionKind::Recommended
            | DecisionKind::Refused
            | DecisionKind::Expired
            | DecisionKind::Overridden => format!("response.{}", decision.kind.name()),
        };
        let ingress = decision.ingress.as_ref().map(ToString::to_string);
        let object =
            ingress.or_else(|| decision.incident.map(|id| id.to_string())).unwrap_or_default();
        let after = json!({
            "why": decision.text,
            "incident": decision.incident.map(|id| id.to_string()),
            "class": decision.class.map(crate::detect::Class::name),
        });
        self.record.note(&by(), &what, &object, &Value::Null, &after);
    }
}

/// What must be seen before anything is limited: without it, what must be spared is not known.
const NEEDED: [&str; 7] =
    ["nodes", "namespaces", "pods", "services", "endpointslices", "ingresses", "ingressclasses"];

fn needed(cluster: &ClusterStatus) -> impl Iterator<Item = &WatchStatus> {
    cluster.watches.iter().filter(|watch| NEEDED.contains(&watch.resource))
}

/// Whether the cluster answers and all that is needed was asked for. While it is away nothing could
/// be done, and what is known of it may be old.
fn is_known(seen: &Seen) -> bool {
    let is_asked = |watch: &WatchStatus| watch.heard_us.is_some() || watch.failure.is_some();
    let asked = needed(&seen.cluster).filter(|watch| is_asked(watch)).count();
    seen.cluster.link == Link::Up && asked == NEEDED.len() && seen.response.read_us != 0
}

/// Why nothing is limited though the cluster answers: some of it cannot be read.
fn unseen(cluster: &ClusterStatus) -> Option<String> {
    let failed = needed(cluster).find(|watch| watch.failure.is_some())?;
    Some(format!(
        "the {} of the cluster cannot be read, so that it is not known what must be spared; `weir \
         doctor` says more",
        failed.resource
    ))
}

fn by() -> By {
    By { who: WHO.into(), from: FROM.into() }
}

fn outcome<T>(done: Result<T, LimitError>) -> Outcome {
    match done {
        Ok(_) => Outcome::Done,
        Err(LimitError::Refused(refusal)) => Outcome::Refused(refusal.to_string()),
        Err(error) => Outcome::Failed(with_causes(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watched(failing: Option<&'static str>, silent: Option<&'static str>) -> Seen {
        let watch = |resource: &'static str| WatchStatus {
            resource,
            objects: 1,
            heard_us: (silent != Some(resource)).then_some(1),
            failure: (failing == Some(resource)).then(|| "forbidden".to_owned()),
            refused: (failing == Some(resource)).then_some(403),
        };
        let mut seen = Seen::default();
        seen.cluster.link = Link::Up;
        seen.cluster.watches = NEEDED.into_iter().chain(["jobs"]).map(watch).collect();
        seen.response.read_us = 1;
        seen
    }

    #[test]
    fn nothing_is_decided_before_all_that_must_be_spared_is_known() {
        assert!(is_known(&watched(None, None)));
        assert!(is_known(&watched(None, Some("jobs"))));
        for resource in NEEDED {
            assert!(!is_known(&watched(None, Some(resource))), "{resource}");
        }
        let mut unread = watched(None, None);
        unread.response.read_us = 0;
        assert!(!is_known(&unread), "how Ingresses stand is not known");
    }

    #[test]
    fn what_cannot_be_read_holds_the_response_back_in_words() {
        assert_eq!(unseen(&watched(None, None).cluster), None);
        assert_eq!(unseen(&watched(Some("jobs"), None).cluster), None);
        let why = unseen(&watched(Some("namespaces"), None).cluster).unwrap();
        assert!(why.contains("the namespaces of the cluster cannot be read"), "{why}");
    }
}
