//! The automatic response: from incidents and arrivals to limits, and back.
//!
//! Pure: it is told what is known at a moment and says what is to be done; whoever does it says what
//! came of it. The same moments give the same acts. It decides nothing while it waits for an act at
//! the same Ingress, and says everything once.

mod adopt;
mod consider;
mod ended;
mod keep;
mod kept;
mod locate;
mod loud;
mod may;
mod settle;
#[cfg(test)]
mod tests;
pub(super) mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::escalation::Escalation;
use super::site::Sites;
use super::{
    AllowedNetwork, Decision, Effect, IngressName, Limit, LimitRequest, LimitStatus, Matter, Mode,
    ResponseRule, Site, Surroundings, Traffic,
};
use crate::incident::{Incident, IncidentId, Status};
use kept::Kept;
use settle::{Pending, Trouble};

/// How often what is undecided is looked at again, in µs of packet time: at first, and after a while.
const SOON_US: i64 = 5_000_000;
const LATER_US: i64 = 30_000_000;
const A_WHILE_US: i64 = 60_000_000;

/// How far back it is looked for what is usual, in µs: as far as arrivals are kept.
const SEEN_US: i64 = 600_000_000;

/// How far back for what a limit does, in µs: a minute, and what was asked before it.
const MEASURED_US: i64 = 90_000_000;

/// Incidents that are looked at in one go: each costs a look at all that was seen.
const AT_A_TIME: usize = 8;

/// Incidents whose cases are remembered.
const CASES: usize = 4_096;

/// How far the automatic response goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseOptions {
    /// How far where no rule fits.
    pub mode: Mode,
    /// Where it is something else.
    pub rules: Vec<ResponseRule>,
    /// At how many Ingresses at once.
    pub at_once: usize,
    /// Networks that no limit holds.
    pub allowlist: Vec<AllowedNetwork>,
    /// Ingresses that it never limits.
    pub never: Vec<IngressName>,
    /// Why it only observes whatever is set, such as that a capture is replayed; none where it may
    /// act.
    pub held_back: Option<String>,
}

/// What is known at a moment.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// Now, in µs since the epoch of packet time.
    pub now_us: i64,
    /// Incidents, those that are over for a while too.
    pub incidents: &'a [Arc<Incident>],
    /// Ingresses.
    pub sites: &'a [Site],
    /// How they stand; those that are not in it are not known yet.
    pub limits: &'a [Arc<LimitStatus>],
    /// Addresses that no limit may hold.
    pub surroundings: &'a Surroundings,
}

impl<'a> Scene<'a> {
    fn open(&self) -> impl Iterator<Item = &'a Arc<Incident>> {
        self.incidents.iter().filter(|incident| incident.status != Status::Resolved)
    }
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Set a limit, or have the API server check it, and tell [`Response::settle`].
    Apply(Box<LimitRequest>),
    /// Lift the limit that was set about this incident, and tell [`Response::settle`].
    Lift(IngressName, IncidentId),
    /// Nothing, and this is why.
    Say(Box<Decision>),
}

/// What came of an act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was refused before anything was written, for this reason.
    Refused(String),
    /// It was tried and failed, for this reason.
    Failed(String),
}

/// What was said about an incident, so that it is said once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Said {
    Obstacle(Matter),
    Recommended,
    Checked,
}

/// An incident in one of its lives.
#[derive(Debug, Default)]
struct File {
    /// [`Incident::reopened`] of that life.
    life: u32,
    since_us: i64,
    /// When it is looked at again.
    due_us: i64,
    said: BTreeSet<Said>,
    /// Whether nothing more is done about it: somebody has undone a limit, or it hurt.
    is_left: bool,
}

/// The automatic response.
#[derive(Debug)]
pub struct Response {
    options: ResponseOptions,
    files: BTreeMap<IncidentId, File>,
    kept: BTreeMap<IngressName, Kept>,
    pending: BTreeMap<IngressName, Pending>,
    trouble: BTreeMap<IngressName, Trouble>,
    escalation: Escalation,
}

impl Response {
    /// A response that has not seen anything yet.
    #[must_use]
    pub fn new(options: ResponseOptions) -> Self {
        Self {
            options,
            files: BTreeMap::new(),
            kept: BTreeMap::new(),
            pending: BTreeMap::new(),
            trouble: BTreeMap::new(),
            escalation: Escalation::default(),
        }
    }

    /// From now on it only observes, for this reason; with none it may act again.
    pub fn hold_back(&mut self, why: Option<String>) {
        self.options.held_back = why;
    }

    /// What is to be done now. What was seen is only asked for where something is to be decided by
    /// it, and only since the moment that is given, in µs since the epoch.
    pub fn advance(&mut self, scene: &Scene<'_>, traffic: impl FnOnce(i64) -> Traffic) -> Vec<Act> {
        self.pending.retain(|_, pending| !pending.is_lost(scene.now_us));
        self.adopt(scene);
        let mut acts = self.drop_ended(scene);
        self.file(scene);
        acts.extend(self.keep_up(scene));
        let due = self.due(scene);
        if !due.is_empty() || self.is_measure_due(scene.now_us) {
            let back_us = if due.is_empty() { MEASURED_US } else { SEEN_US };
            let traffic = traffic(scene.now_us.saturating_sub(back_us));
            let sites = Sites::new(scene.sites);
            acts.extend(self.measure(scene, &sites, &traffic));
            for incident in due {
                acts.extend(self.consider(incident, scene, &sites, &traffic));
            }
        }
        acts
    }

    /// What limits do that it has set, in order of the Ingresses.
    #[must_use]
    pub fn effects(&self) -> Vec<(IngressName, Effect)> {
        let measured = self.kept.iter().filter_map(|(name, kept)| Some((name, kept.effect?)));
        measured.map(|(name, effect)| (name.clone(), effect)).collect()
    }

    /// Limits that it has set, and their time is not over.
    #[must_use]
    pub fn limits(&self) -> Vec<(IngressName, Limit)> {
        self.kept.iter().map(|(name, kept)| (name.clone(), kept.limit.clone())).collect()
    }

    /// Opens a file for each incident that is open, and closes those of others.
    fn file(&mut self, scene: &Scene<'_>) {
        let known: BTreeMap<_, _> =
            scene.incidents.iter().map(|one| (one.id, one.reopened)).collect();
        self.files.retain(|id, file| known.get(id) == Some(&file.life));
        for incident in scene.open() {
            if self.files.len() < CASES {
                let new = || File {
                    life: incident.reopened,
                    since_us: scene.now_us,
                    due_us: scene.now_us,
                    ..File::default()
                };
                self.files.entry(incident.id).or_insert_with(new);
            }
        }
    }

    /// Incidents to look at now, those that wait the longest first.
    fn due<'s>(&self, scene: &Scene<'s>) -> Vec<&'s Arc<Incident>> {
        let mut due: Vec<_> = scene.open().filter(|one| self.is_due(one, scene)).collect();
        due.sort_by_key(|one| (self.files.get(&one.id).map(|file| file.due_us), one.id));
        due.truncate(AT_A_TIME);
        due
    }

    fn is_due(&self, incident: &Incident, scene: &Scene<'_>) -> bool {
        let is_held = || self.kept.values().any(|kept| kept.incidents.contains(&incident.id));
        let is_pending = || self.pending.values().any(|one| one.is_about(incident.id));
        self.files
            .get(&incident.id)
            .is_some_and(|file| !file.is_left && file.due_us <= scene.now_us)
            && !is_held()
            && !is_pending()
    }
}
