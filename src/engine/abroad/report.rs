//! Where the tasks of the thread lay down what there is to show, and the desk finds it.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use tokio::sync::watch;

use super::Seen;
use crate::cluster::{Cluster, ClusterStatus, World};
use crate::engine::desk::Note;
use crate::engine::responder::task::Report;
use crate::engine::snapshot::ResponseStatus;
use crate::respond::{Decision, Effect, IngressName, Mode};

/// The place.
pub(super) struct Ledge {
    seen: watch::Sender<Seen>,
    worlds: watch::Sender<Arc<World>>,
    notes: SyncSender<Note>,
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
        (Self { seen, worlds, notes }, shown, world)
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
        self.change(|seen| {
            let response = &mut seen.response;
            for decision in decisions {
                response.counts[decision.kind as usize] += 1;
                response.decisions.insert(0, Arc::new(decision));
            }
            response.decisions.truncate(ResponseStatus::DECISIONS);
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
