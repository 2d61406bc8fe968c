//! An incident that is followed: an open one, or one that is over and may come back.

use super::alarm::{Alarm, Key};
use super::host_set::{HostSet, Room};
use super::kin::one_flow_suffices;
use super::minute::{Minute, Said};
use super::names::Names;
use super::ports::Ports;
use super::record::{Hosts, Incident, IncidentId, Pivot, Severity, Status};
use super::severity::is_at_control;
use crate::detect::{CLASSES, Class, Reason, Score, Weight};
use crate::packet::Address;

/// By how much a score must rise above the one that was explained to be explained again.
const CLEAR_RISE: f64 = 0.1;

/// An incident that is followed.
#[derive(Debug)]
pub(super) struct Ongoing {
    /// All but its hosts, port and related ones, which [`Ongoing::shown`] adds.
    pub(super) incident: Incident,
    /// What it was opened as, from which its id is made.
    pub(super) key: Key,
    pub(super) sources: HostSet,
    pub(super) targets: HostSet,
    /// Hosts that are both.
    shared: usize,
    /// Flows of this life by the class that they alarmed as when they were counted.
    pub(super) by_class: [u64; CLASSES],
    pub(super) ports: Ports,
    minute: Minute,
    /// Nothing before this moment belongs to this life of it.
    pub(super) floor_us: i64,
    /// First packet of this life of it.
    pub(super) began_us: i64,
    /// Related incidents, oldest first: their number in the order in which they opened, 0 where it
    /// is not known any more, and identity.
    pub(super) related: Vec<(u64, IncidentId)>,
    /// Whether it was followed by something further along, or is what followed.
    pub(super) is_of_a_chain: bool,
    /// Flows of which the packets can be found again.
    spans: usize,
    /// When an alarm last brought something new.
    pub(super) active_us: i64,
    /// When it was last told of, if it was.
    pub(super) told_us: Option<i64>,
    has_news: bool,
    pub(super) explained: Option<Score>,
}

impl Ongoing {
    /// An incident without flows yet; the first of them begins at `first_us`.
    pub(super) fn opened(
        id: IncidentId,
        (class, pivot): Key,
        first_us: i64,
        floor_us: i64,
        detected_us: i64,
    ) -> Self {
        let incident = Incident {
            id,
            class,
            severity: Severity::Low,
            status: Status::Open,
            score: Score::ZERO,
            weight: Weight::ZERO,
            pivot,
            sources: Hosts::default(),
            targets: Hosts::default(),
            target_port: None,
            flows: 0,
            packets: 0,
            bytes: 0,
            first_us,
            last_us: first_us,
            detected_us,
            resolved_us: None,
            reopened: 0,
            acknowledged: None,
            resolved_by: None,
            feedback: None,
            muted_by: None,
            related: Vec::new(),
            why: Vec::new(),
            flow_ids: Vec::new(),
            names: Names::default(),
            processes: Vec::new(),
        };
        Self::following(incident, &mut Room(0), floor_us)
    }

    /// An incident of an earlier run, of which only the traffic is followed: not what people or processes did.
    pub(super) fn restored(incident: Incident, room: &mut Room) -> Self {
        let status = match incident.status {
            Status::Open | Status::Acknowledged => Status::Open,
            Status::Resolved => Status::Resolved,
        };
        let incident = Incident {
            status,
            acknowledged: None,
            resolved_by: None,
            feedback: None,
            muted_by: None,
            ..incident.by_traffic()
        };
        let mut ongoing = Self::following(incident, room, i64::MIN);
        ongoing.explained = Some(ongoing.incident.score);
        ongoing.told_us = Some(ongoing.active_us);
        ongoing
    }

    fn following(incident: Incident, room: &mut Room, floor_us: i64) -> Self {
        let sources = HostSet::restored(&incident.sources, room);
        let targets = HostSet::restored(&incident.targets, room);
        let mut by_class = [0; CLASSES];
        by_class[incident.class as usize] = incident.flows;
        let ports = Ports::restored(incident.target_port, incident.flows);
        Self {
            key: (incident.class, incident.pivot),
            sources,
            targets,
            shared: 0,
            by_class,
            ports,
            minute: Minute::default(),
            floor_us,
            began_us: incident.first_us,
            related: incident.related.iter().map(|id| (0, *id)).collect(),
            is_of_a_chain: false,
            spans: usize::try_from(incident.flows).unwrap_or(usize::MAX),
            active_us: incident.last_us.max(incident.detected_us),
            told_us: None,
            has_news: false,
            explained: None,
            incident,
        }
    }

    /// Counts a flow that was not in it; the hosts that are new at their end of it.
    pub(super) fn join(&mut self, alarm: &Alarm, room: &mut Room) -> [Option<Address>; 2] {
        let (source, target) = (alarm.source(), alarm.target());
        let is_new_source = self.sources.insert(source, room);
        if is_new_source && self.targets.contains(source) {
            self.shared += 1;
        }
        let is_new_target = self.targets.insert(target, room);
        if is_new_target && self.sources.contains(target) {
            self.shared += 1;
        }
        self.by_class[alarm.class as usize] += 1;
        self.reclassify(alarm);
        let incident = &mut self.incident;
        incident.flows += 1;
        incident.packets = incident.packets.saturating_add(alarm.flow.packets);
        incident.bytes = incident.bytes.saturating_add(alarm.flow.bytes);
        if incident.flow_ids.len() < Incident::FLOW_IDS {
            incident.flow_ids.push(alarm.flow.id);
        }
        self.began_us = self.began_us.min(alarm.flow.first_us.max(self.floor_us));
        incident.first_us = incident.first_us.min(self.began_us);
        // An ingress speaks to its pods on another port than the one that is attacked.
        if Pivot::of(incident.class) == Pivot::Source || target == incident.pivot {
            self.ports = self.ports.add(alarm.flow.tuple.ports().1);
        }
        self.take(alarm);
        [is_new_source.then_some(source), is_new_target.then_some(target)]
    }

    /// Brings a flow that is in it up to date; `packets` and `bytes` of it were counted before.
    pub(super) fn update(&mut self, alarm: &Alarm, packets: u64, bytes: u64) {
        let incident = &mut self.incident;
        let added = |all: u64, then: u64, now: u64| all.saturating_add(now.saturating_sub(then));
        incident.packets = added(incident.packets, packets, alarm.flow.packets);
        incident.bytes = added(incident.bytes, bytes, alarm.flow.bytes);
        self.take(alarm);
    }

    /// Takes what a flow says as evidence, which `said` something before: what is about the pivot and of
    /// its class counts, as in the candidate that it was.
    pub(super) fn hear(&mut self, alarm: &Alarm, said: Option<Said>) -> Said {
        let incident = &mut self.incident;
        if alarm.key() != (incident.class, incident.pivot) {
            return said.unwrap_or_default();
        }
        let mut says = alarm.said();
        if let Some(said) = said {
            self.minute.withdraw(said);
            if one_flow_suffices(alarm.class) {
                says.weight = says.weight + said.weight;
            }
        }
        self.minute.count(says);
        incident.weight = incident.weight.max(self.minute.weight());
        says
    }

    /// As the candidate of `key` it weighed so much, with flows that are not remembered.
    pub(super) fn weighs(&mut self, key: Key, weight: Weight) {
        let incident = &mut self.incident;
        if key == (incident.class, incident.pivot) {
            incident.weight = incident.weight.max(weight);
        }
    }

    /// It goes on, though the flow that shows it cannot be counted.
    pub(super) fn keep_up(&mut self, at_us: i64) {
        self.active_us = self.active_us.max(at_us);
    }

    /// Says how urgent it is by all that is known now; within a life that never falls.
    pub(super) fn weigh(&mut self) {
        let incident = &mut self.incident;
        let usual = Severity::of(incident.class, incident.score, incident.flows);
        let is_at_control =
            self.ports.only().is_some_and(|port| is_at_control(incident.class, port));
        let steps = u8::from(is_at_control) + u8::from(self.is_of_a_chain);
        incident.severity = incident.severity.max(usual.raised(steps));
    }

    fn take(&mut self, alarm: &Alarm) {
        let incident = &mut self.incident;
        incident.last_us = incident.last_us.max(alarm.flow.last_us);
        incident.score = incident.score.max(alarm.score);
        self.has_news = true;
        self.keep_up(alarm.flow.at_us);
    }

    /// The class is the one its flows clearly are of: another takes its place with twice as many.
    fn reclassify(&mut self, alarm: &Alarm) {
        let [of_alarm, of_incident] =
            [alarm.class, self.incident.class].map(|class| self.by_class[class as usize]);
        // A new life may begin with flows that are counted already.
        let of_incident = of_incident.max(1);
        if alarm.class != self.incident.class && of_alarm >= of_incident.saturating_mul(2) {
            self.incident.class = alarm.class;
            self.incident.pivot = alarm.pivot();
            self.explained = None;
        }
    }

    /// Whether `alarm` says more about why than what is known. One of a kin class does where nothing
    /// is known yet: earlier alarms may have changed the class before the incident was ever explained.
    pub(super) fn is_to_be_explained(&self, alarm: &Alarm) -> bool {
        let has_risen = |explained: Score| alarm.score.value() - explained.value() >= CLEAR_RISE;
        let is_own = alarm.class == self.incident.class;
        (is_own || self.incident.why.is_empty()) && self.explained.is_none_or(has_risen)
    }

    /// What moved the score of `alarm`.
    pub(super) fn explain(&mut self, alarm: &Alarm, why: Vec<Reason>) {
        // The next alarm of its own class explains it better than one of a kin class.
        self.explained = (alarm.class == self.incident.class).then_some(alarm.score);
        self.incident.why = why;
        self.has_news = true;
    }

    /// When something is to be done about it, if nothing new comes.
    pub(super) fn due_us(&self, quiet_us: i64, telling_us: i64) -> i64 {
        let over_us = self.over_us(quiet_us);
        let told_us = self.told_us.filter(|_| self.has_news);
        told_us.map_or(over_us, |told_us| over_us.min(told_us.saturating_add(telling_us)))
    }

    /// When it is over, if nothing new comes.
    pub(super) const fn over_us(&self, quiet_us: i64) -> i64 {
        self.active_us.saturating_add(quiet_us)
    }

    /// Whether this life of it has never been told of.
    pub(super) const fn is_new(&self) -> bool {
        self.told_us.is_none()
    }

    /// Whether it has not been told as it stands.
    pub(super) const fn has_news(&self) -> bool {
        self.has_news
    }

    /// As it stands, to be told at `now_us`.
    pub(super) fn told(&mut self, now_us: i64) -> Incident {
        self.told_us = Some(now_us);
        self.has_news = false;
        self.shown()
    }

    /// As it stands. Sources that are also targets are the inner side of an ingress and left out,
    /// unless there are no others.
    pub(super) fn shown(&self) -> Incident {
        let Self { incident, sources, targets, shared, ports, related, .. } = self;
        let outer = sources.without(targets, *shared);
        Incident {
            sources: if outer.listed.is_empty() { sources.all() } else { outer },
            targets: targets.all(),
            target_port: ports.only(),
            related: related.iter().map(|(_, id)| *id).collect(),
            ..incident.clone()
        }
    }

    /// The number of the next flow of which the packets can be found again, if it may have more.
    pub(super) fn next_span(&mut self) -> Option<usize> {
        let number = self.spans;
        self.spans = number.saturating_add(1);
        (number < Incident::FLOW_SPANS).then_some(number)
    }

    /// What it is.
    pub(super) const fn class(&self) -> Class {
        self.incident.class
    }

    /// Its last packet so far, in µs since the epoch.
    pub(super) const fn last_us(&self) -> i64 {
        self.incident.last_us
    }

    /// What later incidents must not reach back into: its class and pivot, as it was opened and as
    /// it is, and every target that is listed.
    pub(super) fn keys(&self) -> Vec<Key> {
        let Incident { class, pivot, .. } = self.incident;
        let mut keys = vec![self.key, (class, pivot)];
        if Pivot::of(class) == Pivot::Target {
            keys.extend(self.targets.all().listed.into_iter().map(|target| (class, target)));
        }
        keys
    }

    /// There is something to tell of it.
    pub(super) const fn has_changed(&mut self) {
        self.has_news = true;
    }

    /// How many addresses it remembers.
    pub(super) const fn hosts(&self) -> usize {
        self.sources.len() + self.targets.len()
    }
}
