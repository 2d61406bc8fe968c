//! What is to be done about one incident that goes on.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::kept::Kept;
use super::locate::{Located, locate, since_us};
use super::settle::{Pending, Step};
use super::words::{expected, plan};
use super::{A_WHILE_US, Act, LATER_US, Response, SOON_US, Said, Scene};
use crate::incident::Incident;
use crate::packet::Address;
use crate::respond::choose::per_s;
use crate::respond::effect::MINUTE_US;
use crate::respond::escalation::ttl;
use crate::respond::guard::{AUTOMATIC, check_allowed, check_sharing};
use crate::respond::obstacle::{Matter, Obstacle};
use crate::respond::site::Sites;
use crate::respond::table::helps;
use crate::respond::{
    Arrival, Asked, Case, Choice, Controller, Decision, DecisionKind, IngressName, LimitRequest,
    Measured, Mode, Traffic,
};

/// What is found out about an incident: where a limit helps, and which.
struct Found {
    ingress: IngressName,
    controller: Controller,
    offenders: BTreeSet<Address>,
    doors: BTreeSet<(Address, u16)>,
    resets_before_per_s: f64,
    choice: Choice,
}

/// What looking at an incident leads to.
enum Finding {
    /// The Ingress is limited already.
    Held(IngressName, BTreeSet<Address>),
    New(Box<Found>),
}

impl Response {
    /// Looks at an incident that is not dealt with.
    pub(super) fn consider(
        &mut self,
        incident: &Arc<Incident>,
        scene: &Scene<'_>,
        sites: &Sites<'_>,
        traffic: &Traffic,
    ) -> Option<Act> {
        let found = self.look(incident, scene, sites, traffic);
        let file = self.files.get_mut(&incident.id)?;
        let age_us = scene.now_us.saturating_sub(file.since_us);
        let again_us = if age_us < A_WHILE_US { SOON_US } else { LATER_US };
        file.due_us = scene.now_us.saturating_add(again_us);
        match found {
            Err((ingress, obstacle)) => {
                // The first packets of an attack do not show yet what it is.
                let is_early = age_us < SOON_US && obstacle.matter.may_pass();
                let is_new = !is_early && file.said.insert(Said::Obstacle(obstacle.matter));
                is_new.then(|| refused(incident, scene.now_us, ingress, obstacle))
            }
            Ok(Finding::Held(ingress, offenders)) => {
                if let Some(kept) = self.kept.get_mut(&ingress) {
                    kept.incidents.insert(incident.id);
                    kept.offenders.extend(offenders);
                }
                None
            }
            Ok(Finding::New(found)) => self.act(incident, scene.now_us, *found),
        }
    }

    /// What there is to do, or what stands in the way, and where if that was found out.
    fn look(
        &self,
        incident: &Incident,
        scene: &Scene<'_>,
        sites: &Sites<'_>,
        traffic: &Traffic,
    ) -> Result<Finding, (Option<IngressName>, Obstacle)> {
        let located = find(incident, sites, traffic).map_err(|obstacle| (None, obstacle))?;
        let found = self.look_at(&located, incident, scene, traffic);
        found.map_err(|obstacle| (Some(located.site.ingress.clone()), obstacle))
    }

    fn look_at(
        &self,
        located: &Located<'_>,
        incident: &Incident,
        scene: &Scene<'_>,
        traffic: &Traffic,
    ) -> Result<Finding, Obstacle> {
        let since_us = since_us(incident);
        let site = located.site;
        self.guard(scene, &self.limited()).check(site)?;
        let arrivals = located.arrivals(traffic);
        let allowed = scene.surroundings.allowed(&self.options.allowlist, scene.now_us);
        check_sharing(site, scene.surroundings, &located.offenders, (&arrivals, since_us))?;
        let offenders = check_allowed(located.offenders.clone(), &allowed)?;
        if self.kept.contains_key(&site.ingress) {
            return Ok(Finding::Held(site.ingress.clone(), offenders));
        }
        let remedy =
            asked(arrivals.iter().copied(), &offenders, since_us).remedy(incident.class)?;
        let controller = site.controller.clone();
        let controller = controller.map_err(|why| Obstacle::new(Matter::Controller, why))?;
        let case = Case {
            controller: (controller, site.replicas),
            remedy,
            offenders: &offenders,
            arrivals: &arrivals,
            answers: &traffic.answers,
            since_us,
            allowed: &allowed,
        };
        let choice = case.choose()?;
        let ingress = site.ingress.clone();
        let before = (arrivals.as_slice(), since_us);
        let resets_before_per_s = resets_per_s(controller, &offenders, before, traffic);
        let doors = doors(located, &arrivals, since_us);
        Ok(Finding::New(Box::new(Found {
            ingress,
            controller,
            offenders,
            doors,
            resets_before_per_s,
            choice,
        })))
    }

    /// Sets the limit, has it checked, or says that it would help, by the mode.
    fn act(&mut self, incident: &Incident, now_us: i64, found: Found) -> Option<Act> {
        let Found { ingress, choice, .. } = &found;
        if self.pending.contains_key(ingress) || self.is_troubled(ingress, now_us) {
            return None;
        }
        let rung = self.escalation.rung(ingress, now_us);
        let ttl = ttl(rung);
        let (what, why) = (plan(ingress, &choice.limit, ttl), expected(choice));
        let mode =
            self.options.mode.for_case(&self.options.rules, ingress.namespace(), incident.class);
        let held_back = self.options.held_back.clone();
        let (kind, text) = match (mode, held_back) {
            (Mode::Enforce, None) => (DecisionKind::Applied, format!("Weir limits {what}. {why}")),
            (Mode::DryRun, None) => {
                let text = format!("The API server would let Weir limit {what}. {why}");
                (DecisionKind::Checked, text)
            }
            (_, held_back) => {
                let because = held_back.unwrap_or_else(|| "the mode is observe".to_owned());
                let text = format!("Weir would limit {what}, and does not: {because}. {why}");
                (DecisionKind::Recommended, text)
            }
        };
        let decision = decision(incident, now_us, Some(ingress.clone()), (kind, text));
        let file = self.files.get_mut(&incident.id)?;
        if kind == DecisionKind::Recommended {
            return file.said.insert(Said::Recommended).then(|| Act::Say(Box::new(decision)));
        }
        if kind == DecisionKind::Checked && file.said.contains(&Said::Checked) {
            return None;
        }
        let request = LimitRequest {
            ingress: ingress.clone(),
            limit: choice.limit.clone(),
            ttl,
            reason: reason(incident),
            incident: Some(incident.id),
            by: AUTOMATIC.to_owned(),
            is_dry_run: kind == DecisionKind::Checked,
        };
        let ingress = ingress.clone();
        let step = match kind {
            DecisionKind::Checked => Step::Check,
            _ => Step::Set(Box::new(found.kept(incident, now_us, &request, rung))),
        };
        self.pending.insert(ingress, Pending { since_us: now_us, step, decision });
        Some(Act::Apply(Box::new(request)))
    }
}

/// The Ingress that is attacked.
fn find<'s>(
    incident: &Incident,
    sites: &Sites<'s>,
    traffic: &Traffic,
) -> Result<Located<'s>, Obstacle> {
    helps(incident.class)?;
    let sources: BTreeSet<_> = incident.sources.listed.iter().copied().collect();
    // Before it is asked where: packets without requests are for no Ingress.
    asked(traffic.arrivals.iter(), &sources, since_us(incident)).any(incident.class)?;
    locate(incident, sites, traffic)
}

fn refused(
    incident: &Incident,
    now_us: i64,
    ingress: Option<IngressName>,
    obstacle: Obstacle,
) -> Act {
    let kind = DecisionKind::Refused;
    Act::Say(Box::new(decision(incident, now_us, ingress, (kind, obstacle.text))))
}

impl Found {
    fn kept(self, incident: &Incident, now_us: i64, request: &LimitRequest, rung: usize) -> Kept {
        let lasts_us = i64::try_from(request.ttl.as_micros()).unwrap_or(i64::MAX);
        Kept {
            limit: self.choice.limit,
            controller: self.controller,
            class: incident.class,
            incident: incident.id,
            incidents: BTreeSet::from([incident.id]),
            offenders: self.offenders,
            doors: self.doors,
            offered_before_per_s: Some(self.choice.offered_per_s),
            resets_before_per_s: self.resets_before_per_s,
            since_us: now_us,
            until_us: now_us.saturating_add(lasts_us),
            rung,
            is_loosened: false,
            is_left_to_end: false,
            quiet_us: None,
            missing_us: None,
            effect: None,
            measured_us: now_us,
        }
    }
}

/// What `sources` ask since `since_us`.
fn asked<'a>(
    arrivals: impl Iterator<Item = &'a Arrival>,
    sources: &BTreeSet<Address>,
    since_us: i64,
) -> Asked {
    Asked::of(arrivals.filter(|one| one.at_us >= since_us && sources.contains(&one.client)))
}

/// Servers that the attackers turn to without a host.
fn doors(located: &Located<'_>, arrivals: &[&Arrival], since_us: i64) -> BTreeSet<(Address, u16)> {
    let is_blind = |arrival: &&&Arrival| {
        arrival.at_us >= since_us
            && arrival.host.is_none()
            && located.offenders.contains(&arrival.client)
    };
    let blind = arrivals.iter().filter(is_blind);
    blind.map(|arrival| (arrival.server, arrival.server_port)).collect()
}

/// Connections of bystanders that were reset a second in the minute before the attack.
fn resets_per_s(
    controller: Controller,
    offenders: &BTreeSet<Address>,
    (arrivals, since_us): (&[&Arrival], i64),
    traffic: &Traffic,
) -> f64 {
    let at = traffic.resets.partition_point(|reset| reset.at_us < since_us);
    let traffic = Traffic {
        resets: traffic.resets.get(..at).unwrap_or_default().to_vec(),
        ..Traffic::default()
    };
    let before = Measured {
        controller,
        offenders,
        offered_before_per_s: None,
        arrivals,
        traffic: &traffic,
        since_us: since_us.saturating_sub(MINUTE_US),
        now_us: since_us,
    };
    per_s(before.effect().bystanders_reset, MINUTE_US)
}

/// What is decided about an incident.
pub(super) fn decision(
    incident: &Incident,
    at_us: i64,
    ingress: Option<IngressName>,
    (kind, text): (DecisionKind, String),
) -> Decision {
    Decision {
        at_us,
        incident: Some(incident.id),
        class: Some(incident.class),
        ingress,
        kind,
        text,
    }
}

/// The incident, as far as it fits a reason.
fn reason(incident: &Incident) -> String {
    let mut reason = incident.sentence();
    while reason.len() > LimitRequest::REASON {
        reason.pop();
    }
    reason
}
