//! Follows verdicts and says what becomes an incident, how it changes, and when it is over.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use foldhash::fast::RandomState;
use lru::LruCache;

use super::accepted::Accepted;
use super::alarm::{Alarm, Key};
use super::allowance::Allowance;
use super::candidates::Candidates;
use super::change::Change;
use super::closed::Closed;
use super::followed::Followed;
use super::host_set::Room;
use super::ongoing::Ongoing;
use super::options::Options;
use super::record::{Incident, IncidentId};
use super::related::Index;
use super::span::FlowSpan;
use super::spans::Spans;
use crate::detect::{FlowSummary, Reason, Verdict};

/// Verdicts to incidents.
///
/// Verdicts are to come in the order of packet time; the same calls give the same incidents. A flow
/// counts once in an incident, with what its newest verdict says.
#[derive(Debug)]
pub struct Tracker {
    pub(super) sensor: String,
    pub(super) options: Options,
    pub(super) now_us: i64,
    /// By their number in the order in which they opened.
    pub(super) open: BTreeMap<u64, Ongoing>,
    pub(super) opened: u64,
    /// Incidents that are over and may come back, by the same numbers.
    pub(super) closed: Closed,
    pub(super) index: Index,
    pub(super) spans: Spans,
    pub(super) candidates: Candidates,
    pub(super) accepted: Accepted,
    pub(super) followed: Followed,
    /// Until when class and pivot had an incident: later ones do not reach back before it.
    pub(super) past: LruCache<Key, i64, RandomState>,
    pub(super) room: Room,
    alarms: u64,
    pub(super) resolved_early: u64,
    pub(super) explanations: Allowance,
    /// When something is to be done about an incident.
    pub(super) due_us: i64,
    /// Whether incidents came from the database, and time has not been told since.
    pub(super) is_restored: bool,
    pub(super) changes: Vec<Change>,
}

impl Tracker {
    /// A tracker that knows no incident yet; the name of the sensor is part of their identity.
    #[must_use]
    pub fn new(sensor: &str, options: Options) -> Self {
        let candidates = NonZeroUsize::new(options.candidates).unwrap_or(NonZeroUsize::MIN);
        Self {
            sensor: sensor.to_owned(),
            now_us: i64::MIN,
            open: BTreeMap::new(),
            opened: 0,
            closed: Closed::default(),
            index: Index::default(),
            spans: Spans::new(options.spans),
            candidates: Candidates::new(candidates, options.suspects),
            accepted: Accepted::default(),
            followed: Followed::new(options.flows, options.forget_us),
            past: LruCache::with_hasher(candidates, RandomState::default()),
            room: Room(options.hosts),
            alarms: 0,
            resolved_early: 0,
            explanations: Allowance::new(options.explanations),
            due_us: i64::MAX,
            is_restored: false,
            changes: Vec::new(),
            options,
        }
    }

    /// From now on so much is accepted where it is, and makes no incident. Those that are open stay so.
    pub fn accept(&mut self, accepted: Accepted) {
        self.accepted = accepted;
    }

    /// Takes the next verdict. `explain` is expensive: it is asked once when an incident opens or
    /// changes its class, and when its score rises clearly above the one explained; where that is
    /// too often for [`Options::explanations`], by a later verdict on the same incident.
    pub fn observe(&mut self, verdict: &Verdict, explain: impl FnOnce() -> Vec<Reason>) {
        self.advance(verdict.flow.at_us);
        let alarm = Alarm::of(verdict, self.alarms);
        // A verdict replaces the one before it on the same flow.
        let before = self.withdraw(&verdict.flow);
        if let Some(alarm) = alarm {
            self.alarms += 1;
            let in_a_row = before.filter(|(key, _)| *key == alarm.key()).map_or(0, |(_, row)| row);
            if let Some(serial) = self.place(&alarm, in_a_row) {
                self.settle(serial, &alarm, explain);
            }
        }
        self.followed.heard(&verdict.flow);
    }

    /// Lets packet time pass: tells of changes that were held back, and resolves what is over.
    pub fn advance(&mut self, now_us: i64) {
        if std::mem::take(&mut self.is_restored) {
            self.leave_behind(now_us);
        }
        self.now_us = self.now_us.max(now_us);
        if self.now_us < self.due_us {
            return;
        }
        let Options { quiet_us, telling_us, .. } = self.options;
        let mut over = Vec::new();
        for (serial, ongoing) in &mut self.open {
            if self.now_us >= ongoing.over_us(quiet_us) {
                over.push(*serial);
            } else if self.now_us >= ongoing.due_us(quiet_us, telling_us) {
                self.changes.push(Change::Changed(Arc::new(ongoing.told(self.now_us))));
            }
        }
        for serial in over {
            self.resolve(serial, |ongoing| ongoing.over_us(quiet_us));
        }
        self.forget_past();
        let dues = self.open.values().map(|ongoing| ongoing.due_us(quiet_us, telling_us));
        self.due_us = dues.chain(self.forget_us()).min().unwrap_or(i64::MAX);
    }

    /// The input has ended: tells of all that was held back.
    ///
    /// What is not over by packet time stays open. That a file ends says nothing about the attack
    /// in it, and whoever takes up the traffic again finds it open.
    pub fn finish(&mut self) {
        for ongoing in self.open.values_mut().filter(|ongoing| ongoing.has_news()) {
            self.changes.push(Change::Changed(Arc::new(ongoing.told(self.now_us))));
        }
    }

    /// What has changed since the last call, in order.
    pub fn changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    /// Flows that joined incidents since the last call, or have more packets, in order; of one
    /// incident at most [`Incident::FLOW_SPANS`].
    pub fn spans(&mut self) -> Vec<(IncidentId, FlowSpan)> {
        self.spans.take()
    }

    /// The open incidents as they stand, in the order in which they opened.
    pub fn open(&self) -> impl ExactSizeIterator<Item = Incident> {
        self.open.values().map(Ongoing::shown)
    }

    /// Incidents that were resolved before they were over, to keep within [`Options::open`].
    #[must_use]
    pub const fn resolved_early(&self) -> u64 {
        self.resolved_early
    }

    /// Flows followed, candidates, hosts and closed incidents remembered.
    #[cfg(test)]
    pub(super) fn held(&self) -> [usize; 4] {
        let hosts = self.options.hosts - self.room.0;
        assert!(self.index.len() <= hosts, "what is forgotten is not in the index");
        [self.followed.len(), self.candidates.len(), hosts, self.closed.len()]
    }

    /// Takes back what the newest verdict on a flow said, unless an incident has counted it.
    fn withdraw(&mut self, flow: &FlowSummary) -> Option<(Key, u32)> {
        let (key, said) = self.followed.leave_candidate(flow.id)?;
        Some((key, self.candidates.withdraw(&key, flow, said)?))
    }

    /// Explains and tells what `alarm` has done to an incident.
    fn settle(&mut self, serial: u64, alarm: &Alarm, explain: impl FnOnce() -> Vec<Reason>) {
        let now_us = self.now_us;
        let Some(ongoing) = self.open.get_mut(&serial) else { return };
        if ongoing.is_to_be_explained(alarm) && self.explanations.take(now_us) {
            ongoing.explain(alarm, explain());
        }
        ongoing.weigh();
        if ongoing.is_new() {
            let incident = Arc::new(ongoing.told(now_us));
            let is_first = incident.reopened == 0;
            let change = if is_first { Change::Opened } else { Change::Reopened };
            self.changes.push(change(incident));
        }
        let Options { quiet_us, telling_us, .. } = self.options;
        self.due_us = self.due_us.min(ongoing.due_us(quiet_us, telling_us));
    }
}
