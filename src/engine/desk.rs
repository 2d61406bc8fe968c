//! Where verdicts arrive: they become incidents, and what is shown of them.
//!
//! One thread owns all of it. Incidents go to the database through the keeper, snapshots to the
//! faces through a channel that holds the newest one.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tracing::info;

use super::board::Board;
use super::detection::Detection;
use super::gauges::Gauges;
use super::inference::{Mark, Scored, VerdictSink};
use super::keeper::Keeper;
use super::shelf::Shelf;
use super::sink::Stopped;
use super::snapshot::{Snapshot, SourceState};
use crate::incident::{Change, Incident};

/// How often a new snapshot is shown at most.
const PUBLISH_EVERY: Duration = Duration::from_millis(250);

/// What the desk is told.
#[derive(Debug)]
pub(super) enum Note {
    /// Verdicts, in order.
    Scored(Vec<Scored>),
    /// What lies between them.
    Mark(Mark),
    /// No packet will come any more, for this reason if for any.
    Ended(SourceState),
}

/// Verdicts in a note, where nothing asks for them sooner.
const TOGETHER: usize = 32;

/// Brings verdicts to the desk.
#[derive(Debug)]
pub(super) struct Courier {
    notes: SyncSender<Note>,
    held: Vec<Scored>,
}

impl Courier {
    /// Brings verdicts to whoever reads `notes`.
    pub(super) const fn new(notes: SyncSender<Note>) -> Self {
        Self { notes, held: Vec::new() }
    }

    /// Brings what is still held; to be called when there will be no more.
    pub(super) fn finish(mut self) -> SyncSender<Note> {
        // A desk that is gone has said why.
        self.bring().ok();
        self.notes
    }

    fn bring(&mut self) -> Result<(), Stopped> {
        if self.held.is_empty() {
            return Ok(());
        }
        let held = std::mem::replace(&mut self.held, Vec::with_capacity(TOGETHER));
        self.notes.send(Note::Scored(held)).map_err(|_| Stopped)
    }
}

impl VerdictSink for Courier {
    type Error = Stopped;

    fn verdict(&mut self, scored: Scored) -> Result<(), Self::Error> {
        self.held.push(scored);
        if self.held.len() < TOGETHER { Ok(()) } else { self.bring() }
    }

    fn mark(&mut self, mark: Mark) -> Result<(), Self::Error> {
        self.bring()?;
        self.notes.send(Note::Mark(mark)).map_err(|_| Stopped)
    }
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
                for one in scored {
                    self.now_us = self.now_us.max(one.verdict.flow.at_us);
                    self.detection.observe(&one);
                    self.board.observe(&Arc::new(one.verdict));
                }
            }
            Note::Mark(Mark::Time(now_us)) => {
                self.now_us = self.now_us.max(now_us);
                self.detection.advance(now_us);
            }
            Note::Mark(Mark::Restart) => {
                self.now_us = 0;
                self.board.clear();
                self.detection.restart();
            }
            Note::Mark(Mark::Flush) => {}
            Note::Ended(state) => self.state = state,
        }
        self.keep();
    }

    fn keep(&mut self) {
        let changed: Vec<_> = self.detection.changes().into_iter().map(Change::into_incident).collect();
        if changed.is_empty() {
            return;
        }
        changed.iter().for_each(|incident| self.shelf.put(Arc::clone(incident)));
        if let Some(keeper) = &self.keeper {
            keeper.keep(changed);
        }
    }

    /// Shows the newest state, unless nothing has changed.
    pub(super) fn publish(&mut self) {
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
