//! Scoring on threads of its own, between what makes sequences and what takes verdicts.
//!
//! ```text
//!                   ┌► inference-0 ─┐
//! submit ─► queue ──┤               ├──► verdicts ─► sink
//!                   └► inference-1 ─┘
//! ```
//! Each inference thread has a session of its own. They take batches from the queue in turn, and the
//! verdicts are given to the sink in the same turn: in the order of submission, whatever their number.
//! A replay makes batches by count alone and waits where the queue is full, so that it always gives the
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
use super::sink::Stopped;
use crate::detect::{self, FlowSummary, Model, Runtime, Scorer, Sequence, Thresholds, Verdict};
use crate::feature::Vector;

pub use self::mark::Mark;

/// Flows in a full batch, each with two sequences.
const BATCH: usize = 32;

/// Flows that may wait in a replay, 8.5 KiB each.
const WAITING_REPLAY: usize = 8 * BATCH;

/// Flows that may wait live: 34 MiB, a good second of the work of one thread that runs tract.
const WAITING_LIVE: usize = 4_096;

/// How long a batch that is not full waits for more.
const PATIENCE: Duration = Duration::from_millis(20);

/// Scored batches that may wait for the sink, for each thread.
const WAITING_BATCHES: usize = 1;

/// How batches are made, and what a full queue means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InferenceMode {
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
    /// The sequences that it was asked about, for whoever wants to know why.
    pub sequences: Box<[Sequence; 2]>,
}

/// Takes verdicts, in the order in which their flows were submitted.
pub trait VerdictSink: Send + 'static {
    /// Why it can take no more.
    type Error: std::fmt::Debug + Send + 'static;

    /// Takes the next verdict.
    fn verdict(&mut self, scored: Scored) -> Result<(), Self::Error>;

    /// Everything submitted before `mark` has been given.
    fn mark(&mut self, mark: Mark) -> Result<(), Self::Error>;
}

/// What inference has done so far.
#[derive(Debug, Default)]
pub struct InferenceCounters {
    sequences: AtomicU64,
    unscored: AtomicU64,
}

impl InferenceCounters {
    /// Sequences scored.
    #[must_use]
    pub fn sequences(&self) -> u64 {
        self.sequences.load(Ordering::Relaxed)
    }

    /// Vectors given up because inference did not keep up.
    #[must_use]
    pub fn unscored(&self) -> u64 {
        self.unscored.load(Ordering::Relaxed)
    }
}

/// Why inference ended early.
#[derive(Debug)]
pub enum InferenceFailure<E> {
    /// The model could not be run.
    Model(detect::Error),
    /// The sink took no more.
    Sink(E),
}

/// Why inference could not be started.
#[derive(Debug, thiserror::Error)]
pub enum InferenceError {
    /// The model cannot be run.
    #[error(transparent)]
    Model(#[from] detect::Error),
    /// A thread could not be started.
    #[error("start a thread for inference")]
    Threads(#[source] io::Error),
}

type Delivered<V> = (V, Option<InferenceFailure<<V as VerdictSink>::Error>>);

/// Running inference threads.
#[derive(Debug)]
pub struct Inference<V: VerdictSink> {
    entrance: Entrance,
    workers: Vec<JoinHandle<()>>,
    delivery: JoinHandle<Delivered<V>>,
}

impl<V: VerdictSink> Inference<V> {
    /// Starts `threads` threads that run `model`, and one that gives verdicts to `sink`.
    pub fn start(
        model: &Model,
        runtime: &Runtime,
        threads: usize,
        mode: InferenceMode,
        sink: V,
    ) -> Result<Self, InferenceError> {
        let scorers = (0..threads.max(1)).map(|_| Scorer::new(model, runtime));
        let scorers = scorers.collect::<Result<Vec<_>, _>>()?;
        Self::with(scorers, model.manifest.thresholds, mode, sink).map_err(InferenceError::Threads)
    }

    fn with<S: Scoring>(
        scorers: Vec<S>,
        thresholds: Thresholds,
        mode: InferenceMode,
        sink: V,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared::new(mode, scorers.len()));
        let entrance = Entrance(Arc::clone(&shared));
        let mut workers = Vec::new();
        let mut scored = Vec::new();
        for (number, scorer) in scorers.into_iter().enumerate() {
            let (give, taken) = sync_channel(WAITING_BATCHES);
            let shared = Arc::clone(&shared);
            let thread = Builder::new().name(format!("inference-{number}"));
            let run = move || work(number, scorer, &thresholds, &shared, &give);
            workers.push(thread.spawn(run)?);
            scored.push(taken);
        }
        let thread = Builder::new().name("verdicts".into());
        let delivery = thread.spawn(move || deliver(&scored, sink, &shared))?;
        Ok(Self { entrance, workers, delivery })
    }

    /// What has been done so far, for whoever wants to watch.
    #[must_use]
    pub fn counters(&self) -> Arc<InferenceCounters> {
        Arc::clone(&self.entrance.0.counters)
    }

    /// Takes the next flow: its vector, and the two sequences that end with it.
    pub fn submit(
        &self,
        flow: FlowSummary,
        vector: Arc<Vector>,
        sequences: Box<[Sequence; 2]>,
    ) -> Result<(), Stopped> {
        self.entrance.0.submit(Job::new(flow, vector, sequences))
    }

    /// Gives `mark` to the sink behind the verdicts on all flows submitted so far. Never waits.
    pub fn mark(&self, mark: Mark) -> Result<(), Stopped> {
        self.entrance.0.mark(mark)
    }

    /// Scores what waits and gives the sink back, with why it got no more, if something failed.
    #[must_use]
    pub fn finish(self) -> (V, Option<InferenceFailure<V::Error>>) {
        drop(self.entrance);
        self.workers.into_iter().for_each(joined);
        joined(self.delivery)
    }
}

/// The result of a thread; its panic goes on in the caller.
fn joined<T>(thread: JoinHandle<T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
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
    mode: InferenceMode,
    threads: usize,
    state: Mutex<State>,
    /// There may be a batch to take, or it is another thread's turn.
    work: Condvar,
    /// There may be room in the queue.
    room: Condvar,
    counters: Arc<InferenceCounters>,
}

#[derive(Debug)]
struct State {
    queue: Queue,
    /// The inference thread that takes the next batch.
    turn: usize,
    /// Nothing more will be submitted.
    is_ended: bool,
    /// Something failed.
    is_stopped: bool,
}

impl Shared {
    fn new(mode: InferenceMode, threads: usize) -> Self {
        let queue = match mode {
            InferenceMode::Live => Queue::shedding(WAITING_LIVE),
            InferenceMode::Replay => Queue::default(),
        };
        Self {
            mode,
            threads,
            state: Mutex::new(State { queue, turn: 0, is_ended: false, is_stopped: false }),
            work: Condvar::new(),
            room: Condvar::new(),
            counters: Arc::default(),
        }
    }

    /// No thread that panics leaves the state half changed.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn submit(&self, job: Job) -> Result<(), Stopped> {
        let mut state = self.state();
        if self.mode == InferenceMode::Replay {
            let is_full =
                |state: &mut State| state.queue.len() >= WAITING_REPLAY && !state.is_stopped;
            state = self.room.wait_while(state, is_full).unwrap_or_else(PoisonError::into_inner);
        }
        if state.is_stopped {
            return Err(Stopped);
        }
        let given_up = state.queue.push(job);
        self.counters.unscored.fetch_add(given_up, Ordering::Relaxed);
        // Those who wait are called only where this one flow makes the difference.
        match (self.mode, state.queue.len()) {
            (InferenceMode::Live, 1) | (_, BATCH) => self.work.notify_all(),
            _ => {}
        }
        Ok(())
    }

    fn mark(&self, mark: Mark) -> Result<(), Stopped> {
        let mut state = self.state();
        if state.is_stopped {
            return Err(Stopped);
        }
        state.queue.mark(mark);
        if self.mode == InferenceMode::Live || mark == Mark::Flush {
            self.work.notify_all();
        }
        Ok(())
    }

    /// Waits for the turn of inference thread `number` and for its next batch; none at the end.
    fn next(&self, number: usize) -> Option<Batch> {
        let wait = |state| self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
        let mut state = self.state();
        loop {
            if state.is_stopped {
                return None;
            }
            let is_turn = state.turn == number;
            if is_turn && (state.queue.has_batch() || state.is_ended) {
                break;
            }
            state = match self.mode {
                InferenceMode::Live if is_turn && !state.queue.is_empty() => {
                    let is_early = |state: &mut State| !state.queue.has_batch() && !state.is_ended;
                    let waited = self.work.wait_timeout_while(state, PATIENCE, is_early);
                    let (state, waited) = waited.unwrap_or_else(PoisonError::into_inner);
                    if waited.timed_out() {
                        return self.take(state);
                    }
                    state
                }
                _ => wait(state),
            };
        }
        self.take(state)
    }

    /// Takes a batch and passes the turn on.
    fn take(&self, mut state: MutexGuard<'_, State>) -> Option<Batch> {
        state.turn = (state.turn + 1) % self.threads;
        let batch = (!state.queue.is_empty()).then(|| state.queue.take());
        self.work.notify_all();
        self.room.notify_all();
        batch
    }

    /// Ends everything, because something failed or because there is nothing left to do.
    fn stop(&self) {
        self.state().is_stopped = true;
        self.work.notify_all();
        self.room.notify_all();
    }
}

#[cfg(test)]
mod tests;
