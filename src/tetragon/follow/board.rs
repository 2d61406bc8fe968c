//! What the sources of events share: who takes events, and how each agent stands.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until};

use super::EventSink;
use crate::tetragon::{AgentLink, AgentStatus, Endpoint, Event, EventKind};

/// How often the standing of agents is told, at most.
const EVERY: Duration = Duration::from_millis(250);

/// How far the clock of a node may be ahead of this one's before its times count for nothing.
const AHEAD_US: i64 = 24 * 60 * 60 * 1_000_000;

/// Who takes events, and how each agent stands.
pub(in crate::tetragon) struct Board {
    sink: Arc<dyn EventSink>,
    ears: Mutex<Vec<Arc<Ear>>>,
    changed: Notify,
    fell: Notify,
}

/// One agent, as it is heard.
pub(in crate::tetragon) struct Ear {
    board: Arc<Board>,
    endpoint: Endpoint,
    state: Mutex<State>,
}

struct State {
    status: AgentStatus,
    /// When it was last heard, or began to be listened to.
    heard: Instant,
}

impl Board {
    pub(super) fn new(sink: Arc<dyn EventSink>) -> Arc<Self> {
        let (changed, fell) = (Notify::new(), Notify::new());
        // That there is nobody is told, too.
        changed.notify_one();
        Arc::new(Self { sink, ears: Mutex::default(), changed, fell })
    }

    /// A place for the agent at `endpoint`; none where it is heard already.
    pub(in crate::tetragon) fn ear(
        self: &Arc<Self>,
        endpoint: &Endpoint,
        node: &str,
    ) -> Option<Arc<Ear>> {
        let mut ears = self.ears.lock().unwrap_or_else(PoisonError::into_inner);
        if ears.iter().any(|ear| ear.endpoint == *endpoint) {
            return None;
        }
        let status = AgentStatus { node: node.to_owned(), ..AgentStatus::new(endpoint.clone()) };
        let (board, endpoint) = (Arc::clone(self), endpoint.clone());
        let state = Mutex::new(State { status, heard: Instant::now() });
        let ear = Arc::new(Ear { board, endpoint, state });
        ears.push(Arc::clone(&ear));
        drop(ears);
        self.changed.notify_one();
        Some(ear)
    }

    /// The agent at `endpoint` is heard no more.
    pub(in crate::tetragon) fn leave(&self, endpoint: &Endpoint) {
        let mut ears = self.ears.lock().unwrap_or_else(PoisonError::into_inner);
        ears.retain(|ear| ear.endpoint != *endpoint);
        drop(ears);
        self.changed.notify_one();
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
        let ears = self.ears.lock().unwrap_or_else(PoisonError::into_inner);
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
        let now_us = now_us();
        if !(1..=now_us.saturating_add(AHEAD_US)).contains(&event.at_us) {
            event.at_us = now_us;
        }
        self.heard(|status| {
            status.events += 1;
            count(status, &event);
        });
        if !self.board.sink.take(event) {
            self.change(|status| status.dropped += 1);
        }
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
        self.heard(|status| status.unreadable += 1);
    }

    /// It was heard, though it has no event.
    pub(in crate::tetragon) fn alive(&self) {
        self.heard(|_| {});
    }

    /// Its events come from now on.
    pub(in crate::tetragon) fn up(&self) {
        if self.with(|state| state.status.link != AgentLink::Up) {
            self.heard(|status| status.link = AgentLink::Up);
        }
    }

    /// Its version.
    pub(in crate::tetragon) fn version(&self, version: &str) {
        self.change(|status| version.clone_into(&mut status.version));
    }

    /// Its events do not come.
    pub(in crate::tetragon) fn down(&self, why: String) {
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
        self.change(|status| {
            status.gaps += 1;
            status.throttled = 0;
        });
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

    fn heard(&self, act: impl FnOnce(&mut AgentStatus)) {
        let (now, now_us) = (Instant::now(), now_us());
        self.with(|state| {
            state.heard = now;
            state.status.heard_us = Some(now_us);
            act(&mut state.status);
        });
        self.board.changed.notify_one();
    }

    fn change<T>(&self, act: impl FnOnce(&mut AgentStatus) -> T) -> T {
        let result = self.with(|state| act(&mut state.status));
        self.board.changed.notify_one();
        result
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What `event` says of its agent.
fn count(status: &mut AgentStatus, event: &Event) {
    if status.node.is_empty() {
        status.node.clone_from(&event.node);
    }
    status.rate_limited = status.rate_limited.saturating_add(event.lost);
    if event.kind == EventKind::Throttle {
        match &*event.call {
            "start" => status.throttled += 1,
            "stop" => status.throttled = status.throttled.saturating_sub(1),
            _ => {}
        }
    }
}

fn now_us() -> i64 {
    Timestamp::now().as_microsecond()
}
