//! What is to be done about limits in force: renewed while the attack goes on, lifted when it is
//! over, loosened where they hurt.

use std::time::Duration;

use super::kept::Kept;
use super::settle::{Afterwards, Pending, Step};
use super::words::{duration, limit};
use super::{Act, Response, SOON_US, Scene};
use crate::incident::Status;
use crate::respond::escalation::ttl;
use crate::respond::guard::AUTOMATIC;
use crate::respond::obstacle::{Matter, Obstacle};
use crate::respond::site::{Place, Sites};
use crate::respond::{
    Arrival, Decision, DecisionKind, IngressName, Limit, LimitRequest, Measured, Traffic,
};

/// For how long an attack must be over, in µs.
const OVER_US: i64 = 60_000_000;

/// How long before its end a limit is renewed, in µs.
const RENEWED_US: i64 = 60_000_000;

/// What is to become of a limit.
enum Want {
    /// The attack goes on.
    Renewed,
    /// The attack goes on, but this speaks against it now.
    NotRenewed(String),
    /// The attack is over.
    Over,
    /// Weir is kept away from the Ingress since, for this reason.
    Forbidden(String),
}

impl Response {
    /// Renews limits while the attack goes on, and lifts them when it is over.
    pub(super) fn keep_up(&mut self, scene: &Scene<'_>) -> Vec<Act> {
        self.note_quiet(scene);
        let wants = self.kept.iter().filter_map(|(ingress, kept)| {
            Some((ingress.clone(), self.want(ingress, kept, scene)?))
        });
        let wants: Vec<_> = wants.collect();
        let acts = wants.into_iter().filter_map(|(ingress, want)| {
            let (afterwards, text) = match want {
                Want::Renewed => return self.renew(&ingress, scene.now_us),
                Want::NotRenewed(why) => return self.leave_to_end(&ingress, scene.now_us, &why),
                Want::Over => {
                    let text = format!("The limit at {ingress} is lifted: the attack is over");
                    (Afterwards::Watch, text)
                }
                Want::Forbidden(why) => {
                    let text = format!(
                        "The limit at {ingress} is lifted, and Weir sets none again by itself for \
                         this attack: {why}"
                    );
                    (Afterwards::Leave, text)
                }
            };
            self.lift(&ingress, afterwards, (scene.now_us, text))
        });
        acts.collect()
    }

    /// Notes since when none of the incidents that a limit answers is open.
    fn note_quiet(&mut self, scene: &Scene<'_>) {
        for kept in self.kept.values_mut() {
            let of = scene.incidents.iter().filter(|one| kept.incidents.contains(&one.id));
            let is_open = of.clone().any(|one| one.status != Status::Resolved);
            let resolved_us = of.filter_map(|one| one.resolved_us).max();
            kept.quiet_us = match (is_open, kept.quiet_us) {
                (true, _) => None,
                (false, None) => Some(resolved_us.unwrap_or(scene.now_us)),
                (false, since_us) => since_us,
            };
        }
    }

    /// What is to become of a limit now, if anything.
    fn want(&self, ingress: &IngressName, kept: &Kept, scene: &Scene<'_>) -> Option<Want> {
        let now_us = scene.now_us;
        if kept.quiet_us.is_some_and(|since| now_us.saturating_sub(since) >= OVER_US) {
            return Some(Want::Over);
        }
        let allowed = self.check_again(ingress, scene);
        if let Err(Obstacle { matter: Matter::KeptAway | Matter::OwnApi, text }) = allowed {
            return Some(Want::Forbidden(text));
        }
        let is_due = kept.until_us.saturating_sub(now_us) <= RENEWED_US;
        if kept.quiet_us.is_some() || !is_due {
            return None;
        }
        match (allowed, self.why_no_writes(ingress, kept.class)) {
            (Ok(()), None) => Some(Want::Renewed),
            (Ok(()), Some(why)) => Some(Want::NotRenewed(why)),
            (Err(obstacle), _) if obstacle.matter.may_pass() => None,
            (Err(obstacle), _) => Some(Want::NotRenewed(obstacle.text)),
        }
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
            } else if self.check_again(&ingress, scene).is_ok() {
                self.loosen(&ingress, now_us)
            } else {
                None
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

    /// Says once that a limit is not renewed.
    fn leave_to_end(&mut self, ingress: &IngressName, now_us: i64, why: &str) -> Option<Act> {
        let kept = self.kept.get_mut(ingress)?;
        if std::mem::replace(&mut kept.is_left_to_end, true) {
            return None;
        }
        Some(Act::Say(Box::new(Decision {
            at_us: now_us,
            incident: Some(kept.incident),
            class: Some(kept.class),
            ingress: Some(ingress.clone()),
            kind: DecisionKind::Refused,
            text: format!(
                "The attack goes on, and the limit at {ingress} ends when its time is over: it is not \
                 renewed, since {why}"
            ),
        })))
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
            || self.why_no_writes(ingress, kept.class).is_some()
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
