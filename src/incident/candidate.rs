//! Alarms on one pivot that are not yet an incident.

use super::alarm::Alarm;
use super::kin::one_flow_suffices;
use crate::detect::Weight;
use crate::flow::FlowId;

/// Flows that are remembered of one candidate.
pub(super) const FLOWS: usize = 1_024;

/// A flow that alarmed, by its newest verdict.
#[derive(Debug, Clone, Copy)]
struct Suspect {
    alarm: Alarm,
    /// Verdicts in a row that alarmed.
    in_a_row: u32,
    /// What it speaks for an attack: where one flow can be the attack each verdict on it counts anew.
    weight: Weight,
}

/// Flows of one class and pivot that alarmed lately.
#[derive(Debug, Default)]
pub(super) struct Candidate {
    suspects: Vec<Suspect>,
}

impl Candidate {
    /// Takes an alarm; `in_a_row` verdicts on its flow alarmed before it.
    pub(super) fn add(&mut self, alarm: Alarm, in_a_row: u32, window_us: i64) {
        let since_us = alarm.flow.at_us.saturating_sub(window_us);
        self.suspects.retain(|suspect| suspect.alarm.flow.at_us >= since_us);
        if self.suspects.len() >= FLOWS {
            self.suspects.remove(0);
        }
        let in_a_row = in_a_row.saturating_add(1);
        let times = if one_flow_suffices(alarm.class) { in_a_row } else { 1 };
        let weight = Weight::of(alarm.score) * times;
        self.suspects.push(Suspect { alarm, in_a_row, weight });
    }

    /// Takes back what was said of a flow; how many verdicts on it in a row alarmed.
    pub(super) fn withdraw(&mut self, id: FlowId) -> Option<u32> {
        let at = self.suspects.iter().position(|suspect| suspect.alarm.flow.id == id)?;
        Some(self.suspects.remove(at).in_a_row)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.suspects.is_empty()
    }

    /// Whether this is an attack: `flows` different ones, or one that goes on where that can be enough,
    /// and together the evidence that is `needed`.
    pub(super) fn is_attack(&self, flows: usize, needed: Weight) -> bool {
        let persists =
            |suspect: &Suspect| suspect.in_a_row >= 2 && one_flow_suffices(suspect.alarm.class);
        let is_enough =
            self.suspects.len() >= flows.min(FLOWS) || self.suspects.iter().any(persists);
        is_enough && self.weight() >= needed
    }

    /// What all of it speaks for an attack.
    pub(super) fn weight(&self) -> Weight {
        self.suspects.iter().map(|suspect| suspect.weight).sum()
    }

    /// How many flows it has.
    pub(super) const fn len(&self) -> usize {
        self.suspects.len()
    }

    /// What alarmed, in the order in which it did.
    pub(super) fn alarms(&self) -> impl Iterator<Item = Alarm> {
        self.suspects.iter().map(|suspect| suspect.alarm)
    }
}
