//! What the threads of inference do: score batches, and give the verdicts to the sink.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender};

use super::mark::Marks;
use super::queue::{Batch, Job};
use super::{Delivered, InferenceFailure, Scored, Shared, VerdictSink};
use crate::detect::{Error, Output, Scorer, Thresholds, Verdict};

/// Answers to sequences.
pub(super) trait Scoring: Send + 'static {
    /// The answers to both sequences of each job, in order.
    fn score(&mut self, jobs: &[Job]) -> Result<Vec<Output>, Error>;
}

impl Scoring for Scorer {
    fn score(&mut self, jobs: &[Job]) -> Result<Vec<Output>, Error> {
        Self::score(self, jobs.iter().flat_map(|job| job.sequences.iter()))
    }
}

/// Verdicts with what is said before each, and behind the last.
pub(super) struct ScoredBatch {
    verdicts: Vec<(Marks, Scored)>,
    after: Marks,
}

/// One inference thread: until there is no more to score, or no one to give it to.
pub(super) fn work(
    number: usize,
    mut scorer: impl Scoring,
    thresholds: &Thresholds,
    shared: &Shared,
    give: &SyncSender<Result<ScoredBatch, Error>>,
) {
    while let Some(batch) = shared.next(number) {
        let answer = judged(&mut scorer, batch, thresholds);
        if let Ok(batch) = &answer {
            let sequences = 2 * batch.verdicts.len() as u64;
            shared.counters.sequences.fetch_add(sequences, Ordering::Relaxed);
        }
        let has_failed = answer.is_err();
        if give.send(answer).is_err() || has_failed {
            return;
        }
    }
}

fn judged(
    scorer: &mut impl Scoring,
    Batch { jobs, after }: Batch,
    thresholds: &Thresholds,
) -> Result<ScoredBatch, Error> {
    let outputs = scorer.score(&jobs)?;
    let (outputs, _) = outputs.as_chunks();
    let verdict = |(job, outputs): (Job, &[Output; 2])| {
        let Job { before, flow, vector, sequences } = job;
        let verdict = Verdict::new(flow, vector, *outputs, thresholds);
        (before, Scored { verdict, sequences })
    };
    Ok(ScoredBatch { verdicts: jobs.into_iter().zip(outputs).map(verdict).collect(), after })
}

/// The thread that gives verdicts to `sink`, taking from the inference threads in their turn.
pub(super) fn deliver<V: VerdictSink>(
    scored: &[Receiver<Result<ScoredBatch, Error>>],
    mut sink: V,
    shared: &Shared,
) -> Delivered<V> {
    let mut failure = None;
    for batch in scored.iter().cycle().map_while(|thread| thread.recv().ok()) {
        let given = batch
            .map_err(InferenceFailure::Model)
            .and_then(|batch| give(&mut sink, batch).map_err(InferenceFailure::Sink));
        failure = given.err();
        if failure.is_some() {
            break;
        }
    }
    // Whoever waits for room or for work waits no longer.
    shared.stop();
    (sink, failure)
}

fn give<V: VerdictSink>(sink: &mut V, batch: ScoredBatch) -> Result<(), V::Error> {
    for (before, scored) in batch.verdicts {
        before.list().try_for_each(|mark| sink.mark(mark))?;
        sink.verdict(scored)?;
    }
    batch.after.list().try_for_each(|mark| sink.mark(mark))
}
