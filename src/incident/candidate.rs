//! Alarms on one pivot that are not yet an incident.

use std::collections::BTreeMap;

use super::accepted::Accepted;
use super::alarm::Alarm;
use super::kin::one_flow_suffices;
use super::whereabouts::Place;
use crate::detect::Weight;
use crate::flow::FlowId;

/// Flows that are remembered of one candidate.
pub(super) const FLOWS: usize = 1_024;

/// A flow that alarmed, by its newest verdict.
#[derive(Debug, Clone, Copy)]
struct Suspect {
    /// Where one flow can be the attack each verdict on it counts anew in its weight.
    alarm: Alarm,
    /// Verdicts in a row that alarmed.
    in_a_row: u32,
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
        if self.is_full() {
            self.suspects.remove(0);
        }
        let in_a_row = in_a_row.saturating_add(1);
        let times = if one_flow_suffices(alarm.class) { in_a_row } else { 1 };
        let alarm = Alarm { weight: alarm.weight * times, ..alarm };
        self.suspects.push(Suspect { alarm, in_a_row });
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
    /// and together the evidence that is `needed`. What is usual where it is counts for nothing.
    pub(super) fn is_attack(&self, flows: usize, needed: Weight, accepted: &Accepted) -> bool {
        let usual = self.usual(accepted);
        let counts = |suspect: &&Suspect| !usual.contains(&suspect.alarm.place());
        let unusual = || self.suspects.iter().filter(counts);
        let persists =
            |suspect: &Suspect| suspect.in_a_row >= 2 && one_flow_suffices(suspect.alarm.class);
        let is_enough = unusual().count() >= flows.min(FLOWS) || unusual().any(persists);
        let weight: Weight = unusual().map(|suspect| suspect.alarm.weight).sum();
        is_enough && weight >= needed
    }

    /// Places at which there is no more evidence than what is accepted there allows.
    ///
    /// None where this holds as many flows as it can: then it does not grow any more, whatever comes, and
    /// what is asked for could be out of its reach, so that the place would be deaf for ever. Who cannot
    /// measure whether there is more than usual speaks up; where a thousand flows a minute alarm while
    /// nothing is wrong, a mute keeps them from those who are told.
    fn usual(&self, accepted: &Accepted) -> Vec<Place> {
        let Some(first) = self.suspects.first() else { return Vec::new() };
        let class = first.alarm.class;
        if self.is_full() || accepted.is_empty_of(class) {
            return Vec::new();
        }
        let places = self.places().into_iter();
        let usual = places.filter(|(place, weight)| accepted.covers(class, *place, *weight));
        usual.map(|(place, _)| place).collect()
    }

    /// What all of it speaks for an attack.
    pub(super) fn weight(&self) -> Weight {
        self.suspects.iter().map(|suspect| suspect.alarm.weight).sum()
    }

    /// What speaks for an attack at each of its places.
    pub(super) fn places(&self) -> BTreeMap<Place, Weight> {
        let mut places = BTreeMap::new();
        for Suspect { alarm, .. } in &self.suspects {
            let weight = places.entry(alarm.place()).or_insert(Weight::ZERO);
            *weight = *weight + alarm.weight;
        }
        places
    }

    /// Whether a further flow takes the place of the first.
    pub(super) const fn is_full(&self) -> bool {
        self.suspects.len() >= FLOWS
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
