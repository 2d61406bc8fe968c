//! How incidents begin, end, come back and are forgotten.

use std::cmp::Reverse;
use std::sync::Arc;

use super::alarm::Key;
use super::allowance::Allowance;
use super::change::Change;
use super::ongoing::Ongoing;
use super::options::Options;
use super::record::{Incident, IncidentId, Severity, Status};
use super::tracker::Tracker;
use crate::detect::CLASSES;

/// How far packet time may be behind an incident of an earlier run that goes on, in µs.
const LATE_START_US: i64 = 5_000_000;

/// Hosts that a flow can add.
const HOSTS_OF_A_FLOW: usize = 2;

impl Ongoing {
    /// It is over since `at_us`.
    pub(super) fn end(&mut self, at_us: i64) {
        self.incident.status = Status::Resolved;
        self.incident.resolved_us = Some(at_us);
    }

    /// It has come back as `class` about `pivot`, with packets since `first_us`: the counts go on,
    /// what it is and how urgent is said anew.
    pub(super) fn revive(&mut self, (class, pivot): Key, first_us: i64, now_us: i64) {
        self.floor_us = self.ended_us().saturating_add(1);
        self.began_us = first_us.max(self.floor_us);
        self.by_class = [0; CLASSES];
        (self.told_us, self.explained) = (None, None);
        let incident = &mut self.incident;
        (incident.class, incident.pivot, incident.severity) = (class, pivot, Severity::Low);
        (incident.status, incident.resolved_us) = (Status::Open, None);
        incident.reopened = incident.reopened.saturating_add(1);
        self.keep_up(now_us);
    }

    /// Since when it is over, if it is.
    pub(super) fn ended_us(&self) -> i64 {
        self.incident.resolved_us.unwrap_or(self.incident.last_us)
    }
}

impl Tracker {
    /// Takes `incidents` from an earlier run, before the first verdict: an attack that goes on is
    /// then the same incident, and so is one that comes back.
    ///
    /// Of the hosts only those listed are known, so that later totals are at least what they say.
    pub fn restore(&mut self, incidents: Vec<Incident>) {
        let is_over = |incident: &Incident| incident.status == Status::Resolved;
        let ended_us = |one: &Incident| one.resolved_us.unwrap_or(one.last_us);
        let (mut over, mut all): (Vec<_>, Vec<_>) = incidents.into_iter().partition(is_over);
        over.sort_by_key(|incident| (Reverse(ended_us(incident)), incident.id));
        all.extend(over.into_iter().take(self.options.closed));
        all.sort_by_key(|incident| (incident.first_us, incident.id));
        for incident in all {
            let ongoing = Ongoing::restored(incident, &mut self.room);
            if ongoing.incident.status == Status::Resolved {
                let serial = self.number(&ongoing);
                self.retire(serial, ongoing);
            } else {
                self.past.put(ongoing.key, ongoing.last_us());
                self.admit(ongoing);
            }
        }
        self.is_restored = true;
    }

    /// Somebody says that an open incident is over.
    ///
    /// What alarms after that, be it flows that are in it already and go on, is a new life of it as
    /// soon as it would be an incident of its own: a few flows within a minute, or one in two
    /// verdicts in a row where that is enough.
    pub fn close(&mut self, id: IncidentId) {
        let found = self.open.iter().find(|(_, ongoing)| ongoing.incident.id == id);
        if let Some((serial, _)) = found {
            let (serial, now_us) = (*serial, self.now_us);
            self.resolve(serial, |ongoing| now_us.max(ongoing.last_us()));
        }
    }

    /// The capture's clock jumped back: another capture begins, and what was open is over since its
    /// last packet. Incidents of the same packets have the same ids again, and none comes back.
    pub fn restart(&mut self) {
        while let Some(serial) = self.open.keys().next().copied() {
            self.resolve(serial, Ongoing::last_us);
        }
        while let Some((_, serial)) = self.closed.oldest() {
            self.forget(serial);
        }
        self.candidates.clear();
        self.followed.clear();
        self.past.clear();
        self.now_us = i64::MIN;
        self.due_us = i64::MAX;
        self.is_restored = false;
        self.explanations = Allowance::new(self.options.explanations);
    }

    /// Adds an incident to the open ones.
    pub(super) fn admit(&mut self, ongoing: Ongoing) -> u64 {
        let serial = self.number(&ongoing);
        self.open_as(serial, ongoing);
        serial
    }

    /// A closed incident is open again, as what `key` says, with packets since `first_us`.
    pub(super) fn reopen(&mut self, serial: u64, key: Key, first_us: i64) {
        if let Some(mut ongoing) = self.closed.remove(serial) {
            ongoing.revive(key, first_us, self.now_us);
            self.open_as(serial, ongoing);
        }
    }

    /// Opens an incident under its number, in place of the one quiet the longest if there are too
    /// many.
    fn open_as(&mut self, serial: u64, ongoing: Ongoing) {
        let most = self.options.open.max(1);
        while self.open.len() >= most {
            let quietest = self.open.iter().min_by_key(|(serial, one)| (one.active_us, **serial));
            let Some(serial) = quietest.map(|(serial, _)| *serial) else { break };
            let now_us = self.now_us;
            self.resolve(serial, |ongoing| now_us.max(ongoing.last_us()));
            self.resolved_early += 1;
        }
        let Options { quiet_us, telling_us, .. } = self.options;
        self.due_us = self.due_us.min(ongoing.due_us(quiet_us, telling_us));
        self.open.insert(serial, ongoing);
    }

    /// The next number, under which the hosts that are known are found.
    fn number(&mut self, ongoing: &Ongoing) -> u64 {
        // None has the number 0.
        self.opened += 1;
        for host in ongoing.sources.iter().chain(ongoing.targets.iter()) {
            self.index.insert(host, self.opened);
        }
        self.opened
    }

    pub(super) fn resolve(&mut self, serial: u64, at_us: impl FnOnce(&Ongoing) -> i64) {
        let Some(mut ongoing) = self.open.remove(&serial) else { return };
        ongoing.end(at_us(&ongoing));
        self.changes.push(Change::Resolved(Arc::new(ongoing.told(self.now_us))));
        self.retire(serial, ongoing);
    }

    /// Remembers an incident that is over, as long as it may come back.
    fn retire(&mut self, serial: u64, ongoing: Ongoing) {
        for key in ongoing.keys() {
            self.past.put(key, ongoing.ended_us());
        }
        self.closed.insert(serial, ongoing);
        while self.closed.len() > self.options.closed {
            let Some((_, oldest)) = self.closed.oldest() else { break };
            self.forget(oldest);
        }
        self.due_us = self.forget_us().map_or(self.due_us, |due_us| due_us.min(self.due_us));
    }

    /// When the next closed incident cannot come back any more: what opens one may have alarmed for
    /// the first time as long before as [`Options::window_us`].
    pub(super) fn forget_us(&self) -> Option<i64> {
        let Options { reopen_us, window_us, .. } = self.options;
        let (ended_us, _) = self.closed.oldest()?;
        Some(ended_us.saturating_add(reopen_us).saturating_add(window_us).saturating_add(1))
    }

    /// Forgets closed incidents that cannot come back any more.
    pub(super) fn forget_past(&mut self) {
        while self.forget_us().is_some_and(|forget_us| self.now_us >= forget_us)
            && let Some((_, serial)) = self.closed.oldest()
        {
            self.forget(serial);
        }
    }

    /// Forgets closed incidents where the hosts of open ones need the room.
    pub(super) fn make_room(&mut self) {
        while self.room.0 < HOSTS_OF_A_FLOW
            && let Some((_, serial)) = self.closed.oldest()
        {
            self.forget(serial);
        }
    }

    fn forget(&mut self, serial: u64) {
        if let Some(ongoing) = self.closed.remove(serial) {
            self.index.remove(serial, &ongoing);
            self.room.0 += ongoing.hosts();
        }
    }

    /// Resolves incidents of an earlier run whose packets are still to come, and forgets those that
    /// were over: another capture.
    ///
    /// Not those that are only a little ahead: on a quiet interface packet time is kept behind the
    /// clock, so that who starts again at once begins before the last packet that was seen.
    pub(super) fn leave_behind(&mut self, now_us: i64) {
        let soon_us = now_us.saturating_add(LATE_START_US);
        let is_ahead = |ongoing: &Ongoing| ongoing.last_us() > soon_us;
        let open = self.open.iter().filter(|(_, one)| is_ahead(one));
        let open: Vec<u64> = open.map(|(serial, _)| *serial).collect();
        for serial in &open {
            self.resolve(*serial, Ongoing::last_us);
        }
        let closed = self.closed.iter().filter(|(_, one)| is_ahead(one));
        let closed: Vec<u64> = closed.map(|(serial, _)| serial).collect();
        for serial in &closed {
            self.forget(*serial);
        }
        if !closed.is_empty() {
            // Whatever is read again is to have the same ids.
            self.past.clear();
        }
    }
}
