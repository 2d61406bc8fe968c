//! Which incidents belong together: those that share a host, and those of which one led to another.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::change::Change;
use super::ongoing::Ongoing;
use super::options::Options;
use super::record::{Incident, IncidentId};
use super::severity::is_further_along;
use super::tracker::Tracker;
use crate::packet::Address;

/// By host, the incidents that remember it: never more than there is room for hosts.
#[derive(Debug, Default)]
pub(super) struct Index(BTreeSet<(Address, u64)>);

impl Index {
    pub(super) fn insert(&mut self, host: Address, serial: u64) {
        self.0.insert((host, serial));
    }

    pub(super) fn remove(&mut self, serial: u64, ongoing: &Ongoing) {
        for host in ongoing.sources.iter().chain(ongoing.targets.iter()) {
            self.0.remove(&(host, serial));
        }
    }

    /// The newest incidents but `serial` that `host` is in, as many as one can name.
    fn others(&self, host: Address, serial: u64) -> Vec<u64> {
        let all = self.0.range((host, 0)..=(host, u64::MAX)).rev().map(|(_, other)| *other);
        all.filter(|other| *other != serial).take(Incident::RELATED).collect()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl Ongoing {
    /// Takes another as related, and whether one of the two led to the other; true where that is
    /// new and can be told.
    fn take_related(&mut self, serial: u64, id: IncidentId, is_chain: bool) -> bool {
        let is_known = self.related.iter().any(|(_, known)| *known == id);
        let is_to_be_named = !is_known && self.related.len() < Incident::RELATED;
        if is_to_be_named {
            let at = self.related.partition_point(|(known, _)| *known < serial);
            self.related.insert(at, (serial, id));
        }
        let is_more = is_chain && !self.is_of_a_chain;
        self.is_of_a_chain |= is_chain;
        is_to_be_named || is_more
    }
}

impl Tracker {
    /// Links an incident with others that `host`, which is new in it, is in.
    pub(super) fn relate(&mut self, serial: u64, host: Address) {
        self.index.insert(host, serial);
        for other in self.index.others(host, serial) {
            self.link(serial.min(other), serial.max(other), host);
        }
    }

    /// Looks again at what led to what after an incident has changed its class, by the first of its
    /// hosts.
    pub(super) fn relate_again(&mut self, serial: u64) {
        let Some(ongoing) = self.open.get(&serial) else { return };
        let ends = [ongoing.sources.all().listed, ongoing.targets.all().listed];
        ends.into_iter().flatten().for_each(|host| self.relate(serial, host));
    }

    /// Each of two incidents that `host` is in names the other; both are more urgent where the later
    /// is further along and done by the source of the earlier, or by a host that was its target.
    fn link(&mut self, earlier: u64, later: u64, host: Address) {
        let (Some(first), Some(second)) = (self.known(earlier), self.known(later)) else { return };
        let is_chain =
            is_further_along(first.class(), second.class()) && second.sources.contains(host);
        let (first_id, second_id) = (first.incident.id, second.incident.id);
        self.link_to(earlier, (later, second_id), is_chain);
        self.link_to(later, (earlier, first_id), is_chain);
    }

    fn link_to(&mut self, serial: u64, (other, id): (u64, IncidentId), is_chain: bool) {
        let Options { quiet_us, telling_us, .. } = self.options;
        if let Some(ongoing) = self.open.get_mut(&serial) {
            // One that is new is told, and weighed, once all its flows are counted.
            if ongoing.take_related(other, id, is_chain) && !ongoing.is_new() {
                ongoing.weigh();
                ongoing.has_changed();
                self.due_us = self.due_us.min(ongoing.due_us(quiet_us, telling_us));
            }
        } else if let Some(closed) = self.closed.get_mut(serial)
            && closed.take_related(other, id, is_chain)
        {
            closed.weigh();
            self.changes.push(Change::Changed(Arc::new(closed.told(self.now_us))));
        }
    }

    /// An incident that is open or remembered.
    fn known(&self, serial: u64) -> Option<&Ongoing> {
        self.open.get(&serial).or_else(|| self.closed.get(serial))
    }
}
