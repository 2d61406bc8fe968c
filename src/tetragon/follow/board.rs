//! What the sources of events share: who takes events, and how each agent stands.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use foldhash::fast::RandomState;
use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until};

use super::EventSink;
use crate::cluster::said;
use crate::tetragon::{AgentLink, AgentStatus, Endpoint, Event, EventKind};

/// How often the standing of agents is told, at most.
const EVERY: Duration = Duration::from_millis(250);

/// How far the clock of a node may be ahead of this one's before its times count for nothing.
const AHEAD_US: i64 = 24 * 60 * 60 * 1_000_000;

/// Nodes that are remembered, and the longest name of one or of its cluster.
const NODES: usize = 10_000;
const LONGEST_NAME: usize = 253;

/// Cgroups of an agent that are remembered as throttled.
const CGROUPS: usize = 1_024;

/// The most that is counted as left out, whatever an agent says: sums of many agents hold that.
const MOST_LOST: u64 = 1 << 53;

/// Who takes events, and how each agent stands.
pub(in crate::tetragon) struct Board {
    sink: Arc<dyn EventSink>,
    ears: Mutex<Vec<Arc<Ear>>>,
    /// What was counted of agents of the cluster that are gone, by node.
    gone: Mutex<HashMap<String, AgentStatus, RandomState>>,
    /// Where the agent of a node is heard.
    places: Mutex<HashMap<String, Place, RandomState>>,
    changed: Notify,
    fell: Notify,
}

/// A place at which the agent of a node is heard.
struct Place {
    cluster: String,
    endpoint: Endpoint,
    is_found: bool,
    is_up: Arc<AtomicBool>,
}

/// One agent, as it is heard.
pub(in crate::tetragon) struct Ear {
    board: Arc<Board>,
    endpoint: Endpoint,
    /// The node on which it was found in a cluster; none where it was named by itself.
    found_on: Option<String>,
    is_up: Arc<AtomicBool>,
    state: Mutex<State>,
}

struct State {
    status: AgentStatus,
    /// Cgroups of which it leaves out events.
    throttled: HashSet<String, RandomState>,
    /// When it was last heard, or began to be listened to.
    heard: Instant,
}

impl Board {
    pub(super) fn new(sink: Arc<dyn EventSink>) -> Arc<Self> {
        let (changed, fell) = (Notify::new(), Notify::new());
        // That there is nobody is told, too.
        changed.notify_one();
        let (ears, gone, places) = (Mutex::default(), Mutex::default(), Mutex::default());
        Arc::new(Self { sink, ears, gone, places, changed, fell })
    }

    /// A place for `agent`, of which nothing was counted yet; none where it is heard already.
    pub(in crate::tetragon) fn ear(self: &Arc<Self>, mut agent: AgentStatus) -> Option<Arc<Ear>> {
        let mut ears = locked(&self.ears);
        if ears.iter().any(|ear| ear.endpoint == agent.endpoint) {
            return None;
        }
        let found_on = (!agent.namespace.is_empty()).then(|| agent.node.clone());
        if let Some(node) = &found_on
            && let Some(before) = locked(&self.gone).remove(node)
        {
            add(&mut agent, &before);
        }
        let (board, endpoint) = (Arc::clone(self), agent.endpoint.clone());
        let (throttled, heard) = (HashSet::default(), Instant::now());
        let state = Mutex::new(State { status: agent, throttled, heard });
        let ear = Arc::new(Ear { board, endpoint, found_on, is_up: Arc::default(), state });
        ears.push(Arc::clone(&ear));
        drop(ears);
        self.changed.notify_one();
        Some(ear)
    }

    /// The agent at `endpoint` is heard no more. What was counted of it goes on with the next agent of its
    /// node.
    pub(in crate::tetragon) fn leave(&self, endpoint: &Endpoint) {
        let mut ears = locked(&self.ears);
        for left in ears.extract_if(.., |ear| ear.endpoint == *endpoint) {
            left.is_up.store(false, Ordering::Relaxed);
            let status = left.with(|state| state.status.clone());
            let mut gone = locked(&self.gone);
            if left.found_on.is_some() && (gone.len() < NODES || gone.contains_key(&status.node)) {
                let new = || AgentStatus::new(endpoint.clone());
                add(gone.entry(status.node.clone()).or_insert_with(new), &status);
            }
        }
        drop(ears);
        self.changed.notify_one();
    }

    /// Whether the agent that `event` is of is heard at another place than `ear` already: one that was
    /// named may be found in the cluster, too. Two that were named are two.
    fn is_heard_elsewhere(&self, ear: &Ear, event: &Event) -> bool {
        if event.node.is_empty() || event.node.len().max(event.cluster.len()) > LONGEST_NAME {
            return false;
        }
        // It is known which node it is on: what it says of others counts for nothing against them.
        if ear.found_on.as_ref().is_some_and(|node| *node != event.node) {
            return false;
        }
        let mut places = locked(&self.places);
        if let Some(place) = places.get(&event.node) {
            if place.endpoint == ear.endpoint || place.cluster != event.cluster {
                return false;
            }
            let is_up = place.is_up.load(Ordering::Relaxed);
            if is_up && !(place.is_found || ear.found_on.is_some()) {
                return false;
            }
            // What is exported may be less than what is sent.
            if is_up && is_service(&place.endpoint) >= is_service(&ear.endpoint) {
                return true;
            }
        }
        if places.len() >= NODES {
            places.clear();
        }
        let (endpoint, is_up) = (ear.endpoint.clone(), Arc::clone(&ear.is_up));
        let (cluster, is_found) = (event.cluster.clone(), ear.found_on.is_some());
        let place = Place { cluster, endpoint, is_found, is_up };
        places.insert(event.node.clone(), place);
        false
    }

    /// Waits until an agent that was heard is heard no more.
    pub(in crate::tetragon) async fn fell(&self) {
        self.fell.notified().await;
    }

    /// Tells how agents stand, whenever that has changed, for ever.
    pub(super) async fn publish(&self) {
        let mut told = None;
        loop {
            self.changed.notified().await;
            let now = self.agents();
            if told.as_ref() != Some(&now) {
                self.sink.agents(now.clone());
                told = Some(now);
            }
            sleep(EVERY).await;
        }
    }

    fn agents(&self) -> Vec<AgentStatus> {
        let ears = locked(&self.ears);
        let mut agents: Vec<_> =
            ears.iter().map(|ear| ear.with(|state| state.status.clone())).collect();
        drop(ears);
        agents.sort_by_cached_key(|agent| (agent.node.clone(), agent.endpoint.to_string()));
        agents
    }
}

impl Ear {
    /// Where it is heard.
    pub(in crate::tetragon) const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// An event has come: it is taken, or counted as dropped. One with no time, or with one that lies
    /// more than a day ahead, is of the moment at which it came.
    pub(in crate::tetragon) fn take(&self, mut event: Event) {
        if self.is_denied(&event) {
            return self.alive();
        }
        if self.board.is_heard_elsewhere(self, &event) {
            return self.heard(|state| know(&mut state.status, &event.node));
        }
        let now_us = now_us();
        if !(1..=now_us.saturating_add(AHEAD_US)).contains(&event.at_us) {
            event.at_us = now_us;
        }
        self.with(|state| count(state, &event));
        let is_taken = self.board.sink.take(event);
        // Told once it is taken: whoever sees it counted finds it.
        self.heard(|state| {
            state.status.events += 1;
            state.status.dropped += u64::from(!is_taken);
        });
    }

    /// Namespaces whose events nobody wants.
    pub(in crate::tetragon) fn denied_namespaces(&self) -> &[String] {
        self.board.sink.denied_namespaces()
    }

    fn is_denied(&self, event: &Event) -> bool {
        let pod = event.process.as_ref().and_then(|process| process.pod.as_ref());
        pod.is_some_and(|pod| self.denied_namespaces().contains(&pod.namespace))
    }

    /// Something has come that cannot be read.
    pub(in crate::tetragon) fn unreadable(&self) {
        self.heard(|state| state.status.unreadable += 1);
    }

    /// It was heard, though it has no event.
    pub(in crate::tetragon) fn alive(&self) {
        self.heard(|_| {});
    }

    /// Its events come from now on.
    pub(in crate::tetragon) fn up(&self) {
        if !self.is_up() {
            self.is_up.store(true, Ordering::Relaxed);
            self.heard(|state| state.status.link = AgentLink::Up);
        }
    }

    /// Whether its events come.
    pub(in crate::tetragon) fn is_up(&self) -> bool {
        self.with(|state| state.status.link == AgentLink::Up)
    }

    /// Its version.
    pub(in crate::tetragon) fn version(&self, version: &str) {
        self.change(|status| version.clone_into(&mut status.version));
    }

    /// Its events do not come.
    pub(in crate::tetragon) fn down(&self, why: String) {
        self.is_up.store(false, Ordering::Relaxed);
        let was_up = self.change(|status| {
            let was_up = status.link == AgentLink::Up;
            let since_us = match status.link {
                AgentLink::Down { since_us, .. } => since_us,
                _ => now_us(),
            };
            status.link = AgentLink::Down { since_us, why };
            was_up
        });
        if was_up {
            self.board.fell.notify_one();
        }
    }

    /// What it had to say for a while was not heard. Whether it still leaves out events of a cgroup is
    /// not known since, and counts no more.
    pub(in crate::tetragon) fn gap(&self) {
        self.with(|state| {
            state.throttled.clear();
            state.status.throttled = 0;
            state.status.gaps += 1;
        });
        self.board.changed.notify_one();
    }

    /// Waits until nothing was heard for that time.
    pub(in crate::tetragon) async fn is_silent_for(&self, time: Duration) {
        loop {
            let until = self.with(|state| state.heard) + time;
            if Instant::now() >= until {
                return;
            }
            sleep_until(until).await;
        }
    }

    fn heard(&self, act: impl FnOnce(&mut State)) {
        let (now, now_us) = (Instant::now(), now_us());
        self.with(|state| {
            state.heard = now;
            state.status.heard_us = Some(now_us);
            act(state);
        });
        self.board.changed.notify_one();
    }

    fn change<T>(&self, act: impl FnOnce(&mut AgentStatus) -> T) -> T {
        let result = self.with(|state| act(&mut state.status));
        self.board.changed.notify_one();
        result
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut locked(&self.state))
    }
}

/// What `event` says of its agent.
fn count(state: &mut State, event: &Event) {
    let State { status, throttled, .. } = state;
    know(status, &event.node);
    status.rate_limited = status.rate_limited.saturating_add(event.lost).min(MOST_LOST);
    if event.kind == EventKind::Throttle {
        let cgroup = &event.arguments;
        match &*event.call {
            "start" if throttled.len() < CGROUPS => drop(throttled.insert(cgroup.clone())),
            "stop" => drop(throttled.remove(cgroup)),
            _ => {}
        }
        status.throttled = throttled.len() as u64;
    }
}

const fn is_service(endpoint: &Endpoint) -> bool {
    matches!(endpoint, Endpoint::Unix(_) | Endpoint::Tcp(_))
}

/// It is of `node`.
fn know(status: &mut AgentStatus, node: &str) {
    if status.node.is_empty() {
        status.node = said(node);
    }
}

/// Counts in `agent` what was counted of another of its node before.
fn add(agent: &mut AgentStatus, before: &AgentStatus) {
    agent.events = agent.events.saturating_add(before.events);
    agent.rate_limited = agent.rate_limited.saturating_add(before.rate_limited).min(MOST_LOST);
    agent.unreadable = agent.unreadable.saturating_add(before.unreadable);
    agent.dropped = agent.dropped.saturating_add(before.dropped);
    agent.gaps = agent.gaps.saturating_add(before.gaps);
}

/// Whatever is in it is whole between any two steps.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn now_us() -> i64 {
    Timestamp::now().as_microsecond()
}

#[cfg(test)]
mod tests;
