//! Has [`Response`] decide what is done about attacks, has it done, and says what came of it.

use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::{Value, json};

use super::known::{is_known, unseen};
use super::lately::traffic;
use super::sites::{sites, surroundings};
use super::{Mission, Seen};
use crate::engine::keeper::with_causes;
use crate::engine::limits::{LimitError, Limits};
use crate::engine::responder::{Audit, BY_ITSELF};
use crate::engine::snapshot::Snapshot;
use crate::incident::IncidentId;
use crate::respond::{
    Act, Decision, IngressName, LimitRequest, Outcome, Response, ResponseOptions, Scene,
};
use crate::store::By;

/// How much packet time passes between two looks.
const EVERY_US: i64 = 1_000_000;

/// The same after a look that had to copy many arrivals, and how many are many.
const AFTER_MANY_US: i64 = 5_000_000;
const MANY: usize = 100_000;

/// Who decides, as it is on record.
const WHO: &str = "weir";

/// Whether whoever sets limits has put something on record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Record {
    Made,
    Missing,
}

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
        let (mut looked_us, mut every_us) = (0, EVERY_US);
        loop {
            tokio::select! {
                () = mission.stop.cancelled() => return,
                changed = snapshots.changed() => if changed.is_err() { return },
            }
            let snapshot = Arc::clone(&snapshots.borrow_and_update());
            if snapshot.now_us < looked_us {
                // The capture's clock jumped back: nothing before has to do with what follows.
                response = Response::new(self.options.clone());
                (looked_us, every_us) = (0, EVERY_US);
            }
            let seen = mission.ledge.seen();
            if snapshot.now_us - looked_us >= every_us && is_known(&seen) {
                looked_us = snapshot.now_us;
                let unseen = unseen(&seen.cluster);
                response.hold_back(self.options.held_back.clone().or(unseen));
                (response, every_us) = self.look(response, mission, snapshot, &seen).await;
            }
        }
    }

    /// Looks once; the response since, and how much packet time passes before the next look.
    async fn look(
        &self,
        mut response: Response,
        mission: &Arc<Mission>,
        snapshot: Arc<Snapshot>,
        seen: &Seen,
    ) -> (Response, i64) {
        let world = mission.ledge.world();
        let around = surroundings(&world, &mission.cluster, &self.monitors, self.listen);
        let (arrivals, limits) = (Arc::clone(&mission.arrivals), seen.response.limits.clone());
        let now_us = snapshot.now_us;
        let turn = mission.bench.acquire().await;
        let decided = tokio::task::spawn_blocking(move || {
            let scene = Scene {
                now_us,
                incidents: &snapshot.incidents,
                sites: &sites(&world),
                limits: &limits,
                surroundings: &around,
            };
            let mut copied = 0;
            let acts = response.advance(&scene, |since_us| {
                let traffic = traffic(&arrivals.recent(), since_us);
                copied = traffic.arrivals.len();
                traffic
            });
            (response, acts, copied)
        });
        let (acts, copied);
        (response, acts, copied) = match decided.await {
            Ok(decided) => decided,
            Err(ended) => std::panic::resume_unwind(ended.into_panic()),
        };
        drop(turn);
        let mut decisions = Vec::new();
        for act in acts {
            let (ingress, (outcome, record)) = match act {
                Act::Say(decision) => {
                    self.record(&decision);
                    decisions.push(*decision);
                    continue;
                }
                Act::Apply(request) => (request.ingress.clone(), self.apply(*request).await),
                Act::Lift(ingress, incident) => {
                    (ingress.clone(), self.lift(ingress, incident).await)
                }
            };
            let decision = response.settle(&ingress, outcome, now_us);
            if let Some(decision) = decision.as_ref().filter(|_| record == Record::Missing) {
                self.record(decision);
            }
            decisions.extend(decision);
        }
        mission.ledge.decided(decisions, response.effects());
        (response, rest_us(copied))
    }

    async fn apply(&self, request: LimitRequest) -> (Outcome, Record) {
        let written = if request.is_dry_run { Record::Missing } else { Record::Made };
        outcome(self.limits.apply(request, by()).await, written)
    }

    async fn lift(&self, ingress: IngressName, incident: IncidentId) -> (Outcome, Record) {
        match self.limits.lift(ingress, incident, by()).await {
            // Somebody was faster.
            Err(LimitError::NoLimit(_) | LimitError::NoIngress(_)) => (Outcome::Done, Record::Made),
            reverted => outcome(reverted, Record::Made),
        }
    }

    /// Puts on record what nobody else has.
    fn record(&self, decision: &Decision) {
        let what = format!("response.{}", decision.kind.name());
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

/// How much packet time passes after a look that has copied so many arrivals.
const fn rest_us(copied: usize) -> i64 {
    if copied >= MANY { AFTER_MANY_US } else { EVERY_US }
}

fn by() -> By {
    By { who: WHO.into(), from: BY_ITSELF.into() }
}

/// What came of an act, and whether it is on record, which it is as `written` says where it was done.
fn outcome<T>(done: Result<T, LimitError>, written: Record) -> (Outcome, Record) {
    match done {
        Ok(_) => (Outcome::Done, written),
        Err(LimitError::Refused(refusal)) => (Outcome::Refused(refusal.to_string()), Record::Made),
        Err(error) => {
            // Then it was not asked for at all.
            let is_unheard =
                matches!(error, LimitError::Busy | LimitError::Ended | LimitError::NoCluster(_));
            let record = if is_unheard { Record::Missing } else { Record::Made };
            (Outcome::Failed(with_causes(&error)), record)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::respond::Refusal;

    #[test]
    fn many_arrivals_are_copied_every_five_seconds_at_most() {
        assert_eq!([rest_us(0), rest_us(99_999)], [1_000_000; 2]);
        assert_eq!([rest_us(100_000), rest_us(1_048_576)], [5_000_000; 2]);
    }

    #[test]
    fn what_becomes_of_an_act_is_on_record_once() {
        let name = IngressName::new("shop", "web").unwrap();
        let told = |error| outcome::<()>(Err(error), Record::Made).1;
        assert_eq!(told(LimitError::Refused(Refusal::NoLimit)), Record::Made);
        assert_eq!(told(LimitError::NoIngress(name)), Record::Made);
        assert_eq!(told(LimitError::Busy), Record::Missing);
        assert_eq!(told(LimitError::Ended), Record::Missing);
        for record in [Record::Made, Record::Missing] {
            assert_eq!(outcome(Ok(()), record), (Outcome::Done, record));
        }
    }
}
