//! An incident that goes on: its newest state, and what is needed to count on.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::record::{Hosts, Incident, Pivot, Severity, Status};
use crate::detect::{Class, FlowSummary, Score};
use crate::flow::{FlowId, State};
use crate::packet::Address;

/// Up to so many hosts at one end are told apart; the total stays there.
const HOSTS: usize = 4_096;

/// Flows that are open and counted; beyond it a flow may count twice.
const OPEN_FLOWS: usize = 65_536;

/// How long after the last alarm of its own class an incident still takes those of others, in µs.
const COMPANY_US: i64 = 10_000_000;

/// How often a change is told at most, in µs of packet time.
const TOLD_EVERY_US: i64 = 1_000_000;

/// An incident that goes on.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) incident: Incident,
    sources: HashSet<Address, RandomState>,
    targets: HashSet<Address, RandomState>,
    /// Packets and bytes counted of flows that are open.
    open_flows: HashMap<FlowId, (u64, u64), RandomState>,
    /// When a flow of it last alarmed, and one of its own class.
    pub(super) last_alarm_us: i64,
    last_own_us: i64,
    told_us: i64,
    is_changed: bool,
}

impl Case {
    /// Goes on with `incident`; its flows are still to be added where it is new.
    pub(super) fn new(incident: Incident, now_us: i64) -> Self {
        let set = |hosts: &Hosts| hosts.listed.iter().copied().collect();
        Self {
            sources: set(&incident.sources),
            targets: set(&incident.targets),
            open_flows: HashMap::default(),
            last_alarm_us: now_us,
            last_own_us: now_us,
            told_us: now_us,
            is_changed: false,
            incident,
        }
    }

    /// Whether an alarm of `class` on `flow` belongs to this attack.
    ///
    /// Of the same class: by the pivot; an attack on a target also goes on behind it, as from an
    /// ingress to its pods, and before it, where the only source turns out to be a target. Of
    /// another class: between the same hosts, while alarms of its own go on.
    pub(super) fn takes(&self, class: Class, flow: &FlowSummary) -> bool {
        let (source, target) = (&flow.tuple.source, &flow.tuple.target);
        if class != self.incident.class {
            let goes_on = flow.at_us.saturating_sub(self.last_own_us) <= COMPANY_US;
            return goes_on && self.sources.contains(source) && self.targets.contains(target);
        }
        match Pivot::of(class) {
            Pivot::Source => *source == self.incident.pivot,
            Pivot::Target => {
                let is_only_source = self.sources.len() == 1 && self.sources.contains(target);
                self.targets.contains(target) || self.targets.contains(source) || is_only_source
            }
        }
    }

    /// Counts an alarm of `class` on `flow`.
    pub(super) fn add(&mut self, class: Class, flow: &FlowSummary, score: Score) {
        self.count(flow);
        let Incident { sources, targets, .. } = &mut self.incident;
        let tuple = &flow.tuple;
        list(targets, &mut self.targets, tuple.target);
        if !self.targets.contains(&tuple.source) {
            list(sources, &mut self.sources, tuple.source);
        }
        if self.sources.remove(&tuple.target) {
            sources.listed.retain(|host| *host != tuple.target);
            sources.total = sources.total.saturating_sub(1);
        }
        let incident = &mut self.incident;
        if incident.flows == 1 {
            incident.target_port = Some(tuple.server_port());
        } else if incident.target_port != Some(tuple.server_port()) {
            incident.target_port = None;
        }
        incident.score = incident.score.max(score);
        incident.first_us = incident.first_us.min(flow.first_us);
        incident.last_us = incident.last_us.max(flow.last_us);
        incident.severity = Severity::of(incident.class, incident.flows, incident.score);
        self.last_alarm_us = self.last_alarm_us.max(flow.at_us);
        if class == incident.class {
            self.last_own_us = self.last_own_us.max(flow.at_us);
        }
        self.is_changed = true;
    }

    /// The flow's final row has come, or a newer one, without an alarm: it goes on counting as it is.
    pub(super) fn close(&mut self, flow: FlowId) {
        self.open_flows.remove(&flow);
    }

    /// Counts a flow once, with its newest packets and bytes.
    fn count(&mut self, flow: &FlowSummary) {
        let incident = &mut self.incident;
        let known = self.open_flows.remove(&flow.id);
        let (packets, bytes) = known.unwrap_or_default();
        if known.is_none() {
            incident.flows += 1;
            if incident.flow_ids.len() < Incident::FLOW_IDS {
                incident.flow_ids.push(flow.id);
            }
        }
        incident.packets += flow.packets.saturating_sub(packets);
        incident.bytes += flow.bytes.saturating_sub(bytes);
        if flow.state == State::Provisional && self.open_flows.len() < OPEN_FLOWS {
            self.open_flows.insert(flow.id, (flow.packets, flow.bytes));
        }
    }

    /// The state to be told at `now_us`, if there is a new one and it is time.
    pub(super) fn news(&mut self, now_us: i64) -> Option<Arc<Incident>> {
        let is_due = now_us.saturating_sub(self.told_us) >= TOLD_EVERY_US;
        (is_due && self.is_changed).then(|| self.tell(now_us))
    }

    /// The newest state.
    pub(super) fn tell(&mut self, now_us: i64) -> Arc<Incident> {
        self.told_us = now_us;
        self.is_changed = false;
        Arc::new(self.incident.clone())
    }

    /// Whether there is something that has not been told.
    pub(super) const fn is_changed(&self) -> bool {
        self.is_changed
    }

    /// The end of it.
    pub(super) fn resolved(mut self, at_us: i64) -> Arc<Incident> {
        self.incident.status = Status::Resolved;
        self.incident.resolved_us = Some(at_us);
        Arc::new(self.incident)
    }
}

/// Adds a host to one end.
fn list(hosts: &mut Hosts, known: &mut HashSet<Address, RandomState>, host: Address) {
    if known.len() >= HOSTS || !known.insert(host) {
        return;
    }
    hosts.total += 1;
    if hosts.listed.len() < Hosts::LISTED {
        hosts.listed.push(host);
    }
}
