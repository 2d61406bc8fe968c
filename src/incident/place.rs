//! Where an alarm belongs: an open incident, or others of its class and pivot.

use super::alarm::{Alarm, Key};
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
        if before.is_none() {
            self.make_room();
        }
        let Some(ongoing) = self.open.get_mut(&serial) else { return };
        let class = ongoing.class();
        let (span, hosts) = match before {
            Some(Counted { packets, bytes, span, .. }) => {
                ongoing.update(alarm, packets, bytes);
                (span, [None; 2])
            }
            None if can_follow => {
                let hosts = ongoing.join(alarm, &mut self.room);
                ((!self.spans.is_full()).then(|| ongoing.next_span()).flatten(), hosts)
            }
            // It is counted by the last word on it.
            None => return ongoing.keep_up(alarm.flow.at_us),
        };
        let said = ongoing.hear(alarm, before.map(|before| before.said));
        let has_changed_class = ongoing.class() != class;
        if let Some(number) = span {
            self.spans.keep((serial, number), ongoing.incident.id, alarm);
        }
        let is_known = |serial| self.open.contains_key(&serial) || self.closed.contains(serial);
        self.followed.count(alarm, (serial, span, said), is_known);
        hosts.into_iter().flatten().for_each(|host| self.relate(serial, host));
        if has_changed_class {
            self.relate_again(serial);
        }
    }

    /// Puts an alarm with those of its class and pivot; the incident, if they are one now.
    fn suspect(&mut self, alarm: &Alarm, in_a_row: u32) -> Option<u64> {
        let alarm = &alarm.after(in_a_row);
        let key = alarm.key();
        let is_late = self.past.peek(&key).is_some_and(|until_us| alarm.flow.last_us <= *until_us);
        // After its last word nothing tells where a flow was counted: it would count there again.
        let is_spent = matches!(alarm.flow.state, State::Final(_))
            && !self.followed.counted(alarm.flow.id).is_empty();
        if is_late || is_spent || !self.followed.can_follow(&alarm.flow) {
            return None;
        }
        self.followed.suspect(alarm);
        let candidate = self.candidates.add(alarm, in_a_row, self.options.window_us)?;
        let needed = self.options.weights.of(alarm.class);
        if !candidate.is_attack(self.options.opening_flows, needed, &self.accepted) {
            return None;
        }
        if self.candidates.is_part_of_usual(&key, &self.accepted, self.options.window_us) {
            return None;
        }
        let candidate = self.candidates.take(&key)?;
        let alarms: Vec<Alarm> = candidate.alarms().collect();
        let leg = Leg::of(&alarms)?;
        let serial = self.begin(key, &alarms, &leg);
        for alarm in &alarms {
            self.count(serial, alarm);
        }
        if let Some(ongoing) = self.open.get_mut(&serial) {
            ongoing.weighs(key, candidate.weight());
        }
        self.absorb(serial);
        Some(serial)
    }

    /// The incident that `alarms` are from now on, whose flows are still to be counted: one that
    /// comes back, the other leg of an open one, or a new one.
    fn begin(&mut self, key: Key, alarms: &[Alarm], leg: &Leg) -> u64 {
        if let Some(serial) = self.closed.home(alarms, self.options.reopen_us) {
            self.reopen(serial, key, leg.first_us);
            return serial;
        }
        if let Some((serial, _)) = self.open.iter().find(|(_, one)| one.is_other_leg(leg)) {
            return *serial;
        }
        let floor_us = self.past.get(&key).map_or(i64::MIN, |until_us| until_us.saturating_add(1));
        let first_us = leg.first_us.max(floor_us);
        self.past.put(key, first_us);
        let (class, pivot) = key;
        let id = IncidentId::new(&self.sensor, class, pivot, first_us);
        self.admit(Ongoing::opened(id, key, first_us, floor_us, self.now_us))
    }

    /// Counts earlier alarms that belong to an incident that has just opened.
    fn absorb(&mut self, serial: u64) {
        let Some(ongoing) = self.open.get(&serial) else { return };
        let all = self.candidates.alarms();
        let mut alarms: Vec<Alarm> =
            all.filter(|alarm| are_kin(alarm.class, ongoing.class())).collect();
        alarms.sort_unstable_by_key(|alarm| alarm.ordinal);
        for alarm in alarms {
            if self.open.get(&serial).is_some_and(|ongoing| ongoing.fit(&alarm).is_some()) {
                self.candidates.withdraw(&alarm.key(), &alarm.flow, alarm.said());
                self.count(serial, &alarm);
            }
        }
    }
}
