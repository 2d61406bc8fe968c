//! Flows of incidents, kept until somebody asks for them.

use std::collections::BTreeMap;

use super::alarm::Alarm;
use super::record::IncidentId;
use super::span::FlowSpan;

/// Flows of incidents, kept until somebody asks for them.
#[derive(Debug)]
pub(super) struct Spans {
    /// By the number of the incident and that of the flow in it.
    waiting: BTreeMap<(u64, usize), (IncidentId, FlowSpan)>,
    most: usize,
}

impl Spans {
    pub(super) const fn new(most: usize) -> Self {
        Self { waiting: BTreeMap::new(), most }
    }

    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= self.most
    }

    /// Keeps how far flow number `at.1` of incident number `at.0` goes so far; of one that is new
    /// here nothing where there is no room, and its next verdict says it.
    pub(super) fn keep(&mut self, at: (u64, usize), id: IncidentId, alarm: &Alarm) {
        if self.is_full() && !self.waiting.contains_key(&at) {
            return;
        }
        let flow = alarm.flow;
        let first_us = flow.first_us.min(flow.last_us);
        let span = FlowSpan { id: flow.id, tuple: flow.tuple, first_us, last_us: flow.last_us };
        let (_, kept) = self.waiting.entry(at).or_insert((id, span));
        kept.first_us = kept.first_us.min(span.first_us);
        kept.last_us = kept.last_us.max(span.last_us);
    }

    /// What was kept since the last call, by incident in the order in which they opened, then in
    /// the order in which the flows joined.
    pub(super) fn take(&mut self) -> Vec<(IncidentId, FlowSpan)> {
        std::mem::take(&mut self.waiting).into_values().collect()
    }
}
