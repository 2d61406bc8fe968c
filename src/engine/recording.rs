//! Brings frames to the evidence ring, on a thread of its own.
//!
//! A capture thread copies what is kept of a frame into a batch, and hands the batch over when it is
//! full or has waited long enough. It never waits itself: while the disk does not keep up, batches
//! are dropped and counted. A replay waits, so that what it leaves depends on the capture alone.

#[cfg(test)]
mod tests;

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use tokio::time::Instant;
use tracing::{error, info};

use super::inference::Pace;
use super::keeper::with_causes;
use crate::capture::evidence::{Batch, Error, Options, Ring, Status};
use crate::packet::Frame;

/// Batches that may wait for the disk: 8 MiB.
const WAITING_BATCHES: usize = 128;

/// For how long a batch of a live capture is filled, in µs of packet time.
const FILL_US: u64 = 200_000;

/// How long a ring that failed is left alone before it is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// What is said of a ring to which nobody writes any more.
const GONE: &str = "the thread that writes broke off by a fault of its own";

/// The thread that writes, seen from outside.
#[derive(Debug)]
pub struct Recording {
    options: Options,
    queue: SyncSender<Batch>,
    meters: Arc<RecordingMeters>,
    thread: JoinHandle<()>,
}

/// How the ring is doing, for whoever shows it.
#[derive(Debug, Default)]
pub struct RecordingMeters {
    /// As the ring says it, with its last failure.
    status: Mutex<Status>,
    lost_frames: AtomicU64,
    /// Empty batches to be filled again.
    spare: Mutex<Vec<Batch>>,
}

impl Recording {
    /// Starts the thread, which first takes over what is in the ring.
    pub fn start(options: Options) -> io::Result<Self> {
        let (queue, batches) = sync_channel(WAITING_BATCHES);
        let meters = Arc::<RecordingMeters>::default();
        let writer =
            Writer { ring: Ring::new(options.clone()), meters: Arc::clone(&meters), failed: None };
        let thread = Builder::new().name("evidence".into()).spawn(move || writer.run(&batches))?;
        Ok(Self { options, queue, meters, thread })
    }

    /// What one source of frames writes to.
    pub(super) fn recorder(&self, pace: Pace) -> Recorder {
        Recorder {
            options: self.options.clone(),
            pace,
            batch: Batch::default(),
            queue: self.queue.clone(),
            meters: Arc::clone(&self.meters),
        }
    }

    /// What shows how the ring is doing.
    #[must_use]
    pub fn meters(&self) -> Arc<RecordingMeters> {
        Arc::clone(&self.meters)
    }

    /// Waits until all is written, or cannot be, and says how the ring was left.
    ///
    /// All sources must have ended.
    #[must_use]
    pub fn finish(self) -> Status {
        let Self { queue, meters, thread, .. } = self;
        drop(queue);
        if thread.join().is_err() {
            meters.fail(GONE.into());
        }
        meters.status()
    }
}

impl RecordingMeters {
    /// How the ring is doing.
    #[must_use]
    pub fn status(&self) -> Status {
        let lost_frames = self.lost_frames.load(Ordering::Relaxed);
        Status { lost_frames, ..self.locked().clone() }
    }

    fn locked(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fail(&self, failure: String) {
        self.locked().failure = Some(failure);
    }

    fn lose(&self, batch: &Batch) {
        self.lost_frames.fetch_add(batch.frames(), Ordering::Relaxed);
    }

    /// Takes back what has been written or given up.
    fn put_back(&self, mut batch: Batch) {
        batch.clear();
        self.spare().push(batch);
    }

    fn spare(&self) -> MutexGuard<'_, Vec<Batch>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one source of frames writes to. What it has gathered is handed over when it is dropped.
#[derive(Debug)]
pub(super) struct Recorder {
    options: Options,
    pace: Pace,
    batch: Batch,
    queue: SyncSender<Batch>,
    meters: Arc<RecordingMeters>,
}

impl Recorder {
    /// Keeps a frame in which a packet was found behind `headers_len` bytes of headers.
    #[inline]
    pub(super) fn record(&mut self, frame: &Frame<'_>, headers_len: usize) {
        let kept = self.options.kept(frame, headers_len);
        if self.batch.is_full(kept) {
            self.hand_over();
        }
        self.batch.push(frame, kept);
        if self.pace == Pace::Live {
            self.tick(frame.time_us);
        }
    }

    /// Hands over what has waited long enough at `now_us`.
    #[inline]
    pub(super) fn tick(&mut self, now_us: i64) {
        if self.batch.oldest_us().is_some_and(|since_us| now_us.abs_diff(since_us) >= FILL_US) {
            self.hand_over();
        }
    }

    /// Hands over what was gathered.
    pub(super) fn hand_over(&mut self) {
        if self.batch.frames() == 0 {
            return;
        }
        let empty = self.meters.spare().pop().unwrap_or_default();
        let batch = std::mem::replace(&mut self.batch, empty);
        let handed_over = match self.pace {
            Pace::Live => self.queue.try_send(batch),
            Pace::Replay => {
                self.queue.send(batch).map_err(|error| TrySendError::Disconnected(error.0))
            }
        };
        let (batch, is_gone) = match handed_over {
            Ok(()) => return,
            Err(TrySendError::Full(batch)) => (batch, false),
            Err(TrySendError::Disconnected(batch)) => (batch, true),
        };
        self.meters.lose(&batch);
        if is_gone {
            self.meters.fail(GONE.into());
        }
        self.meters.put_back(batch);
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.hand_over();
    }
}

struct Writer {
    ring: Ring,
    meters: Arc<RecordingMeters>,
    /// When the ring failed last, if that was its last word.
    failed: Option<Instant>,
}

impl Writer {
    /// Until nobody hands over any more.
    fn run(mut self, batches: &Receiver<Batch>) {
        self.attempt(Ring::prepare);
        for batch in batches {
            let is_left_alone = self.failed.is_some_and(|since| since.elapsed() < RETRY);
            if is_left_alone || !self.attempt(|ring| ring.write(&batch)) {
                self.meters.lose(&batch);
            }
            self.meters.put_back(batch);
        }
    }

    /// Does something with the ring, tells how it is then, and whether it was done.
    fn attempt(&mut self, act: impl FnOnce(&mut Ring) -> Result<(), Error>) -> bool {
        let failure = act(&mut self.ring).err().map(|error| with_causes(&error));
        match (&failure, self.failed) {
            (Some(failure), None) => error!(failure, "packets are not kept as evidence"),
            (None, Some(_)) => info!("packets are kept as evidence again"),
            _ => {}
        }
        self.failed = failure.is_some().then(Instant::now);
        let done = failure.is_none();
        *self.meters.locked() = Status { failure, ..self.ring.status() };
        done
    }
}
