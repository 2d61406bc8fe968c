//! Incidents that are over and may come back.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::alarm::Alarm;
use super::ongoing::Ongoing;

/// Incidents that are over and may come back.
#[derive(Debug, Default)]
pub(super) struct Closed {
    /// By their number in the order in which they opened.
    incidents: BTreeMap<u64, Ongoing>,
    /// Since when they are over, and their number.
    ends: BTreeSet<(i64, u64)>,
}

impl Closed {
    pub(super) fn insert(&mut self, serial: u64, ongoing: Ongoing) {
        self.ends.insert((ongoing.ended_us(), serial));
        self.incidents.insert(serial, ongoing);
    }

    pub(super) fn remove(&mut self, serial: u64) -> Option<Ongoing> {
        let ongoing = self.incidents.remove(&serial)?;
        self.ends.remove(&(ongoing.ended_us(), serial));
        Some(ongoing)
    }

    pub(super) fn get(&self, serial: u64) -> Option<&Ongoing> {
        self.incidents.get(&serial)
    }

    pub(super) fn get_mut(&mut self, serial: u64) -> Option<&mut Ongoing> {
        self.incidents.get_mut(&serial)
    }

    pub(super) fn contains(&self, serial: u64) -> bool {
        self.incidents.contains_key(&serial)
    }

    pub(super) fn len(&self) -> usize {
        self.incidents.len()
    }

    /// By their number in the order in which they opened.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &Ongoing)> {
        self.incidents.iter().map(|(serial, ongoing)| (*serial, ongoing))
    }

    /// Since when the one is over that is so the longest, and its number.
    pub(super) fn oldest(&self) -> Option<(i64, u64)> {
        self.ends.first().copied()
    }

    /// The incident that `alarms`, of one class and pivot, are a new life of, if they began to
    /// alarm within `reopen_us` of its end: of their class first, then the one over last.
    pub(super) fn home(&self, alarms: &[Alarm], reopen_us: i64) -> Option<u64> {
        let since_us = alarms.iter().map(|alarm| alarm.flow.at_us).min()?;
        let fits = self.iter().filter_map(|(serial, ongoing)| {
            let ended_us = ongoing.ended_us();
            if since_us > ended_us.saturating_add(reopen_us) {
                return None;
            }
            // The farthest of all: where one alarm is not part of it, they are not it again.
            let fits = alarms.iter().map(|alarm| ongoing.fit_again(alarm));
            let fit = fits.collect::<Option<Vec<_>>>()?.into_iter().max()?;
            Some((fit, Reverse(ended_us), serial))
        });
        fits.min().map(|(.., serial)| serial)
    }
}
