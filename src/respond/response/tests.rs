mod daemonset;
mod finding;
mod keeping;
mod properties;
mod starting;

use std::sync::Arc;

use super::*;
use crate::detect::Class;
use crate::packet::Address;
use crate::respond::fixture::{ATTACK, HEARD, SECOND, client, incident, merged, pod, site, steady};
use crate::respond::{Arrival, Controller, DecisionKind, Held, Standing};

fn options(mode: Mode) -> ResponseOptions {
    ResponseOptions {
        mode,
        rules: Vec::new(),
        at_once: 2,
        allowlist: Vec::new(),
        never: Vec::new(),
        held_back: None,
    }
}

fn flood() -> Incident {
    incident(1, &[client(66)], crate::respond::fixture::CONTROLLER)
}

fn resolved(incident: Incident, at_s: i64) -> Incident {
    Incident { status: Status::Resolved, resolved_us: Some(at_s * SECOND), ..incident }
}

/// Ordinary clients all the time, and an attacker from [`ATTACK`] until then.
fn seen(until_s: i64) -> Vec<Arrival> {
    let ordinary = (1..=10).map(|last| steady(client(last), 2, (0, until_s)));
    merged(ordinary.chain([steady(client(66), 100, (ATTACK, until_s))]))
}

/// A response, and the world that it looks at.
struct Stage {
    response: Response,
    sites: Vec<Site>,
    incidents: Vec<Arc<Incident>>,
    /// How Ingresses stand where it is not as the response has it.
    limits: Vec<Arc<LimitStatus>>,
    /// Ingresses of which it is not known how they stand.
    unread: Vec<IngressName>,
    surroundings: Surroundings,
    traffic: Traffic,
}

impl Stage {
    fn new(mode: Mode) -> Self {
        Self {
            response: Response::new(options(mode)),
            sites: vec![
                site("shop/web", "shop.example", pod(1)),
                site("blog/web", "blog.example", pod(2)),
            ],
            incidents: vec![Arc::new(flood())],
            limits: Vec::new(),
            unread: Vec::new(),
            surroundings: Surroundings::default(),
            traffic: Traffic { arrivals: seen(HEARD), ..Traffic::default() },
        }
    }

    fn says(&mut self, incident: Incident) {
        self.incidents = vec![Arc::new(incident)];
    }

    /// How Ingresses stand.
    fn standings(&self) -> Vec<Arc<LimitStatus>> {
        let read = self.sites.iter().map(|site| &site.ingress);
        let read = read.filter(|ingress| !self.unread.contains(ingress));
        let standing = |ingress: &IngressName| {
            let told = self.limits.iter().find(|status| status.ingress == *ingress).cloned();
            told.unwrap_or_else(|| standing(ingress, self.response.kept.get(ingress)))
        };
        read.map(standing).collect()
    }

    fn acts(&mut self, now_s: i64) -> Vec<Act> {
        let limits = self.standings();
        let scene = Scene {
            now_us: now_s * SECOND,
            incidents: &self.incidents,
            sites: &self.sites,
            limits: &limits,
            surroundings: &self.surroundings,
        };
        self.response.advance(&scene, |_| self.traffic.clone())
    }

    /// What is said where every act is done at once.
    fn done(&mut self, now_s: i64) -> Vec<Decision> {
        let acts = self.acts(now_s);
        let settled = acts.into_iter().filter_map(|act| match act {
            Act::Say(decision) => Some(*decision),
            Act::Apply(request) => {
                self.response.settle(&request.ingress, Outcome::Done, now_s * SECOND)
            }
            Act::Lift(ingress, _) => self.response.settle(&ingress, Outcome::Done, now_s * SECOND),
        });
        settled.collect()
    }

    /// The same, every second.
    fn done_between(&mut self, from_s: i64, until_s: i64) -> Vec<(i64, DecisionKind)> {
        let each = (from_s..until_s).flat_map(|now_s| {
            self.done(now_s).into_iter().map(move |decision| (now_s, decision.kind))
        });
        each.collect::<Vec<_>>()
    }
}

fn standing(ingress: &IngressName, kept: Option<&Kept>) -> Arc<LimitStatus> {
    let held = kept.map(|kept| Held {
        limit: kept.limit.clone(),
        by: "weir (auto)".to_owned(),
        reason: String::new(),
        incident: Some(kept.incident),
        since_us: kept.since_us,
        until_us: kept.until_us,
        values: Vec::new(),
    });
    Arc::new(LimitStatus {
        ingress: ingress.clone(),
        controller: Ok(Controller::IngressNginx),
        standing: if held.is_some() { Standing::Active } else { Standing::Unlimited },
        held,
        foreign: Vec::new(),
    })
}

fn only<T: std::fmt::Debug>(all: Vec<T>) -> T {
    let [only]: [T; 1] = all.try_into().unwrap();
    only
}

fn request(act: Act) -> LimitRequest {
    match act {
        Act::Apply(request) => *request,
        other => panic!("{other:?}"),
    }
}
