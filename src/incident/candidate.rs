//! Alarms on one pivot that are not yet an incident.

use super::accepted::Accepted;
use super::alarm::Alarm;
use super::kin::one_flow_suffices;
use super::minute::{Minute, Said};
use super::whereabouts::Place;
use crate::detect::Weight;
use crate::flow::FlowId;

/// Flows that are remembered of one candidate.
pub(super) const FLOWS: usize = 1_024;

/// Places of one candidate that are measured. What is said at a further one is never usual: whoever knocks
/// at nine services of a host does not hide behind what is usual at one of them.
const PLACES: usize = 8;

/// A flow that alarmed, by its newest verdict.
#[derive(Debug, Clone, Copy)]
struct Suspect {
    alarm: Alarm,
    /// Verdicts in a row that alarmed.
    in_a_row: u32,
}

/// Flows of one class and pivot that alarmed lately.
#[derive(Debug, Default)]
pub(super) struct Candidate {
    suspects: Vec<Suspect>,
    places: Vec<(Place, Minute)>,
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
        self.suspects.push(Suspect { alarm, in_a_row });
        let place = alarm.place();
        if self.places.len() < PLACES && self.places.iter().all(|(known, _)| *known != place) {
            self.places.push((place, Minute::default()));
        }
        if let Some(minute) = self.minute(place) {
            minute.count(alarm.said());
        }
    }

    /// Takes back what was `said` at `place` of a flow, be it remembered or not; how many verdicts on it
    /// in a row alarmed, if it is.
    pub(super) fn withdraw(&mut self, id: FlowId, place: Place, said: Said) -> Option<u32> {
        if let Some(minute) = self.minute(place) {
            minute.withdraw(said);
        }
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

    /// Whether this is the smaller part of one thing with `kin`, what the same host is taken for by another
    /// class within the same `window_us`, and both together are no more than what is accepted of that one:
    /// of a flood that is usual a few flows are always taken for something else.
    pub(super) fn is_part_of(&self, kin: &Self, accepted: &Accepted, window_us: i64) -> bool {
        let (Some(own), Some(newest)) = (self.suspects.last(), kin.suspects.last()) else {
            return false;
        };
        let since_us = own.alarm.flow.at_us.saturating_sub(window_us);
        let is_usual = |place| {
            let (here, there) = (self.weight_at(place), kin.weight_at(place));
            here < there && accepted.covers(newest.alarm.class, place, here + there)
        };
        newest.alarm.flow.at_us >= since_us
            && self.suspects.iter().all(|suspect| is_usual(suspect.alarm.place()))
    }

    /// Places at which there is no more evidence than what is accepted there allows.
    ///
    /// Of what is accepted anything can be reached: a place is measured by all flows within a minute, not
    /// by those that are remembered. By these no flood could ever weigh more than a thousand flows do, and
    /// where as many are usual the place would be deaf for ever.
    fn usual(&self, accepted: &Accepted) -> Vec<Place> {
        let Some(Suspect { alarm, .. }) = self.suspects.first() else { return Vec::new() };
        let is_usual =
            |(place, weight): &(Place, Weight)| accepted.covers(alarm.class, *place, *weight);
        self.places().filter(is_usual).map(|(place, _)| place).collect()
    }

    /// What all of it speaks for an attack: also flows that are not remembered.
    pub(super) fn weight(&self) -> Weight {
        let remembered: Weight = self.suspects.iter().map(|suspect| suspect.alarm.weight).sum();
        remembered.max(self.places().map(|(_, weight)| weight).sum())
    }

    /// What speaks for an attack at each of its first places.
    pub(super) fn places(&self) -> impl Iterator<Item = (Place, Weight)> {
        self.places.iter().map(|(place, minute)| (*place, minute.weight()))
    }

    fn weight_at(&self, place: Place) -> Weight {
        let here = self.places().find(|(known, _)| *known == place);
        here.map_or(Weight::ZERO, |(_, weight)| weight)
    }

    /// What is said at a place, if it is measured.
    fn minute(&mut self, place: Place) -> Option<&mut Minute> {
        self.places.iter_mut().find(|(known, _)| *known == place).map(|(_, minute)| minute)
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
