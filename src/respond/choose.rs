//! Which limit: one that holds the attackers and spares everybody else, by what the clients of that
//! Ingress usually ask.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;

use super::obstacle::{Matter, Obstacle};
use super::preview::is_allowed;
use super::usual::peaks;
use super::{Answer, Arrival, Burst, Controller, Limit, Preview, Refusal, Remedy, Usual};
use crate::packet::Address;

#[cfg(test)]
mod tests;

/// How many times what is usual a client may ask.
const ROOM: u32 = 2;

/// The least that is chosen: whoever asks less holds nobody up.
const LEAST_PER_S: u32 = 5;
const LEAST_PER_MIN: u32 = 30;
const LEAST_CONNECTIONS: u32 = 10;

/// How often a limit that would hurt is doubled before it is given up.
const DOUBLINGS: u32 = 3;

/// Which share of what the attackers ask a limit must refuse.
const HELPS: f64 = 0.5;

/// An attack at an Ingress.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// What serves the Ingress, and how many of it.
    pub controller: (Controller, u32),
    /// What kind of limit helps.
    pub remedy: Remedy,
    /// Who attacks.
    pub offenders: &'a BTreeSet<Address>,
    /// What came to the Ingress in the last minutes, in order of time.
    pub arrivals: &'a [&'a Arrival],
    /// What was answered, in order of time.
    pub answers: &'a [Answer],
    /// Since when it is attacked, in µs since the epoch.
    pub since_us: i64,
    /// Whom the limit must not hold.
    pub allowed: &'a [IpNet],
}

/// A limit and what it is to do.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The limit.
    pub limit: Limit,
    /// What others than the attackers usually ask.
    pub usual: Usual,
    /// What the limit would have meant to those who came in the last minutes.
    pub preview: Preview,
    /// What the attackers ask a second.
    pub offered_per_s: f64,
    /// Connections on which they do.
    pub connections: u64,
    /// The share of it that the limit refuses in the long run, 0 to 1.
    pub refused: f64,
}

impl Case<'_> {
    /// The limit, or why there is none.
    pub fn choose(&self) -> Result<Choice, Obstacle> {
        self.check_allowed_fit()?;
        let usual = Usual::of(self.others());
        let loads = self.loads();
        let mut failure = Obstacle::new(Matter::NoLimitFits, self.no_limit_fits(usual));
        for limit in self.candidates(usual) {
            let refused = loads.refused(&limit, self.controller);
            if refused < HELPS {
                continue;
            }
            let arrivals = self.arrivals.iter().copied();
            let preview = match Preview::of(self.controller, &limit, arrivals, self.answers) {
                Ok(preview) => preview,
                Err(refusal) => {
                    failure = unable(&refusal);
                    continue;
                }
            };
            if let Some(hurt) = self.hurt(&preview) {
                failure = hurt;
                continue;
            }
            let connections = loads.each.iter().map(|load| u64::from(load.connections)).sum();
            let offered_per_s = loads.per_s;
            return Ok(Choice { limit, usual, preview, offered_per_s, connections, refused });
        }
        Err(failure)
    }

    /// Whether all whom a limit must not hold fit into one.
    fn check_allowed_fit(&self) -> Result<(), Obstacle> {
        let (controller, _) = self.controller;
        let (networks, most) = (self.allowed.len(), Limit::MOST_ALLOWED);
        if networks <= most || !has_allowlist(controller) {
            return Ok(());
        }
        Err(Obstacle::new(
            Matter::Allowed,
            format!(
                "{networks} networks must not be limited (nodes, monitors and the allowlist of the \
                 settings), and a limit exempts {most} at most: block the attackers at the load \
                 balancer instead"
            ),
        ))
    }

    /// What others ask.
    fn others(&self) -> impl Iterator<Item = &Arrival> {
        let is_other = |arrival: &&Arrival| !self.offenders.contains(&arrival.client);
        self.arrivals.iter().copied().filter(is_other)
    }

    /// Limits that may do, the tightest of each kind first.
    fn candidates(&self, usual: Usual) -> Vec<Limit> {
        let doubled = |least: u32, usual: u32| {
            let first = usual.saturating_mul(ROOM).max(least);
            (0..=DOUBLINGS).map(move |times| first.saturating_mul(1 << times))
        };
        let allowlist =
            if has_allowlist(self.controller.0) { self.allowed.to_vec() } else { Vec::new() };
        let with = |limit: Limit| Limit { allowlist: allowlist.clone(), ..limit }.checked().ok();
        match self.remedy {
            Remedy::Connections => doubled(LEAST_CONNECTIONS, usual.connections)
                .filter_map(|most| with(Limit { connections: Some(most), ..Limit::default() }))
                .collect(),
            Remedy::Rate => {
                let by_s = doubled(LEAST_PER_S, usual.per_s).filter_map(|rps| {
                    let burst = burst(self.controller.0, rps, 5);
                    with(Limit { rps: Some(rps), burst, ..Limit::default() })
                });
                let by_min = doubled(LEAST_PER_MIN, usual.per_min).filter_map(|rpm| {
                    let burst = burst(self.controller.0, rpm, 1);
                    with(Limit { rpm: Some(rpm), burst, ..Limit::default() })
                });
                by_s.chain(by_min).collect()
            }
        }
    }

    /// What each attacker asks since the attack began.
    fn loads(&self) -> Loads {
        let is_attack = |arrival: &&Arrival| {
            arrival.at_us >= self.since_us && self.offenders.contains(&arrival.client)
        };
        let attack = || self.arrivals.iter().copied().filter(is_attack);
        let mut spans: BTreeMap<Address, (u64, i64, i64)> = BTreeMap::new();
        for arrival in attack() {
            let new = (0, arrival.at_us, arrival.at_us);
            let (count, _, last_us) = spans.entry(arrival.client).or_insert(new);
            *count += 1;
            *last_us = arrival.at_us;
        }
        let open = peaks(attack());
        let each: Vec<_> = spans
            .into_iter()
            .map(|(client, (count, first_us, last_us))| Load {
                per_s: per_s(count, last_us.saturating_sub(first_us)),
                connections: open.get(&client).map_or(0, |peak| peak.connections),
            })
            .collect();
        Loads { per_s: each.iter().map(|load| load.per_s).sum(), each }
    }

    /// Who would be refused and must not be.
    fn hurt(&self, preview: &Preview) -> Option<Obstacle> {
        let is_hurt = |client: Address| !self.offenders.contains(&client);
        let mut hurt = preview.clients.iter().filter(|one| one.refused > 0 && is_hurt(one.client));
        let first = hurt.next()?.client;
        let controller = self.controller.0.name();
        if is_allowed(self.allowed, first) {
            return Some(Obstacle::new(
                Matter::Allowed,
                format!(
                    "{first} must not be limited and asks much, and {controller} can exempt nobody \
                     from a limit: block the attackers at the load balancer instead"
                ),
            ));
        }
        let others = 1 + hurt.count();
        Some(Obstacle::new(
            Matter::NoLimitFits,
            format!(
                "a limit tight enough for the attackers would refuse {others} other clients, such as \
                 {first}: block the attackers at the load balancer instead"
            ),
        ))
    }

    fn no_limit_fits(&self, usual: Usual) -> String {
        let (what, usual) = match self.remedy {
            Remedy::Rate => ("requests a second", usual.per_s),
            Remedy::Connections => ("connections", usual.connections),
        };
        format!(
            "each of the {} attackers asks little more than other clients do ({usual} {what}): a limit \
             that spares those would not hold the attack",
            self.offenders.len()
        )
    }
}

/// What the attackers ask.
struct Loads {
    per_s: f64,
    each: Vec<Load>,
}

struct Load {
    per_s: f64,
    connections: u32,
}

impl Loads {
    /// The share that `limit` refuses in the long run, after bursts.
    fn refused(&self, limit: &Limit, (controller, replicas): (Controller, u32)) -> f64 {
        let replicas = f64::from(replicas.max(1));
        let per_s = limit.rps.map(f64::from).or(limit.rpm.map(|rpm| f64::from(rpm) / 60.0));
        let counts_refused =
            matches!(controller, Controller::HaproxyCommunity | Controller::HaproxyTechnologies);
        let (mut asked, mut refused) = (0.0, 0.0);
        for load in &self.each {
            let (offered, allowed) = match (per_s, limit.connections) {
                (Some(per_s), _) => (load.per_s, per_s * replicas),
                (None, most) => {
                    (f64::from(load.connections), f64::from(most.unwrap_or(u32::MAX)) * replicas)
                }
            };
            asked += offered;
            refused += match offered - allowed {
                excess if excess <= 0.0 => 0.0,
                _ if per_s.is_some() && counts_refused => offered,
                excess => excess,
            };
        }
        if asked > 0.0 { refused / asked } else { 0.0 }
    }
}

/// So many in so long, and at least in a second.
pub(super) fn per_s(count: u64, span_us: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a rate for comparison")]
    let (count, span_us) = (count as f64, span_us.max(1_000_000) as f64);
    count / span_us * 1e6
}

/// Whether some clients can be exempted from the limits of a controller.
pub(super) const fn has_allowlist(controller: Controller) -> bool {
    match controller {
        Controller::IngressNginx
        | Controller::HaproxyCommunity
        | Controller::HaproxyTechnologies => true,
        Controller::F5Nginx | Controller::Traefik => false,
    }
}

/// So many times the rate at once, as the controller takes it.
fn burst(controller: Controller, rate: u32, times: u32) -> Option<Burst> {
    match controller {
        Controller::IngressNginx => Some(Burst::Multiplier(times)),
        Controller::F5Nginx | Controller::Traefik => {
            Some(Burst::Requests(rate.saturating_mul(times)))
        }
        Controller::HaproxyCommunity | Controller::HaproxyTechnologies => None,
    }
}

fn unable(refusal: &Refusal) -> Obstacle {
    Obstacle::new(
        Matter::Controller,
        format!("{refusal}; block the attackers at the load balancer instead"),
    )
}
