//! What the tracker keeps of a verdict that alarms.

use super::kin::one_flow_suffices;
use super::minute::Said;
use super::record::Pivot;
use super::whereabouts::Place;
use crate::detect::{Class, FlowSummary, Score, Verdict, Weight};
use crate::packet::Address;

/// Class and pivot: what alarms must share before they are an incident.
pub(super) type Key = (Class, Address);

/// A verdict that alarms.
#[derive(Debug, Clone, Copy)]
pub(super) struct Alarm {
    pub(super) flow: FlowSummary,
    pub(super) class: Class,
    pub(super) score: Score,
    /// What it speaks for an attack.
    pub(super) weight: Weight,
    /// Its place among all alarms.
    pub(super) ordinal: u64,
}

impl Alarm {
    /// What `verdict` says, unless it says that all is well.
    pub(super) fn of(verdict: &Verdict, ordinal: u64) -> Option<Self> {
        let Verdict { flow, class, score, is_alarm, .. } = *verdict;
        let weight = Weight::of(score);
        (is_alarm && class != Class::Benign).then_some(Self { flow, class, score, weight, ordinal })
    }

    pub(super) const fn source(&self) -> Address {
        self.flow.tuple.source
    }

    pub(super) const fn target(&self) -> Address {
        self.flow.tuple.target
    }

    /// The host that an incident of its class would be about.
    pub(super) const fn pivot(&self) -> Address {
        match Pivot::of(self.class) {
            Pivot::Source => self.source(),
            Pivot::Target => self.target(),
        }
    }

    pub(super) const fn key(&self) -> Key {
        (self.class, self.pivot())
    }

    /// The same after `in_a_row` verdicts on its flow that alarmed before it: where one flow can be the
    /// attack each of them counts anew.
    pub(super) fn after(self, in_a_row: u32) -> Self {
        let times = if one_flow_suffices(self.class) { in_a_row.saturating_add(1) } else { 1 };
        Self { weight: self.weight * times, ..self }
    }

    /// What it says as evidence.
    pub(super) const fn said(&self) -> Said {
        Said { at_us: self.flow.at_us, weight: self.weight }
    }

    /// Where it may be usual.
    pub(super) const fn place(&self) -> Place {
        Place::of(self.class, &self.flow.tuple)
    }
}
