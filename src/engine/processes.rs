//! Which processes are behind flows and incidents: events go in, the desk asks.
//!
//! What is joined with what belongs to [`crate::correlate`], which programs were started where to
//! [`execs`], when a flow is asked for again to [`joins`]. Whoever brings an event waits for nobody but
//! for the moment in which the desk asks.

mod attacked;
mod execs;
mod joins;
mod places;
mod witnesses;

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::fast::RandomState;
use lru::LruCache;

pub(super) use self::attacked::Attacked;
pub(super) use self::execs::Exec;
use self::execs::Execs;
pub(super) use self::joins::{Joined, Joins};
use self::witnesses::Witnesses;
use super::events::KeptEvent;
use crate::correlate::{Asked, Claim, Correlator, End, Found, Owner, Places, Step};
use crate::incident::Process;
use crate::packet::Tuple;
use crate::tetragon::{self, Event, EventKind, Origin, SocketStep, SocketUse};

/// Memory for what processes do with sockets, in bytes.
const CLAIMS_BYTES: usize = 64 << 20;

/// Processes whose words are remembered.
const OWNERS: NonZeroUsize = NonZeroUsize::new(16_384).expect("more than none");

/// How much is kept of a process's words, in characters.
const ARGUMENTS: usize = 1_024;
const WORD: usize = 256;

/// What is known of processes. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Processes(Arc<Mutex<Known>>);

#[derive(Debug)]
struct Known {
    correlator: Correlator,
    /// By their identity.
    owners: LruCache<String, Arc<Owner>, RandomState>,
    execs: Execs,
    witnesses: Witnesses,
    /// Whether anybody was ever heard.
    is_heard: bool,
}

impl Default for Processes {
    fn default() -> Self {
        Self::new()
    }
}

impl Processes {
    /// Nothing is known yet.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(Known {
            correlator: Correlator::new(CLAIMS_BYTES),
            owners: LruCache::with_hasher(OWNERS, RandomState::default()),
            execs: Execs::default(),
            witnesses: Witnesses::default(),
            is_heard: false,
        })))
    }

    /// Takes the next event.
    pub fn observe(&self, kept: &Arc<KeptEvent>) {
        let Event { kind, socket, process, .. } = &kept.event;
        if let Some(process) = process
            && (socket.is_some() || *kind == EventKind::Exec)
        {
            self.known().observe(kept, process);
        }
    }

    /// Which processes are at the ends of a flow, as far as it is known now.
    pub fn ask(&self, asked: &Asked, places: &impl Places) -> Found {
        self.known().correlator.ask(asked, places)
    }

    /// Forgets all flows, as when the capture's clock jumps back.
    pub(super) fn restart(&self) {
        self.known().correlator.restart();
    }

    /// What was forgotten for want of memory, of what processes did with sockets and of programs that were
    /// started in pods.
    #[must_use]
    pub fn forgotten(&self) -> u64 {
        let known = self.known();
        known.correlator.evicted() + known.execs.evicted
    }

    /// Whether anything was ever heard of sockets.
    pub(super) fn is_heard(&self) -> bool {
        self.known().is_heard
    }

    /// Programs that were started in pods since the last call.
    pub(super) fn fresh(&self) -> Vec<Arc<Exec>> {
        self.known().execs.fresh()
    }

    /// Programs that were started in a pod, as far as they are remembered, and what was usual there
    /// before `before_us`.
    pub(super) fn in_pod(
        &self,
        namespace: &str,
        pod: &str,
        before_us: i64,
    ) -> (Vec<Arc<Exec>>, execs::Usual) {
        self.known().execs.in_pod(namespace, pod, before_us)
    }

    /// The events by which a process is known to be behind a flow: its start, and the newest that tells
    /// of this connection.
    pub(super) fn witnesses(&self, id: &str, tuple: &Tuple) -> Vec<Arc<KeptEvent>> {
        self.known().witnesses.of(id, tuple)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn observe(&mut self, kept: &Arc<KeptEvent>, process: &tetragon::Process) {
        let event = &kept.event;
        match (event.kind, &event.socket) {
            (EventKind::Exec, _) => {
                let owner = self.owner(event, process);
                self.witnesses.started(&owner.id, kept);
                // A check of its health and the start of a container are its usual life, if who runs
                // containers started it: in a namespace of its own every process can be the first.
                let origin = process.pod.as_ref().map_or(Origin::Unknown, |pod| pod.origin);
                let is_of_pod = event.parent.as_ref().is_some_and(|parent| parent.pod.is_some());
                if origin == Origin::Unknown || is_of_pod {
                    self.execs.observe(&Exec::of(kept, &owner));
                }
            }
            (_, Some(socket)) => self.claim(kept, process, socket),
            (_, None) => {}
        }
    }

    fn claim(&mut self, kept: &Arc<KeptEvent>, process: &tetragon::Process, socket: &SocketUse) {
        let event = &kept.event;
        let owner = socket.step.is_of_process().then(|| self.owner(event, process));
        if let Some(owner) = &owner {
            self.witnesses.used(&owner.id, socket, kept);
        }
        self.is_heard = true;
        let end = |at: std::net::SocketAddr| End { address: at.ip().into(), port: at.port() };
        self.correlator.claim(&Claim {
            step: step(socket.step),
            protocol: socket.protocol,
            local: socket.local.map(end),
            remote: socket.remote.map(end),
            socket: socket.socket,
            node: &event.node,
            at_us: event.at_us,
            owner,
        });
    }

    /// The process of an event, the same for all events in which it looks the same.
    fn owner(&mut self, event: &Event, process: &tetragon::Process) -> Arc<Owner> {
        let id = if process.exec_id.is_empty() {
            format!("{}:{}:{}", event.node, process.pid, process.start_us.unwrap_or(0))
        } else {
            process.exec_id.clone()
        };
        let seen = Owner {
            id,
            parent_id: process.parent_exec_id.clone(),
            process: for_people(event, process),
        };
        if let Some(known) = self.owners.get(&seen.id).filter(|known| ***known == seen) {
            return Arc::clone(known);
        }
        let seen = Arc::new(seen);
        self.owners.put(seen.id.clone(), Arc::clone(&seen));
        seen
    }
}

const fn step(step: SocketStep) -> Step {
    match step {
        SocketStep::Connect => Step::Connect,
        SocketStep::Listen => Step::Listen,
        SocketStep::Accept => Step::Accept,
        SocketStep::Use => Step::Use,
        SocketStep::Close => Step::Close,
        SocketStep::Named => Step::Named,
    }
}

/// A process as people are told of it.
fn for_people(event: &Event, process: &tetragon::Process) -> Process {
    let user = match process.uid {
        Some(uid) if process.user.is_empty() => uid.to_string(),
        _ => cut(&process.user, WORD),
    };
    let pod = process.pod.clone().unwrap_or_default();
    Process {
        binary: cut(&process.binary, WORD),
        arguments: cut(&process.arguments, ARGUMENTS),
        pid: process.pid,
        user,
        parent: event.parent.as_ref().map_or_else(String::new, |one| cut(&one.binary, WORD)),
        namespace: cut(&pod.namespace, WORD),
        pod: cut(&pod.name, WORD),
        container: cut(&pod.container, WORD),
        node: cut(&event.node, WORD),
    }
}

fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

#[cfg(test)]
mod tests;
