//! Follows verdicts: which alarms become an incident, which belong to one, and when one is over.

use std::hash::Hasher;
use std::num::NonZeroUsize;
use std::sync::Arc;

use foldhash::fast::RandomState;
use lru::LruCache;
use siphasher::sip::SipHasher13;

use super::case::Case;
use super::pending::Pending;
use super::record::{Hosts, Incident, IncidentId, Pivot, Severity, Status};
use crate::detect::{Class, FlowSummary, Reason, Score, Verdict};
use crate::flow::State;
use crate::packet::Address;

const PENDING: usize = 4_096;
const OPEN: usize = 1_024;

/// When incidents open and end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    pub opening_flows: usize,
    pub window_us: i64,
    pub quiet_us: i64,
}

impl Default for Options {
    fn default() -> Self {
        Self { opening_flows: 3, window_us: 60_000_000, quiet_us: 60_000_000 }
    }
}

/// What happened to an incident, with its newest state.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    Opened(Arc<Incident>),
    Changed(Arc<Incident>),
    Resolved(Arc<Incident>),
}

impl Change {
    #[must_use]
    pub fn into_incident(self) -> Arc<Incident> {
        match self {
            Self::Opened(one) | Self::Changed(one) | Self::Resolved(one) => one,
        }
    }
}

#[derive(Debug)]
pub struct Tracker {
    sensor: String,
    options: Options,
    pending: LruCache<(Class, Address), Pending, RandomState>,
    open: Vec<Case>,
    changes: Vec<Change>,
}

impl Tracker {
    #[must_use]
    pub fn new(sensor: &str, options: Options) -> Self {
        let mut pending = LruCache::unbounded_with_hasher(RandomState::default());
        pending.resize(NonZeroUsize::new(PENDING).unwrap_or(NonZeroUsize::MIN));
        Self { sensor: sensor.into(), options, pending, open: Vec::new(), changes: Vec::new() }
    }

    pub fn restore(&mut self, incidents: Vec<Incident>) {
        self.open.extend(incidents.into_iter().map(|one| {
            let last_us = one.last_us;
            Case::new(one, last_us)
        }));
    }

    pub fn observe(&mut self, verdict: &Verdict, explain: impl FnOnce() -> Vec<Reason>) {
        let flow = &verdict.flow;
        self.advance(flow.at_us);
        if !verdict.is_alarm {
            self.calm(flow);
            return;
        }
        let (class, score) = (verdict.class, verdict.score);
        if let Some(case) = self.open.iter_mut().find(|case| case.takes(class, flow)) {
            case.add(class, flow, score);
            self.changes.extend(case.news(flow.at_us).map(Change::Changed));
            return;
        }
        let pivot = match Pivot::of(class) {
            Pivot::Source => flow.tuple.source,
            Pivot::Target => flow.tuple.target,
        };
        let key = (class, pivot);
        let pending = self.pending.get_or_insert_mut(key, Pending::default);
        if pending.add(verdict, &self.options)
            && let Some(pending) = self.pending.pop(&key)
        {
            self.open(key, &pending, score, flow.at_us, explain());
        }
    }

    pub fn advance(&mut self, now_us: i64) {
        let quiet_us = self.options.quiet_us;
        let mut at = 0;
        while at < self.open.len() {
            if now_us.saturating_sub(self.open[at].last_alarm_us) > quiet_us {
                let case = self.open.remove(at);
                let over_us = case.last_alarm_us.saturating_add(quiet_us);
                self.changes.push(Change::Resolved(case.resolved(over_us)));
            } else {
                self.changes.extend(self.open[at].news(now_us).map(Change::Changed));
                at += 1;
            }
        }
    }

    pub fn restart(&mut self) {
        for case in std::mem::take(&mut self.open) {
            let last_us = case.incident.last_us;
            self.changes.push(Change::Resolved(case.resolved(last_us)));
        }
        self.pending.clear();
    }

    pub fn finish(&mut self) {
        for case in self.open.iter_mut().filter(|case| case.is_changed()) {
            let now_us = case.last_alarm_us;
            self.changes.push(Change::Changed(case.tell(now_us)));
        }
    }

    pub fn changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    fn calm(&mut self, flow: &FlowSummary) {
        if matches!(flow.state, State::Final(_)) {
            self.open.iter_mut().for_each(|case| case.close(flow.id));
        }
        if flow.reports == 0 {
            return;
        }
        for class in Class::ALL {
            let pivot = match Pivot::of(class) {
                Pivot::Source => flow.tuple.source,
                Pivot::Target => flow.tuple.target,
            };
            if self.pending.peek_mut(&(class, pivot)).is_some_and(|one| one.cancel(flow.id)) {
                self.pending.pop(&(class, pivot));
            }
        }
    }

    fn open(
        &mut self,
        (class, pivot): (Class, Address),
        pending: &Pending,
        score: Score,
        now_us: i64,
        why: Vec<Reason>,
    ) {
        let first_us = pending.flows().map(|flow| flow.first_us).min().unwrap_or(now_us);
        let incident = Incident {
            id: id(&self.sensor, class, pivot, first_us),
            class,
            severity: Severity::Low,
            status: Status::Open,
            score,
            pivot,
            sources: Hosts::default(),
            targets: Hosts::default(),
            target_port: None,
            flows: 0,
            packets: 0,
            bytes: 0,
            first_us,
            last_us: first_us,
            detected_us: now_us,
            resolved_us: None,
            why,
            flow_ids: Vec::new(),
        };
        let mut case = Case::new(incident, now_us);
        pending.flows().for_each(|flow| case.add(class, flow, score));
        self.changes.push(Change::Opened(case.tell(now_us)));
        if self.open.len() >= OPEN {
            let case = self.open.remove(0);
            let last_us = case.incident.last_us;
            self.changes.push(Change::Resolved(case.resolved(last_us)));
        }
        self.open.push(case);
    }
}

fn id(sensor: &str, class: Class, pivot: Address, first_us: i64) -> IncidentId {
    let mut hasher = SipHasher13::new();
    for part in [
        sensor.as_bytes(),
        &[0],
        class.name().as_bytes(),
        &pivot.bits().to_be_bytes(),
        &first_us.to_be_bytes(),
    ] {
        hasher.write(part);
    }
    IncidentId(hasher.finish())
}
