//! Where verdicts arrive: they become incidents, and what is shown of them.
//!
//! One thread owns all of it. Incidents go to the database through the keeper, snapshots to the
//! faces through a channel that holds the newest one.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tracing::info;

use super::board::Board;
use super::detection::Detection;
use super::gauges::Gauges;
use super::inference::Scored;
use super::keeper::Keeper;
use super::shelf::Shelf;
use super::snapshot::{Snapshot, SourceState};
use crate::incident::{Change, Incident};

/// How often a new snapshot is shown at most.
const PUBLISH_EVERY: Duration = Duration::from_millis(250);

/// What the desk is told.
#[derive(Debug)]
pub(super) enum Note {
    /// Verdicts, in order.
    Scored(Vec<Scored>),
    /// It is so late in packet time, in µs since the epoch.
    Moment(i64),
    /// The capture's clock jumped back.
    Restart,
    /// No packet will come any more, for this reason if for any.
    Ended(SourceState),
}

/// The owner of incidents and of what is shown.
pub(super) struct Desk {
    detection: Detection,
    board: Board,
    shelf: Shelf,
    keeper: Option<Keeper>,
    gauges: Gauges,
    now_us: i64,
    state: SourceState,
    shown: watch::Sender<Arc<Snapshot>>,
}

impl Desk {
    /// A desk that knows of `known` incidents, newest first, and shows what happens on `shown`.
    pub(super) fn new(
        detection: Detection,
        known: Vec<Incident>,
        keeper: Option<Keeper>,
        gauges: Gauges,
        shown: watch::Sender<Arc<Snapshot>>,
    ) -> Self {
        let mut shelf = Shelf::default();
        known.into_iter().for_each(|incident| shelf.put(Arc::new(incident)));
        let (board, state) = (Board::default(), SourceState::Running);
        Self { detection, board, shelf, keeper, gauges, now_us: 0, state, shown }
    }

    /// Takes notes until there is nobody left to write them, and keeps what must be kept.
    pub(super) fn run(mut self, notes: &Receiver<Note>) {
        let mut due = Instant::now();
        loop {
            match notes.recv_timeout(PUBLISH_EVERY) {
                Ok(note) => self.take(note),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            let now = Instant::now();
            if now >= due {
                due = now + PUBLISH_EVERY;
                self.publish();
            }
        }
        self.publish();
        let lost = self.keeper.map_or(0, Keeper::finish);
        info!(lost, "incidents kept");
    }

    fn take(&mut self, note: Note) {
        match note {
            Note::Scored(scored) => {
                for one in &scored {
                    self.now_us = self.now_us.max(one.verdict.flow.at_us);
                    self.board.observe(&one.verdict);
                    self.detection.observe(one);
                }
            }
            Note::Moment(now_us) => {
                self.now_us = self.now_us.max(now_us);
                self.detection.advance(now_us);
            }
            Note::Restart => {
                self.now_us = 0;
                self.board.clear();
                self.detection.restart();
            }
            Note::Ended(state) => {
                self.state = state;
                self.detection.finish();
            }
        }
        self.keep();
    }

    fn keep(&mut self) {
        let changes = self.detection.changes();
        if changes.is_empty() {
            return;
        }
        changes.iter().map(Change::incident).for_each(|one| self.shelf.put(Arc::clone(one)));
        if let Some(keeper) = &self.keeper {
            keeper.keep(changes);
        }
    }

    /// Shows the newest state, unless nothing has changed.
    fn publish(&mut self) {
        self.board.advance(self.now_us);
        let mut next = self.gauges.read(self.now_us, &self.state);
        next.store = self.keeper.as_ref().map(Keeper::status).unwrap_or_default();
        next.conversations = self.board.conversations();
        next.scores = self.board.scores();
        next.classes = self.board.classes();
        next.incidents = self.shelf.sorted();
        self.shown.send_if_modified(|shown| {
            let is_new = **shown != next;
            if is_new {
                *shown = Arc::new(next);
            }
            is_new
        });
    }
}
