//! An open incident and what is needed to follow it.

use super::alarm::{Alarm, Key};
use super::host_set::{HostSet, Room};
use super::record::{Hosts, Incident, IncidentId, Pivot, Severity, Status};
use crate::detect::{CLASSES, Class, Reason, Score};

/// By how much a score must rise above the one that was explained to be explained again.
const CLEAR_RISE: f64 = 0.1;

/// The ports attacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ports {
    None,
    One(u16),
    Many,
}

impl Ports {
    const fn add(self, port: u16) -> Self {
        match self {
            Self::None => Self::One(port),
            Self::One(known) if known == port => self,
            Self::One(_) | Self::Many => Self::Many,
        }
    }
}

/// An open incident.
#[derive(Debug)]
pub(super) struct Ongoing {
    /// All but its hosts, which [`Ongoing::shown`] adds.
    pub(super) incident: Incident,
    /// What it was opened as, from which its id is made.
    pub(super) key: Key,
    pub(super) sources: HostSet,
    pub(super) targets: HostSet,
    /// Hosts that are both.
    shared: usize,
    /// Flows by the class that they alarmed as when they were counted.
    by_class: [u64; CLASSES],
    ports: Ports,
    /// Nothing before this moment belongs to it.
    floor_us: i64,
    /// When an alarm last brought something new.
    pub(super) active_us: i64,
    /// When it was last told of, if it was.
    told_us: Option<i64>,
    has_news: bool,
    explained: Option<Score>,
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
            severity: Severity::of(class, Score::ZERO, 0),
            status: Status::Open,
            score: Score::ZERO,
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
            muted_by: None,
            related: Vec::new(),
            why: Vec::new(),
            flow_ids: Vec::new(),
        };
        Self::following(incident, &mut Room(0), floor_us)
    }

    /// An incident that was open when the program ended.
    pub(super) fn restored(incident: Incident, room: &mut Room) -> Self {
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
        let ports = match incident.target_port {
            Some(port) => Ports::One(port),
            None if incident.flows == 0 => Ports::None,
            None => Ports::Many,
        };
        Self {
            key: (incident.class, incident.pivot),
            sources,
            targets,
            shared: 0,
            by_class,
            ports,
            floor_us,
            active_us: incident.last_us.max(incident.detected_us),
            told_us: None,
            has_news: false,
            explained: None,
            incident,
        }
    }

    /// Counts a flow that was not in it.
    pub(super) fn join(&mut self, alarm: &Alarm, room: &mut Room) {
        let (source, target) = (alarm.source(), alarm.target());
        if self.sources.insert(source, room) && self.targets.contains(source) {
            self.shared += 1;
        }
        if self.targets.insert(target, room) && self.sources.contains(target) {
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
        incident.first_us = incident.first_us.min(alarm.flow.first_us.max(self.floor_us));
        // An ingress speaks to its pods on another port than the one that is attacked.
        if Pivot::of(incident.class) == Pivot::Source || target == incident.pivot {
            self.ports = self.ports.add(alarm.flow.tuple.ports().1);
        }
        self.take(alarm);
    }

    /// Brings a flow that is in it up to date; `packets` and `bytes` of it were counted before.
    pub(super) fn update(&mut self, alarm: &Alarm, packets: u64, bytes: u64) {
        let incident = &mut self.incident;
        let added = |all: u64, then: u64, now: u64| all.saturating_add(now.saturating_sub(then));
        incident.packets = added(incident.packets, packets, alarm.flow.packets);
        incident.bytes = added(incident.bytes, bytes, alarm.flow.bytes);
        self.take(alarm);
    }

    /// It goes on, though the flow that shows it cannot be counted.
    pub(super) fn keep_up(&mut self, at_us: i64) {
        self.active_us = self.active_us.max(at_us);
    }

    fn take(&mut self, alarm: &Alarm) {
        let incident = &mut self.incident;
        incident.last_us = incident.last_us.max(alarm.flow.last_us);
        incident.score = incident.score.max(alarm.score);
        incident.severity = Severity::of(incident.class, incident.score, incident.flows);
        self.has_news = true;
        self.keep_up(alarm.flow.at_us);
    }

    /// The class is the one its flows clearly are of: another takes its place with twice as many.
    fn reclassify(&mut self, alarm: &Alarm) {
        let [of_alarm, of_incident] =
            [alarm.class, self.incident.class].map(|class| self.by_class[class as usize]);
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

    /// Whether it has never been told of.
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
        let Self { incident, sources, targets, shared, ports, .. } = self;
        let outer = sources.without(targets, *shared);
        Incident {
            sources: if outer.listed.is_empty() { sources.all() } else { outer },
            targets: targets.all(),
            target_port: match ports {
                Ports::One(port) if *port != 0 => Some(*port),
                Ports::None | Ports::One(_) | Ports::Many => None,
            },
            ..incident.clone()
        }
    }

    /// As it stands, over since `at_us`.
    pub(super) fn resolved(&self, at_us: i64) -> Incident {
        Incident { status: Status::Resolved, resolved_us: Some(at_us), ..self.shown() }
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

    /// How many addresses it remembers.
    pub(super) const fn hosts(&self) -> usize {
        self.sources.len() + self.targets.len()
    }
}
