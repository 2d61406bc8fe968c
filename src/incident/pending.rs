//! Alarms that are not yet an incident.

use super::tracker::Options;
use crate::detect::{Class, FlowSummary, Verdict};
use crate::flow::FlowId;

/// Flows remembered of one pending incident; the oldest is forgotten first.
const FLOWS: usize = 64;

/// Verdicts in a row by which one long flow is an incident of its own.
const VERDICTS: u32 = 2;

/// A flow that alarmed.
#[derive(Debug, Clone)]
pub(super) struct Alarmed {
    /// As it stood at its newest alarm.
    pub(super) flow: FlowSummary,
    /// Its alarms in a row.
    verdicts: u32,
}

/// Alarms of one class at one pivot.
#[derive(Debug, Clone, Default)]
pub(super) struct Pending(Vec<Alarmed>);

impl Pending {
    /// Adds an alarm; whether all of them are an incident now.
    pub(super) fn add(&mut self, verdict: &Verdict, options: &Options) -> bool {
        let now_us = verdict.flow.at_us;
        self.0.retain(|one| now_us.saturating_sub(one.flow.at_us) <= options.window_us);
        match self.0.iter_mut().find(|one| one.flow.id == verdict.flow.id) {
            Some(one) => {
                one.flow = verdict.flow;
                one.verdicts += 1;
            }
            None => {
                if self.0.len() == FLOWS {
                    self.0.remove(0);
                }
                self.0.push(Alarmed { flow: verdict.flow, verdicts: 1 });
            }
        }
        let is_long = || self.0.iter().any(|one| one.verdicts >= VERDICTS);
        self.0.len() >= options.opening_flows || (takes_one_flow(verdict.class) && is_long())
    }

    /// Forgets a flow that turned out to be no alarm; whether nothing is left.
    pub(super) fn cancel(&mut self, flow: FlowId) -> bool {
        self.0.retain(|one| one.flow.id != flow);
        self.0.is_empty()
    }

    /// The flows, in the order in which they first alarmed.
    pub(super) fn flows(&self) -> impl Iterator<Item = &FlowSummary> {
        self.0.iter().map(|one| &one.flow)
    }
}

/// Whether one flow can be a whole attack of this class.
const fn takes_one_flow(class: Class) -> bool {
    match class {
        Class::DosSlow
        | Class::Exfiltration
        | Class::Beacon
        | Class::LateralMovement
        | Class::WebAttack
        | Class::Exploit => true,
        Class::Benign
        | Class::Scan
        | Class::DosFlood
        | Class::DosReflection
        | Class::BruteForce => false,
    }
}
