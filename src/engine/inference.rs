//! Scoring on threads of its own, between what makes sequences and what becomes of verdicts.
//!
//! ```text
//!                   ┌► inference-0 ─┐
//! submit ─► queue ──┤               ├──► verdicts ─► whoever takes them
//!                   └► inference-1 ─┘
//! ```
//! Each inference thread has a session of its own. They take batches from the queue in turn, and the
//! verdicts are delivered in the same turn: in the order of submission, whatever their number. A
//! replay makes batches by count alone and waits where the queue is full, so that it always gives the
//! same scores. A live capture also makes a batch when one has waited long enough, never waits, and
//! where the queue is full gives up what matters least and counts it.

mod mark;
mod queue;
mod worker;

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use self::queue::{Batch, Job, Queue};
use self::worker::{Scoring, deliver, work};
use crate::detect::{self, FlowSummary, Scorer, Sequence, Verdict};
use crate::feature::Vector;

pub use self::mark::Mark;

/// Flows in a full batch.
const BATCH: usize = 64;

/// Flows that may wait in a replay, 6.5 KiB each.
const WAITING_REPLAY: usize = 8 * BATCH;

/// Flows that may wait live: 26 MiB, and less than a second of the work of one thread.
const WAITING_LIVE: usize = 4_096;

/// How long a batch that is not full waits for more.
const PATIENCE: Duration = Duration::from_millis(20);

/// Scored batches of each thread that may wait to be delivered.
const WAITING_BATCHES: usize = 1;

/// How batches are made, and what a full queue means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// By size or after a short while; a full queue gives something up.
    Live,
    /// By count only; a full queue makes the submitter wait.
    Replay,
}

/// A verdict, and what it was given on.
#[derive(Debug, Clone)]
pub struct Scored {
    /// What the model said.
    pub verdict: Verdict,
    /// The sequence that it was asked about, for whoever wants to know why.
    pub sequence: Box<Sequence>,
}

/// What inference delivers, in the order in which flows were submitted and marks were set.
#[derive(Debug)]
pub enum Delivery {
    /// The verdicts on the next flows.
    Scored(Vec<Scored>),
    /// It is so late in packet time, in µs since the epoch.
    Moment(i64),
    /// The capture's clock jumped back.
    Restart,
    /// The model could not be run, and nothing will be scored any more.
    Failed(detect::Error),
}

/// What inference has done so far.
#[derive(Debug, Default)]
pub struct Progress {
    sequences: AtomicU64,
    unscored: AtomicU64,
}

impl Progress {
    /// Sequences scored.
    #[must_use]
    pub fn sequences(&self) -> u64 {
        self.sequences.load(Ordering::Relaxed)
    }

    /// Vectors given up because inference did not keep up, or had failed.
    #[must_use]
    pub fn unscored(&self) -> u64 {
        self.unscored.load(Ordering::Relaxed)
    }
}

/// Running inference threads.
#[derive(Debug)]
pub struct Inference {
    entrance: Entrance,
    threads: Vec<JoinHandle<()>>,
}

impl Inference {
    /// Starts a thread for each of `scorers`, and one that hands what they say to `take`.
    pub fn start(
        scorers: Vec<Scorer>,
        pace: Pace,
        take: impl FnMut(Delivery) + Send + 'static,
    ) -> io::Result<Self> {
        Self::with(scorers, pace, take)
    }

    /// As above, with anything that answers: tests have scorers that are no model.
    fn with<S: Scoring>(
        scorers: Vec<S>,
        pace: Pace,
        take: impl FnMut(Delivery) + Send + 'static,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared::new(pace, scorers.len()));
        let entrance = Entrance(Arc::clone(&shared));
        let mut threads = Vec::new();
        let mut answers = Vec::new();
        for (number, scorer) in scorers.into_iter().enumerate() {
            let (give, given) = sync_channel(WAITING_BATCHES);
            let shared = Arc::clone(&shared);
            let thread = Builder::new().name(format!("inference-{number}"));
            threads.push(thread.spawn(move || work(number, scorer, &shared, &give))?);
            answers.push(given);
        }
        let thread = Builder::new().name("verdicts".into());
        threads.push(thread.spawn(move || deliver(&answers, &shared, take))?);
        Ok(Self { entrance, threads })
    }

    /// What has been done so far, for whoever wants to watch.
    #[must_use]
    pub fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.entrance.0.progress)
    }

    /// Takes the next flow: its vector, and the sequence that ends with it.
    pub fn submit(&self, flow: FlowSummary, vector: Arc<Vector>, sequence: Box<Sequence>) {
        self.entrance.0.submit(Job::new(flow, vector, sequence));
    }

    /// Delivers `mark` behind the verdicts on all flows submitted so far. Never waits.
    pub fn mark(&self, mark: Mark) {
        self.entrance.0.mark(mark);
    }

    /// Waits until all that was submitted is scored and delivered.
    pub fn finish(self) {
        drop(self.entrance);
        for thread in self.threads {
            // Its panic goes on in the caller.
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
    }
}

/// The submitter's end of the queue: without it nothing more comes, and the threads end.
#[derive(Debug)]
struct Entrance(Arc<Shared>);

impl Drop for Entrance {
    fn drop(&mut self) {
        self.0.state().is_ended = true;
        self.0.work.notify_all();
    }
}

/// What all threads share.
#[derive(Debug)]
struct Shared {
    pace: Pace,
    threads: usize,
    state: Mutex<State>,
    /// There may be a batch to take, or it is another thread's turn.
    work: Condvar,
    /// There may be room in the queue.
    room: Condvar,
    progress: Arc<Progress>,
}

#[derive(Debug)]
struct State {
    queue: Queue,
    /// The inference thread that takes the next batch.
    turn: usize,
    /// Nothing more will be submitted.
    is_ended: bool,
    /// Nothing more will be delivered.
    is_stopped: bool,
}

impl State {
    /// Whether the next batch is as large as it will become.
    fn is_ready(&self) -> bool {
        self.queue.has_batch() || self.is_ended || self.is_stopped
    }
}

impl Shared {
    fn new(pace: Pace, threads: usize) -> Self {
        let queue = match pace {
            Pace::Live => Queue::shedding(WAITING_LIVE),
            Pace::Replay => Queue::default(),
        };
        let state = Mutex::new(State { queue, turn: 0, is_ended: false, is_stopped: false });
        let (work, room) = (Condvar::new(), Condvar::new());
        Self { pace, threads, state, work, room, progress: Arc::default() }
    }

    /// No thread that panics leaves the state half changed.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn submit(&self, job: Job) {
        let mut state = self.state();
        if self.pace == Pace::Replay {
            let is_full =
                |state: &mut State| state.queue.len() >= WAITING_REPLAY && !state.is_stopped;
            state = self.room.wait_while(state, is_full).unwrap_or_else(PoisonError::into_inner);
        }
        let given_up = if state.is_stopped { 1 } else { state.queue.push(job) };
        self.progress.unscored.fetch_add(given_up, Ordering::Relaxed);
        // Those who wait are called only where this one flow makes the difference.
        match (self.pace, state.queue.len()) {
            (Pace::Live, 1) | (_, BATCH) => self.work.notify_all(),
            _ => {}
        }
    }

    fn mark(&self, mark: Mark) {
        self.state().queue.mark(mark);
        self.work.notify_all();
    }

    /// Waits for the turn of inference thread `number` and for its next batch; none at the end.
    fn next(&self, number: usize) -> Option<Batch> {
        let is_early = |state: &mut State| !state.is_ready();
        let is_not_yet = |state: &mut State| {
            let is_live = self.pace == Pace::Live && !state.queue.is_empty();
            !(state.is_stopped || state.turn == number && (state.is_ready() || is_live))
        };
        let waited = self.work.wait_while(self.state(), is_not_yet);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        if !state.is_ready() {
            let waited = self.work.wait_timeout_while(state, PATIENCE, is_early);
            (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
        if state.is_stopped {
            return None;
        }
        state.turn = (state.turn + 1) % self.threads;
        let batch = (!state.queue.is_empty()).then(|| state.queue.take());
        self.work.notify_all();
        self.room.notify_all();
        batch
    }

    /// Ends everything, because something failed or because there is nothing left to do.
    fn stop(&self) {
        let mut state = self.state();
        state.is_stopped = true;
        self.progress.unscored.fetch_add(state.queue.len() as u64, Ordering::Relaxed);
        drop(state);
        self.work.notify_all();
        self.room.notify_all();
    }
}

#[cfg(test)]
mod tests;
