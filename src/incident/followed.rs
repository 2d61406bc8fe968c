//! Flows whose last word is still to come: what they count for so far.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::alarm::{Alarm, Key};
use super::minute::Said;
use crate::detect::FlowSummary;
use crate::flow::{FlowId, State};

/// Where a flow was counted, and with what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counted {
    /// The number of the incident.
    pub(super) serial: u64,
    pub(super) packets: u64,
    pub(super) bytes: u64,
    /// Its number among the flows of the incident whose packets can be found again.
    pub(super) span: Option<usize>,
    /// What it said as evidence.
    pub(super) said: Said,
}

/// What is known of a flow that goes on.
#[derive(Debug, Default)]
struct Known {
    /// Where its newest verdict stands, if it alarmed and is not yet part of an incident.
    candidate: Option<(Key, Said)>,
    /// One for each incident that it is in: few, because no two of them are kin.
    counted: Vec<Counted>,
    /// With how many packets it was last counted.
    packets: u64,
    heard_us: i64,
}

/// Flows that go on, each of which counts once in an incident.
#[derive(Debug)]
pub(super) struct Followed {
    flows: HashMap<FlowId, Known, RandomState>,
    most: usize,
    /// For how long a flow may be silent before it is taken for one whose end was not heard of.
    forget_us: i64,
    swept_us: i64,
}

impl Followed {
    pub(super) fn new(most: usize, forget_us: i64) -> Self {
        Self { flows: HashMap::default(), most, forget_us, swept_us: i64::MIN }
    }

    /// Where the flow was counted.
    pub(super) fn counted(&self, id: FlowId) -> &[Counted] {
        self.flows.get(&id).map(|known| &*known.counted).unwrap_or_default()
    }

    /// Whether the flow has been counted with all its packets: no sign that an attack goes on.
    pub(super) fn has_nothing_new(&self, flow: &FlowSummary) -> bool {
        self.flows.get(&flow.id).is_some_and(|known| flow.packets <= known.packets)
    }

    /// The candidate that the newest verdict on the flow stands in, which it leaves, and with what.
    pub(super) fn leave_candidate(&mut self, id: FlowId) -> Option<(Key, Said)> {
        self.flows.get_mut(&id)?.candidate.take()
    }

    /// Whether the flow can be counted without being counted again: this is the last word on it,
    /// or it can be remembered.
    pub(super) fn can_follow(&mut self, flow: &FlowSummary) -> bool {
        if is_over(flow) || self.flows.len() < self.most || self.flows.contains_key(&flow.id) {
            return true;
        }
        self.sweep(flow.at_us);
        self.flows.len() < self.most
    }

    /// Remembers that the flow stands in a candidate.
    pub(super) fn suspect(&mut self, alarm: &Alarm) {
        if let Some(known) = self.known(&alarm.flow) {
            known.candidate = Some((alarm.key(), alarm.said()));
        }
    }

    /// Remembers with what the flow was counted in an incident; forgets those that are not known.
    pub(super) fn count(
        &mut self,
        alarm: &Alarm,
        (serial, span, said): (u64, Option<usize>, Said),
        is_known: impl Fn(u64) -> bool,
    ) {
        if let Some(known) = self.known(&alarm.flow) {
            let FlowSummary { packets, bytes, .. } = alarm.flow;
            known.candidate = None;
            known.packets = packets;
            known.counted.retain(|one| one.serial != serial && is_known(one.serial));
            known.counted.push(Counted { serial, packets, bytes, span, said });
        }
    }

    /// Forgets a flow if this was the last word on it.
    pub(super) fn heard(&mut self, flow: &FlowSummary) {
        if is_over(flow) {
            self.flows.remove(&flow.id);
        }
    }

    pub(super) fn clear(&mut self) {
        self.flows.clear();
        self.swept_us = i64::MIN;
    }

    fn known(&mut self, flow: &FlowSummary) -> Option<&mut Known> {
        if is_over(flow) {
            return None;
        }
        let known = self.flows.entry(flow.id).or_default();
        known.heard_us = flow.at_us;
        Some(known)
    }

    /// Forgets flows whose last word was lost. Not twice in the same moment: it looks at all.
    fn sweep(&mut self, now_us: i64) {
        let forget_us = self.forget_us;
        if now_us >= self.swept_us.saturating_add(forget_us / 10) {
            self.flows.retain(|_, known| known.heard_us.saturating_add(forget_us) > now_us);
            self.swept_us = now_us;
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.flows.len()
    }
}

const fn is_over(flow: &FlowSummary) -> bool {
    matches!(flow.state, State::Final(_))
}
