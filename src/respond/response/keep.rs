//! What is to be done about limits in force: renewed while the attack goes on, lifted when it is
//! over, loosened where they hurt.

use std::time::Duration;

use super::kept::Kept;
use super::settle::{Afterwards, Pending, Step};
use super::words::{duration, limit};
use super::{Act, Response, SOON_US, Scene};
use crate::detect::Class;
use crate::incident::Status;
use crate::respond::escalation::ttl;
use crate::respond::guard::AUTOMATIC;
use crate::respond::site::{Place, Sites};
use crate::respond::{
    Arrival, Decision, DecisionKind, IngressName, Limit, LimitRequest, Measured, Mode, Traffic,
};

/// For how long an attack must be over, in µs.
const OVER_US: i64 = 60_000_000;

/// How long before its end a limit is renewed, in µs.
const RENEWED_US: i64 = 60_000_000;

impl Response {
    /// Renews limits while the attack goes on, and lifts them when it is over.
    pub(super) fn keep_up(&mut self, scene: &Scene<'_>) -> Vec<Act> {
        let now_us = scene.now_us;
        let mut wanted = Vec::new();
        for (ingress, kept) in &mut self.kept {
            let of = scene.incidents.iter().filter(|one| kept.incidents.contains(&one.id));
            let is_open = of.clone().any(|one| one.status != Status::Resolved);
            let resolved_us = of.filter_map(|one| one.resolved_us).max();
            kept.quiet_us = match (is_open, kept.quiet_us) {
                (true, _) => None,
                (false, None) => Some(resolved_us.unwrap_or(now_us)),
                (false, since_us) => since_us,
            };
            let is_over =
                kept.quiet_us.is_some_and(|since| now_us.saturating_sub(since) >= OVER_US);
            if is_over {
                wanted.push((ingress.clone(), DecisionKind::Lifted));
            } else if is_open && kept.until_us.saturating_sub(now_us) <= RENEWED_US {
                wanted.push((ingress.clone(), DecisionKind::Applied));
            }
        }
        let acts = wanted.into_iter().filter_map(|(ingress, kind)| match kind {
            DecisionKind::Lifted => {
                let text = format!("The limit at {ingress} is lifted: the attack is over");
                self.lift(&ingress, Afterwards::Watch, (now_us, text))
            }
            _ => self.renew(&ingress, now_us),
        });
        acts.collect()
    }

    pub(super) fn is_measure_due(&self, now_us: i64) -> bool {
        self.kept.values().any(|kept| now_us.saturating_sub(kept.measured_us) >= SOON_US)
    }

    /// Measures what limits do, and loosens or lifts those that hurt.
    pub(super) fn measure(
        &mut self,
        scene: &Scene<'_>,
        sites: &Sites<'_>,
        traffic: &Traffic,
    ) -> Vec<Act> {
        let now_us = scene.now_us;
        let mut hurting = Vec::new();
        for (ingress, kept) in &mut self.kept {
            if now_us.saturating_sub(kept.measured_us) < SOON_US {
                continue;
            }
            kept.measured_us = now_us;
            let arrivals = arrivals_at(ingress, kept, sites, traffic);
            let measured = Measured {
                controller: kept.controller,
                offenders: &kept.offenders,
                offered_before_per_s: kept.offered_before_per_s,
                arrivals: &arrivals,
                traffic,
                since_us: kept.since_us,
                now_us,
            };
            kept.effect = Some(measured.effect());
            if kept.hurts(now_us) {
                hurting.push((ingress.clone(), kept.is_loosened));
            }
        }
        let acts = hurting.into_iter().filter_map(|(ingress, is_loosened)| {
            if is_loosened {
                let text = format!(
                    "The limit at {ingress} is lifted: twice as loose it still refuses more of others \
                     than of the attackers, and Weir sets none again by itself for this attack. Block \
                     the attackers at the load balancer"
                );
                self.lift(&ingress, Afterwards::Leave, (now_us, text))
            } else {
                self.loosen(&ingress, now_us)
            }
        });
        acts.collect()
    }

    fn lift(
        &mut self,
        ingress: &IngressName,
        afterwards: Afterwards,
        (now_us, text): (i64, String),
    ) -> Option<Act> {
        let incident = self.kept.get(ingress)?.incident;
        self.begin(ingress, now_us, Step::Lift(afterwards), (DecisionKind::Lifted, text))?;
        Some(Act::Lift(ingress.clone(), incident))
    }

    fn renew(&mut self, ingress: &IngressName, now_us: i64) -> Option<Act> {
        let kept = self.kept.get(ingress)?;
        let (of, lasts) = (kept.limit.clone(), ttl(kept.rung));
        let lasts_us = i64::try_from(lasts.as_micros()).unwrap_or(i64::MAX);
        let text = format!(
            "The attack goes on: {ingress} stays limited to {} for another {}",
            limit(&of),
            duration(lasts)
        );
        let step = Step::Renew { until_us: now_us.saturating_add(lasts_us) };
        let decision = self.begin(ingress, now_us, step, (DecisionKind::Applied, text))?;
        Some(request(&decision, ingress, of, lasts))
    }

    fn loosen(&mut self, ingress: &IngressName, now_us: i64) -> Option<Act> {
        let kept = self.kept.get(ingress)?;
        let looser = kept.looser();
        let left_us = kept.until_us.saturating_sub(now_us).max(0).unsigned_abs();
        let lasts = Duration::from_micros(left_us).max(*LimitRequest::TTL.start());
        let text = format!(
            "The limit at {ingress} refuses more of others than of the attackers: it is loosened to {}",
            limit(&looser)
        );
        let step = Step::Loosen(looser.clone());
        let decision = self.begin(ingress, now_us, step, (DecisionKind::Loosened, text))?;
        Some(request(&decision, ingress, looser, lasts))
    }

    /// Whether the settings let it write at an Ingress about an attack of `class`; where they do not,
    /// limits end when their time is over.
    fn may_write(&self, ingress: &IngressName, class: Class) -> bool {
        let options = &self.options;
        let mode = options.mode.for_case(&options.rules, ingress.namespace(), class);
        mode == Mode::Enforce && options.held_back.is_none()
    }

    /// Waits for what comes of a step at an Ingress, unless it waits already or failed just now.
    fn begin(
        &mut self,
        ingress: &IngressName,
        now_us: i64,
        step: Step,
        (kind, text): (DecisionKind, String),
    ) -> Option<Decision> {
        let kept = self.kept.get(ingress)?;
        if self.pending.contains_key(ingress)
            || self.is_troubled(ingress, now_us)
            || !self.may_write(ingress, kept.class)
        {
            return None;
        }
        let decision = Decision {
            at_us: now_us,
            incident: Some(kept.incident),
            class: Some(kept.class),
            ingress: Some(ingress.clone()),
            kind,
            text,
        };
        let pending = Pending { since_us: now_us, step, decision: decision.clone() };
        self.pending.insert(ingress.clone(), pending);
        Some(decision)
    }
}

fn request(decision: &Decision, ingress: &IngressName, limit: Limit, ttl: Duration) -> Act {
    Act::Apply(Box::new(LimitRequest {
        ingress: ingress.clone(),
        limit,
        ttl,
        reason: decision.text.chars().take(LimitRequest::REASON / 4).collect(),
        incident: decision.incident,
        by: AUTOMATIC.to_owned(),
        is_dry_run: false,
    }))
}

/// What came to an Ingress from outside, in order of time.
fn arrivals_at<'t>(
    ingress: &IngressName,
    kept: &Kept,
    sites: &Sites<'_>,
    traffic: &'t Traffic,
) -> Vec<&'t Arrival> {
    let is_here = |arrival: &&Arrival| {
        !sites.is_backend(arrival.server)
            && match sites.place(arrival) {
                Place::Site(at) => sites.site(at).is_some_and(|site| site.ingress == *ingress),
                Place::Several => false,
                Place::Nowhere => kept.doors.contains(&(arrival.server, arrival.server_port)),
            }
    };
    traffic.arrivals.iter().filter(is_here).collect()
}
