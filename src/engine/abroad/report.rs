//! Where the tasks of the thread lay down what there is to show, and the desk finds it.

use std::collections::VecDeque;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex};

use tokio::sync::watch;

use super::{Seen, locked};
use crate::cluster::{Cluster, ClusterStatus, World};
use crate::engine::desk::Note;
use crate::engine::responder::task::Report;
use crate::engine::snapshot::ResponseStatus;
use crate::respond::{Decision, Effect, IngressName, Mode};

/// Decisions that are shown.
const DECISIONS: usize = 200;

/// The place.
pub(super) struct Ledge {
    seen: watch::Sender<Seen>,
    worlds: watch::Sender<Arc<World>>,
    notes: SyncSender<Note>,
    decisions: Mutex<VecDeque<Arc<Decision>>>,
}

impl Ledge {
    /// One that has nothing of `cluster` yet, and where it is found.
    pub(super) fn new(
        cluster: &Cluster,
        mode: Mode,
        notes: SyncSender<Note>,
    ) -> (Self, watch::Receiver<Seen>, watch::Receiver<Arc<World>>) {
        let cluster =
            ClusterStatus { context: cluster.context().to_owned(), ..ClusterStatus::default() };
        let response = ResponseStatus { mode, ..ResponseStatus::default() };
        let (seen, shown) = watch::channel(Seen { cluster, response });
        let (worlds, world) = watch::channel(Arc::default());
        (Self { seen, worlds, notes, decisions: Mutex::default() }, shown, world)
    }

    /// The newest world.
    pub(super) fn world(&self) -> Arc<World> {
        Arc::clone(&self.worlds.borrow())
    }

    /// What the cluster is like, and how the response stands.
    pub(super) fn seen(&self) -> Seen {
        self.seen.borrow().clone()
    }

    /// What the watch has found.
    pub(super) fn found(&self, status: ClusterStatus, world: Arc<World>) {
        let is_new = **self.worlds.borrow() != *world;
        if is_new {
            self.worlds.send_replace(world);
        }
        self.change(|seen| seen.cluster = status);
        if is_new {
            self.ring();
        }
    }

    /// How limits stand.
    pub(super) fn report(&self, report: Report) {
        let Report { limits, holder, decisions, read_us } = report;
        self.keep(decisions);
        self.change(|seen| {
            let response = &mut seen.response;
            (response.limits, response.holder) = (limits, holder);
            response.read_us = read_us;
        });
    }

    /// What was decided, and what limits do.
    pub(super) fn decided(&self, decisions: Vec<Decision>, effects: Vec<(IngressName, Effect)>) {
        self.keep(decisions);
        self.change(|seen| seen.response.effects = effects);
    }

    fn keep(&self, decisions: Vec<Decision>) {
        if decisions.is_empty() {
            return;
        }
        let mut kept = locked(&self.decisions);
        let counts: Vec<_> = decisions.iter().map(|decision| decision.kind).collect();
        for decision in decisions {
            kept.push_front(Arc::new(decision));
        }
        kept.truncate(DECISIONS);
        let kept = kept.iter().cloned().collect();
        self.change(|seen| {
            seen.response.decisions = kept;
            for kind in counts {
                seen.response.counts[kind as usize] += 1;
            }
        });
    }

    fn change(&self, change: impl FnOnce(&mut Seen)) {
        let is_new = self.seen.send_if_modified(|seen| {
            let before = seen.clone();
            change(seen);
            *seen != before
        });
        if is_new {
            self.ring();
        }
    }

    /// A desk that is busy looks by itself.
    fn ring(&self) {
        self.notes.try_send(Note::Seen).ok();
    }
}
