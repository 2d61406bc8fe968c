//! Order, threads, waiting and giving up, with a scorer that is no model.

use std::sync::mpsc::{Receiver, Sender, channel};

use super::*;
use crate::detect::{CLASSES, LENGTH, Output, Scope};
use crate::feature::ALL_FEATURES;
use crate::flow::{End, FlowId, State as FlowState};
use crate::packet::{Address, Tuple, protocol};

/// Answers when the test lets it, with the first number of the vector as the anomaly.
struct Fake {
    /// One message lets one batch pass; a test that has dropped the other end lets all pass.
    pass: Option<Receiver<()>>,
    sizes: Sender<usize>,
}

impl Scoring for Fake {
    fn score(&mut self, jobs: &[Job]) -> Result<Vec<Output>, detect::Error> {
        self.sizes.send(jobs.len()).ok();
        if let Some(pass) = &self.pass {
            pass.recv().ok();
        }
        let outputs = jobs.iter().flat_map(|job| {
            let anomaly = job.vector[0];
            [Output { probabilities: [0.0; CLASSES], anomaly }; 2]
        });
        if jobs.iter().any(|job| job.vector[0] > 1.0) {
            return Err(detect::Error::NotFinite("anomaly"));
        }
        Ok(outputs.collect())
    }
}

/// What the sink was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Given {
    Flow(u64),
    Mark(Mark),
}

/// Keeps what it is given, up to as many verdicts as it may take.
struct Kept {
    given: Vec<Given>,
    limit: usize,
}

impl VerdictSink for Kept {
    type Error = &'static str;

    fn verdict(&mut self, scored: Scored) -> Result<(), Self::Error> {
        self.given.push(Given::Flow(scored.verdict.flow.id.0));
        if self.given.len() > self.limit { Err("full") } else { Ok(()) }
    }

    fn mark(&mut self, mark: Mark) -> Result<(), Self::Error> {
        self.given.push(Given::Mark(mark));
        Ok(())
    }
}

struct Rig {
    inference: Inference<Kept>,
    sizes: Receiver<usize>,
    /// For each thread, if batches are held back.
    pass: Vec<Sender<()>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Batches {
    Pass,
    AreHeld,
}

fn rig(mode: InferenceMode, threads: usize, batches: Batches, limit: usize) -> Rig {
    let (sizes, seen) = channel();
    let (pass, scorers): (Vec<_>, Vec<_>) = (0..threads)
        .map(|_| {
            let (let_pass, pass) = channel();
            let pass = (batches == Batches::AreHeld).then_some(pass);
            (let_pass, Fake { pass, sizes: sizes.clone() })
        })
        .unzip();
    let thresholds = Model::built_in().unwrap().manifest.thresholds;
    let sink = Kept { given: Vec::new(), limit };
    let inference = Inference::with(scorers, thresholds, mode, sink).unwrap();
    Rig { inference, sizes: seen, pass }
}

impl Rig {
    fn submit_scored(&self, id: u64, anomaly: f32) -> Result<(), Stopped> {
        let tuple = Tuple {
            source: Address::v4([10, 0, 0, 1]),
            target: Address::v4([10, 0, 1, 1]),
            source_port: 40_000,
            target_port: 80,
            protocol: protocol::TCP,
            icmp_type: 0,
        };
        let flow = FlowSummary {
            id: FlowId(id),
            tuple,
            first_us: 0,
            last_us: 0,
            at_us: 0,
            packets: 1,
            bytes: 0,
            state: FlowState::Final(End::Fin),
        };
        let steps = [[0.0; ALL_FEATURES]; LENGTH];
        let sequences = [Scope::Pair, Scope::Server].map(|scope| Sequence { scope, steps, len: 1 });
        self.inference.submit(flow, Arc::new([anomaly; ALL_FEATURES]), Box::new(sequences))
    }

    fn submit(&self, id: u64) -> Result<(), Stopped> {
        self.submit_scored(id, 0.5)
    }
}

#[test]
fn verdicts_and_marks_come_in_the_order_of_submission_whatever_the_number_of_threads() {
    for threads in 1..=4 {
        let rig = rig(InferenceMode::Replay, threads, Batches::Pass, usize::MAX);
        let mut expected = Vec::new();
        for id in 0..1_000 {
            rig.submit(id).unwrap();
            expected.push(Given::Flow(id));
            if id % 70 == 0 {
                let mark = if id % 3 == 0 { Mark::Flush } else { Mark::Time(id.cast_signed()) };
                rig.inference.mark(mark).unwrap();
                expected.push(Given::Mark(mark));
            }
        }
        let counters = rig.inference.counters();
        let (sink, failure) = rig.inference.finish();
        assert!(failure.is_none());
        assert_eq!(sink.given, expected);
        assert_eq!((counters.sequences(), counters.unscored()), (2_000, 0));
    }
}

#[test]
fn a_replay_makes_the_same_batches_every_time() {
    let sizes = |threads| {
        let rig = rig(InferenceMode::Replay, threads, Batches::Pass, usize::MAX);
        for id in 0..100 {
            rig.submit(id).unwrap();
            if id == 39 {
                rig.inference.mark(Mark::Flush).unwrap();
            }
        }
        let (_, failure) = rig.inference.finish();
        assert!(failure.is_none());
        let mut sizes: Vec<_> = rig.sizes.iter().collect();
        sizes.sort_unstable();
        sizes
    };
    // 40 before the flush, 60 behind it.
    assert_eq!(sizes(1), [8, 28, BATCH, BATCH]);
    assert_eq!(sizes(3), [8, 28, BATCH, BATCH]);
}

#[test]
fn a_live_batch_that_is_not_full_is_scored_after_a_while() {
    let rig = rig(InferenceMode::Live, 2, Batches::Pass, usize::MAX);
    for id in 0..3 {
        rig.submit(id).unwrap();
    }
    let mut scored = 0;
    while scored < 3 {
        scored += rig.sizes.recv_timeout(Duration::from_secs(10)).unwrap();
    }
    assert_eq!(scored, 3);
}

#[test]
fn a_live_capture_never_waits_and_counts_what_is_given_up() {
    let rig = rig(InferenceMode::Live, 1, Batches::AreHeld, usize::MAX);
    rig.submit(0).unwrap();
    let first = rig.sizes.recv().unwrap();
    assert_eq!(first, 1);
    let extra = 10;
    let all = (WAITING_LIVE + extra) as u64;
    for id in 1..=all {
        rig.submit(id).unwrap();
    }
    let counters = rig.inference.counters();
    assert_eq!(counters.unscored(), extra as u64);
    drop(rig.pass);
    let (sink, failure) = rig.inference.finish();
    assert!(failure.is_none());
    assert_eq!(sink.given.len(), WAITING_LIVE + 1);
    assert_eq!(counters.sequences(), 2 * (WAITING_LIVE as u64 + 1));
    // All are of one rank, so the oldest that waited were given up.
    assert_eq!(sink.given[1], Given::Flow(extra as u64 + 1));
}

#[test]
fn a_replay_waits_where_the_queue_is_full() {
    let rig = rig(InferenceMode::Replay, 1, Batches::AreHeld, usize::MAX);
    let counters = rig.inference.counters();
    let flows = (WAITING_REPLAY + 3 * BATCH) as u64;
    std::thread::scope(|scope| {
        let (inference_pass, batches) = (&rig.pass[0], flows.div_ceil(BATCH as u64));
        scope.spawn(move || (0..batches).for_each(|_| inference_pass.send(()).unwrap()));
        (0..flows).for_each(|id| rig.submit(id).unwrap());
    });
    let (sink, _) = rig.inference.finish();
    assert_eq!(sink.given.len() as u64, flows);
    assert_eq!(counters.unscored(), 0);
}

#[test]
fn a_model_that_fails_stops_the_submitter_and_is_named_at_the_end() {
    let rig = rig(InferenceMode::Replay, 2, Batches::Pass, usize::MAX);
    rig.submit_scored(0, 2.0).unwrap();
    // Waits for room unless it is told that there is no use.
    let stopped = (1..10_000).find_map(|id| rig.submit(id).err());
    assert_eq!(stopped, Some(Stopped));
    let (sink, failure) = rig.inference.finish();
    assert!(matches!(failure, Some(InferenceFailure::Model(detect::Error::NotFinite(_)))));
    assert_eq!(sink.given, []);
}

#[test]
fn a_sink_that_takes_no_more_stops_the_submitter() {
    let rig = rig(InferenceMode::Replay, 2, Batches::Pass, 5);
    let stopped = (0..10_000).find_map(|id| rig.submit(id).err());
    assert_eq!(stopped, Some(Stopped));
    let (sink, failure) = rig.inference.finish();
    assert!(matches!(failure, Some(InferenceFailure::Sink("full"))));
    assert_eq!(sink.given.len(), 6);
}
