//! Where an alarm belongs: an open incident, or others of its class and pivot.

use super::alarm::{Alarm, Key};
use super::candidate::Candidate;
use super::fit::Leg;
use super::followed::Counted;
use super::kin::are_kin;
use super::ongoing::Ongoing;
use super::record::IncidentId;
use super::tracker::Tracker;
use crate::flow::State;

impl Tracker {
    /// Brings an alarm to where it belongs; the incident, if it is part of one.
    pub(super) fn place(&mut self, alarm: &Alarm, in_a_row: u32) -> Option<u64> {
        if self.followed.has_nothing_new(&alarm.flow) {
            return None;
        }
        let serial = self.known_home(alarm).or_else(|| self.home(alarm));
        if let Some(serial) = serial {
            self.count(serial, alarm);
            return Some(serial);
        }
        self.suspect(alarm, in_a_row)
    }

    /// The open incident in which the flow was counted as what it alarms as now, or as kin of it.
    fn known_home(&self, alarm: &Alarm) -> Option<u64> {
        let serials = self.followed.counted(alarm.flow.id).iter().map(|counted| counted.serial);
        let is_home = |serial: &u64| {
            let class = self.open.get(serial).map(Ongoing::class);
            class.is_some_and(|class| are_kin(class, alarm.class))
        };
        serials.filter(is_home).min()
    }

    /// The open incident that an alarm belongs to: of its own class first, the oldest first.
    fn home(&self, alarm: &Alarm) -> Option<u64> {
        let fits = self.open.iter().filter_map(|(serial, one)| Some((one.fit(alarm)?, *serial)));
        fits.min().map(|(_, serial)| serial)
    }

    /// Counts a flow in an incident, or brings it up to date there.
    fn count(&mut self, serial: u64, alarm: &Alarm) {
        let before = self.followed.counted(alarm.flow.id).iter().find(|one| one.serial == serial);
        let before = before.copied();
        let can_follow = self.followed.can_follow(&alarm.flow);
        let Some(ongoing) = self.open.get_mut(&serial) else { return };
        match before {
            Some(Counted { packets, bytes, .. }) => ongoing.update(alarm, packets, bytes),
            None if can_follow => ongoing.join(alarm, &mut self.room),
            // It is counted by the last word on it.
            None => return ongoing.keep_up(alarm.flow.at_us),
        }
        self.followed.count(alarm, serial, |serial| self.open.contains_key(&serial));
    }

    /// Puts an alarm with those of its class and pivot; the incident, if they are one now.
    fn suspect(&mut self, alarm: &Alarm, in_a_row: u32) -> Option<u64> {
        let key = alarm.key();
        let is_late = self.past.peek(&key).is_some_and(|until_us| alarm.flow.last_us <= *until_us);
        // After its last word nothing tells where a flow was counted: it would count there again.
        let is_spent = matches!(alarm.flow.state, State::Final(_))
            && !self.followed.counted(alarm.flow.id).is_empty();
        if is_late || is_spent || !self.followed.can_follow(&alarm.flow) {
            return None;
        }
        self.followed.suspect(alarm);
        let candidate = self.candidates.get_or_insert_mut(key, Candidate::default);
        candidate.add(*alarm, in_a_row, self.options.window_us);
        if !candidate.is_attack(self.options.opening_flows) {
            return None;
        }
        let alarms: Vec<Alarm> = self.candidates.pop(&key)?.alarms().collect();
        let leg = Leg::of(&alarms)?;
        let other_leg = self.open.iter().find(|(_, ongoing)| ongoing.is_other_leg(&leg));
        let serial = match other_leg {
            Some((serial, _)) => *serial,
            None => self.begin(key, leg.first_us),
        };
        for alarm in &alarms {
            self.count(serial, alarm);
        }
        self.absorb(serial);
        Some(serial)
    }

    /// Opens an incident whose first packet came at `first_us`; its flows are still to be counted.
    fn begin(&mut self, key: Key, first_us: i64) -> u64 {
        let floor_us = self.past.get(&key).map_or(i64::MIN, |until_us| until_us.saturating_add(1));
        let first_us = first_us.max(floor_us);
        self.past.put(key, first_us);
        let (class, pivot) = key;
        let id = IncidentId::new(&self.sensor, class, pivot, first_us);
        self.insert(Ongoing::opened(id, key, first_us, floor_us, self.now_us))
    }

    /// Counts earlier alarms that belong to an incident that has just opened.
    fn absorb(&mut self, serial: u64) {
        let Some(ongoing) = self.open.get(&serial) else { return };
        let all = self.candidates.iter().flat_map(|(_, candidate)| candidate.alarms());
        let mut alarms: Vec<Alarm> =
            all.filter(|alarm| are_kin(alarm.class, ongoing.class())).collect();
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
