//! What came of what was to be done.

use super::kept::Kept;
use super::words::shown;
use super::{Outcome, Response, Said};
use crate::incident::IncidentId;
use crate::respond::{Decision, DecisionKind, IngressName, Limit};

/// After how long an act whose outcome is not heard of is given up, in µs.
const LOST_US: i64 = 120_000_000;

/// How long it is left alone after a failure, in µs: at first, and at most.
const AT_FIRST_US: i64 = 30_000_000;
const AT_MOST_US: i64 = 600_000_000;

/// Ingresses whose failures are remembered.
const TROUBLES: usize = 1_024;

/// An act under way, and what is so when it is done.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) since_us: i64,
    pub(super) step: Step,
    /// What is said when it is done.
    pub(super) decision: Decision,
}

#[derive(Debug)]
pub(super) enum Step {
    /// A limit is set, in force until its time is over.
    Set(Box<Kept>),
    /// It is checked and not set.
    Check,
    /// It lasts until then.
    Renew { until_us: i64 },
    /// It allows more.
    Loosen(Limit),
    /// It is lifted, and the incidents are dealt with later or not at all.
    Lift(Afterwards),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Afterwards {
    /// The attack may come back.
    Watch,
    /// A limit does not do: it is left to people.
    Leave,
}

/// Failures in a row at an Ingress.
#[derive(Debug)]
pub(super) struct Trouble {
    wait_us: i64,
    until_us: i64,
    said: String,
}

impl Pending {
    pub(super) fn is_lost(&self, now_us: i64) -> bool {
        now_us.saturating_sub(self.since_us) >= LOST_US
    }

    /// Whether it answers the incident.
    pub(super) fn is_about(&self, incident: IncidentId) -> bool {
        self.decision.incident == Some(incident)
    }
}

impl Response {
    /// What came of the act at `ingress`, and what there is to say of it.
    pub fn settle(
        &mut self,
        ingress: &IngressName,
        outcome: Outcome,
        now_us: i64,
    ) -> Option<Decision> {
        let Pending { step, decision, .. } = self.pending.remove(ingress)?;
        let decision = Decision { at_us: now_us, ..decision };
        match outcome {
            Outcome::Done => {
                self.trouble.remove(ingress);
                self.done(ingress, step, decision.incident, now_us);
                Some(decision)
            }
            Outcome::Refused(why) => self.failed(ingress, decision, DecisionKind::Refused, &why),
            Outcome::Failed(why) => self.failed(ingress, decision, DecisionKind::Failed, &why),
        }
    }

    /// Whether the last failure at an Ingress is too fresh to try again.
    pub(super) fn is_troubled(&self, ingress: &IngressName, now_us: i64) -> bool {
        self.trouble.get(ingress).is_some_and(|trouble| now_us < trouble.until_us)
    }

    fn done(
        &mut self,
        ingress: &IngressName,
        step: Step,
        incident: Option<IncidentId>,
        now_us: i64,
    ) {
        match step {
            Step::Set(kept) => {
                let lasts_us = kept.until_us.saturating_sub(kept.since_us);
                let until_us = now_us.saturating_add(lasts_us);
                let kept = Kept { since_us: now_us, until_us, measured_us: now_us, ..*kept };
                self.kept.insert(ingress.clone(), kept);
            }
            Step::Check => {
                let file = incident.and_then(|incident| self.files.get_mut(&incident));
                if let Some(file) = file {
                    file.said.insert(Said::Checked);
                }
            }
            Step::Renew { until_us } => {
                if let Some(kept) = self.kept.get_mut(ingress) {
                    kept.until_us = until_us;
                }
            }
            Step::Loosen(limit) => {
                if let Some(kept) = self.kept.get_mut(ingress) {
                    (kept.limit, kept.is_loosened) = (limit, true);
                    (kept.since_us, kept.effect) = (now_us, None);
                }
            }
            Step::Lift(afterwards) => drop(self.end(ingress, afterwards, now_us)),
        }
    }

    /// A limit is over; which it was.
    pub(super) fn end(
        &mut self,
        ingress: &IngressName,
        afterwards: Afterwards,
        now_us: i64,
    ) -> Option<Kept> {
        let kept = self.kept.remove(ingress)?;
        self.escalation.ended(ingress, kept.rung, now_us);
        for incident in &kept.incidents {
            if let Some(file) = self.files.get_mut(incident) {
                file.is_left |= afterwards == Afterwards::Leave;
                file.due_us = now_us;
            }
        }
        Some(kept)
    }

    /// It is tried again later; the same reason is told once.
    fn failed(
        &mut self,
        ingress: &IngressName,
        decision: Decision,
        kind: DecisionKind,
        why: &str,
    ) -> Option<Decision> {
        let before = self.trouble.remove(ingress);
        let wait_us = before
            .as_ref()
            .map_or(AT_FIRST_US, |before| before.wait_us.saturating_mul(2).min(AT_MOST_US));
        let why = shown(why);
        let text = match decision.kind {
            DecisionKind::Lifted => format!(
                "the limit at {ingress} could not be lifted ({why}): it ends by itself when its time is \
                 over, and Weir tries again until then"
            ),
            _ => format!("{ingress} could not be limited ({why}): Weir tries again"),
        };
        let is_new = before.is_none_or(|before| before.said != text);
        let until_us = decision.at_us.saturating_add(wait_us);
        if self.trouble.len() >= TROUBLES {
            self.trouble.retain(|_, trouble| trouble.until_us > decision.at_us);
        }
        let trouble = Trouble { wait_us, until_us, said: text.clone() };
        self.trouble.insert(ingress.clone(), trouble);
        is_new.then_some(Decision { kind, text, ..decision })
    }
}
