//! What the threads of inference do: score batches, and deliver the verdicts.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender};

use super::mark::{Mark, Marks};
use super::queue::{Batch, Job};
use super::{Delivery, Scored, Shared};
use crate::detect::{Error, Output, Scorer, Thresholds, Verdict};

/// Answers to sequences.
pub(super) trait Scoring: Send + 'static {
    /// The answer to the sequence of each job, in order.
    fn score(&mut self, jobs: &[Job]) -> Result<Vec<Output>, Error>;

    /// From which score on a class alarms.
    fn thresholds(&self) -> Thresholds;
}

impl Scoring for Scorer {
    fn score(&mut self, jobs: &[Job]) -> Result<Vec<Output>, Error> {
        Self::score(self, jobs.iter().map(|job| &*job.sequence))
    }

    fn thresholds(&self) -> Thresholds {
        self.manifest().thresholds
    }
}

/// What one batch came to.
pub(super) type Answer = Result<(Vec<Scored>, Marks), Error>;

/// One inference thread: until there is no more to score, or no one to give it to.
pub(super) fn work(
    number: usize,
    mut scorer: impl Scoring,
    shared: &Shared,
    give: &SyncSender<Answer>,
) {
    let thresholds = scorer.thresholds();
    while let Some(Batch { jobs, after }) = shared.next(number) {
        // A thread that is gone must not look like a network on which all is well.
        let judge = AssertUnwindSafe(|| judged(&mut scorer, jobs, &thresholds));
        let verdicts = catch_unwind(judge).unwrap_or(Err(Error::Panicked));
        let has_failed = verdicts.is_err();
        if give.send(verdicts.map(|verdicts| (verdicts, after))).is_err() || has_failed {
            return;
        }
    }
}

fn judged(
    scorer: &mut impl Scoring,
    jobs: Vec<Job>,
    thresholds: &Thresholds,
) -> Result<Vec<Scored>, Error> {
    let outputs = scorer.score(&jobs)?;
    let judge = |(job, output): (Job, &Output)| {
        let Job { flow, vector, sequence, .. } = job;
        Scored { verdict: Verdict::new(flow, vector, output, thresholds), sequence }
    };
    Ok(jobs.into_iter().zip(&outputs).map(judge).collect())
}

/// The thread that delivers, taking from the inference threads in their turn.
pub(super) fn deliver(
    answers: &[Receiver<Answer>],
    shared: &Shared,
    mut deliver: impl FnMut(Delivery),
) {
    // However this thread ends, by a panic too.
    let _stop = Stop(shared);
    for answer in answers.iter().cycle().map_while(|thread| thread.recv().ok()) {
        match answer {
            Ok((verdicts, after)) => {
                let sequences = verdicts.len() as u64;
                shared.progress.sequences.fetch_add(sequences, Ordering::Relaxed);
                if !verdicts.is_empty() {
                    deliver(Delivery::Scored(verdicts));
                }
                after.list().map(Delivery::from).for_each(&mut deliver);
            }
            Err(error) => {
                deliver(Delivery::Failed(error));
                break;
            }
        }
    }
}

/// Whoever waits for room or for work waits no longer once this is dropped.
struct Stop<'a>(&'a Shared);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

impl From<Mark> for Delivery {
    fn from(mark: Mark) -> Self {
        match mark {
            Mark::Restart => Self::Restart,
            Mark::Moment(moment_us) => Self::Moment(moment_us),
        }
    }
}
