//! Two Weirs, each with its own sensor and only its own traffic, and one cluster.

use super::*;
use crate::respond::fixture::{CONTROLLER, answer, named};

/// A Weir on each of two nodes.
struct Nodes {
    a: Stage,
    b: Stage,
    /// What is set at the Ingress that is attacked.
    held: Option<Held>,
}

impl Nodes {
    /// Node A sees the attack; node B only ordinary clients, and incidents of its own.
    fn new() -> Self {
        let (mut a, mut b) = (Stage::new(Mode::Enforce), Stage::new(Mode::Enforce));
        a.traffic.arrivals = seen(HEARD + 60);
        b.traffic.arrivals = seen(HEARD + 60);
        b.traffic.arrivals.retain(|arrival| arrival.client != client(66));
        b.incidents.clear();
        Self { a, b, held: None }
    }

    /// B hears of an attack by its own.
    fn b_is_attacked_too(&mut self) {
        self.b.incidents = vec![Arc::new(incident(2, &[client(66)], CONTROLLER))];
        self.b.traffic.arrivals = seen(HEARD + 60);
    }

    /// A second goes by on both; who did what.
    fn second(&mut self, now_s: i64) -> Vec<(char, DecisionKind)> {
        let mut said = Vec::new();
        for (name, stage) in [('a', &mut self.a), ('b', &mut self.b)] {
            stage.limits = vec![Arc::new(LimitStatus {
                ingress: named("shop/web"),
                controller: Ok(Controller::IngressNginx),
                standing: self.held.as_ref().map_or(Standing::Unlimited, |_| Standing::Active),
                held: self.held.clone(),
                foreign: Vec::new(),
            })];
            for act in stage.acts(now_s) {
                let at_us = now_s * SECOND;
                let ingress = match act {
                    Act::Say(decision) => {
                        said.push((name, decision.kind));
                        continue;
                    }
                    Act::Apply(request) => {
                        let lasts_us = i64::try_from(request.ttl.as_micros()).unwrap();
                        self.held = Some(Held {
                            limit: request.limit.clone(),
                            by: request.by.clone(),
                            reason: String::new(),
                            incident: request.incident,
                            since_us: at_us,
                            until_us: at_us + lasts_us,
                            values: Vec::new(),
                        });
                        request.ingress
                    }
                    Act::Lift(ingress, _) => {
                        self.held = None;
                        ingress
                    }
                };
                let settled = stage.response.settle(&ingress, Outcome::Done, at_us);
                said.extend(settled.map(|decision| (name, decision.kind)));
            }
        }
        said
    }

    fn between(&mut self, from_s: i64, until_s: i64) -> Vec<(char, DecisionKind)> {
        (from_s..until_s).flat_map(|now_s| self.second(now_s)).collect()
    }

    fn rps(&self) -> Option<u32> {
        self.held.as_ref()?.limit.rps
    }
}

#[test]
fn who_sees_nothing_of_an_attack_does_not_lift_the_limit_of_who_does() {
    let mut nodes = Nodes::new();
    let said = nodes.between(HEARD, HEARD + 300);
    assert_eq!(said, [('a', DecisionKind::Applied)]);
    assert_eq!(nodes.rps(), Some(5));
    assert!(nodes.b.response.limits().is_empty());
}

#[test]
fn who_observes_neither_lifts_nor_renews_a_limit_even_of_its_own() {
    let mut stage = Stage::new(Mode::Enforce);
    assert_eq!(only(stage.done(HEARD)).kind, DecisionKind::Applied);
    stage.response.options.mode = Mode::Observe;
    assert!(stage.done_between(HEARD + 1, HEARD + 300).is_empty());
    stage.says(resolved(flood(), HEARD + 300));
    assert!(stage.done_between(HEARD + 300, HEARD + 400).is_empty());
}

#[test]
fn who_sees_the_attack_too_leaves_it_to_the_first_neither_tightened_nor_lifted() {
    let mut nodes = Nodes::new();
    assert_eq!(nodes.second(HEARD), [('a', DecisionKind::Applied)]);
    nodes.b_is_attacked_too();
    assert_eq!(nodes.second(HEARD + 1), [('b', DecisionKind::Refused)]);
    // On A it hurts, and A loosens it.
    let bystanders = steady(client(1), 2, (HEARD, 300));
    nodes.a.traffic.answers = bystanders.iter().map(|arrival| answer(arrival, 503)).collect();
    nodes.a.traffic.arrivals = bystanders;
    let said = nodes.between(HEARD + 2, HEARD + 50);
    assert_eq!(said, [('a', DecisionKind::Loosened)]);
    nodes.a.traffic = Traffic::default();
    // Its time would be over on B if that had taken it on.
    let said = nodes.between(HEARD + 50, HEARD + 700);
    assert_eq!(said, [('a', DecisionKind::Applied)], "A renews it");
    assert_eq!(nodes.rps(), Some(10), "and as it was loosened");
    // What B sees is over: the limit stays.
    nodes.b.says(resolved(incident(2, &[client(66)], CONTROLLER), HEARD + 700));
    assert!(nodes.between(HEARD + 700, HEARD + 900).is_empty());
    assert_eq!(nodes.rps(), Some(10));
    nodes.a.says(resolved(flood(), HEARD + 900));
    assert_eq!(nodes.between(HEARD + 900, HEARD + 1_000), [('a', DecisionKind::Lifted)]);
    assert_eq!(nodes.rps(), None);
}
