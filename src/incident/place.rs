//! Where an alarm belongs: an open incident, or others of its class and pivot.

use super::alarm::{Alarm, Key};
use super::candidate::Candidate;
use super::family::Family;
use super::fit::first_us;
use super::followed::Counted;
use super::ongoing::Ongoing;
use super::record::IncidentId;
use super::tracker::Tracker;

impl Tracker {
    /// Brings an alarm to where it belongs; the incident, if it is part of one.
    pub(super) fn place(&mut self, alarm: &Alarm, in_a_row: u32) -> Option<u64> {
        if let Some(counted) = self.followed.counted(alarm.flow.id, Family::of(alarm.class)) {
            let Counted { serial, packets, bytes } = counted;
            if alarm.flow.packets <= packets {
                // Nothing has come since: no sign that the attack goes on.
                return None;
            }
            if let Some(ongoing) = self.open.get_mut(&serial) {
                ongoing.update(alarm, packets, bytes);
                self.followed.count(alarm, serial);
                return Some(serial);
            }
        }
        if let Some(serial) = self.home(alarm) {
            self.count(serial, alarm);
            return Some(serial);
        }
        self.suspect(alarm, in_a_row)
    }

    /// The open incident that an alarm belongs to: of its own class first, the oldest first.
    fn home(&self, alarm: &Alarm) -> Option<u64> {
        let fits = self.open.iter().filter_map(|(serial, one)| Some((one.fit(alarm)?, *serial)));
        fits.min().map(|(_, serial)| serial)
    }

    fn count(&mut self, serial: u64, alarm: &Alarm) {
        let Some(ongoing) = self.open.get_mut(&serial) else { return };
        if self.followed.can_follow(&alarm.flow) {
            ongoing.join(alarm, &mut self.room);
            self.followed.count(alarm, serial);
        } else {
            // It is counted by the last word on it.
            ongoing.keep_up(alarm.flow.at_us);
        }
    }

    /// Puts an alarm with those of its class and pivot; the incident, if they are one now.
    fn suspect(&mut self, alarm: &Alarm, in_a_row: u32) -> Option<u64> {
        let key = alarm.key();
        let is_late = self.past.peek(&key).is_some_and(|until_us| alarm.flow.last_us <= *until_us);
        if is_late || !self.followed.can_follow(&alarm.flow) {
            return None;
        }
        self.followed.suspect(alarm);
        let candidate = self.candidates.get_or_insert_mut(key, Candidate::default);
        candidate.add(*alarm, in_a_row, self.options.window_us);
        if !candidate.is_attack(self.options.opening_flows) {
            return None;
        }
        let alarms: Vec<Alarm> = self.candidates.pop(&key)?.alarms().collect();
        let other_leg = self.open.iter().find(|(_, ongoing)| ongoing.is_other_leg(&alarms));
        let serial = match other_leg {
            Some((serial, _)) => *serial,
            None => self.begin(key, &alarms),
        };
        for alarm in &alarms {
            self.count(serial, alarm);
        }
        self.absorb(serial, Family::of(alarm.class));
        Some(serial)
    }

    /// Opens an incident for `alarms`, which are still to be counted.
    fn begin(&mut self, key: Key, alarms: &[Alarm]) -> u64 {
        let floor_us = self.past.get(&key).map_or(i64::MIN, |until_us| until_us.saturating_add(1));
        let first_us = first_us(alarms).unwrap_or(self.now_us).max(floor_us);
        self.past.put(key, first_us);
        let (class, pivot) = key;
        let id = IncidentId::new(&self.sensor, class, pivot, first_us);
        self.insert(Ongoing::opened(id, key, first_us, floor_us, self.now_us))
    }

    /// Counts earlier alarms that belong to an incident that has just opened.
    fn absorb(&mut self, serial: u64, family: Family) {
        let all = self.candidates.iter().flat_map(|(_, candidate)| candidate.alarms());
        let mut alarms: Vec<Alarm> =
            all.filter(|alarm| Family::of(alarm.class) == family).collect();
        alarms.sort_unstable_by_key(|alarm| alarm.ordinal);
        for alarm in alarms {
            if self.open.get(&serial).is_some_and(|ongoing| ongoing.fit(&alarm).is_some()) {
                if let Some(candidate) = self.candidates.peek_mut(&alarm.key()) {
                    candidate.withdraw(alarm.flow.id);
                }
                self.count(serial, &alarm);
            }
        }
    }
}
