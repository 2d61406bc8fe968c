//! What waits to be written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::flow::FlowId;
use crate::incident::{FlowSpan, Incident, IncidentId};
use crate::store::Witness;

/// Spans that wait at most, 10 MiB.
const SPANS: usize = 65_536;

/// Events that wait at most: a few KiB each.
const EVENTS: usize = 4_096;

/// The newest state of each incident, and the newest span of each of their flows.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    incidents: BTreeMap<IncidentId, Arc<Incident>>,
    spans: BTreeMap<(IncidentId, FlowId), FlowSpan>,
    /// Spans for which there was no room.
    lost_spans: u64,
    events: BTreeSet<Witness>,
}

impl Waiting {
    pub(super) fn add(
        &mut self,
        incidents: impl IntoIterator<Item = Arc<Incident>>,
        spans: impl IntoIterator<Item = (IncidentId, FlowSpan)>,
    ) {
        self.incidents.extend(incidents.into_iter().map(|incident| (incident.id, incident)));
        for (id, span) in spans {
            let key = (id, span.id);
            if self.spans.len() < SPANS || self.spans.contains_key(&key) {
                self.spans.insert(key, span);
            } else {
                self.lost_spans += 1;
            }
        }
    }

    /// Events that touch incidents, as far as there is room for them.
    pub(super) fn add_events(&mut self, events: impl IntoIterator<Item = Witness>) {
        for event in events {
            if self.events.len() < EVENTS {
                self.events.insert(event);
            }
        }
    }

    /// All events.
    pub(super) fn events(&self) -> Vec<Witness> {
        self.events.iter().cloned().collect()
    }

    /// Takes over all of `newer`.
    pub(super) fn append(&mut self, newer: &mut Self) {
        let Self { incidents, spans, lost_spans, events } = std::mem::take(newer);
        self.add_events(events);
        self.add(incidents.into_values(), spans.into_iter().map(|((id, _), span)| (id, span)));
        self.lost_spans += lost_spans;
    }

    /// All of it.
    pub(super) fn all(&self) -> (Vec<Arc<Incident>>, Vec<(IncidentId, FlowSpan)>) {
        let spans = self.spans.iter().map(|((id, _), span)| (*id, *span)).collect();
        (self.incidents.values().cloned().collect(), spans)
    }

    /// Forgets all of it, and says for how many spans there was no room.
    pub(super) fn clear(&mut self) -> u64 {
        std::mem::take(self).lost_spans
    }

    pub(super) fn is_empty(&self) -> bool {
        self.incidents.is_empty() && self.spans.is_empty() && self.events.is_empty()
    }

    /// How many.
    pub(super) fn incidents(&self) -> usize {
        self.incidents.len()
    }
}
