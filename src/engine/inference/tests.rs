//! Order, threads, waiting and giving up, with a scorer that is no model.

use std::sync::mpsc::{Receiver, Sender, channel};

use super::*;
use crate::detect::{CLASSES, LENGTH, Model, Output, Thresholds};
use crate::feature::ALL_FEATURES;
use crate::flow::{End, FlowId, State as FlowState};
use crate::packet::{Address, Tuple, protocol};

/// Answers when the test lets it; fails on a vector of numbers above 1, and panics on one of numbers
/// above 2.
struct Fake {
    /// One message lets one batch pass, and all pass once nobody can send any.
    pass: Option<Receiver<()>>,
    sizes: Sender<usize>,
}

impl Scoring for Fake {
    fn score(&mut self, jobs: &[Job]) -> Result<Vec<Output>, detect::Error> {
        self.sizes.send(jobs.len()).ok();
        if let Some(pass) = &self.pass {
            pass.recv().ok();
        }
        assert!(jobs.iter().all(|job| job.vector[0] <= 2.0), "it breaks off");
        if jobs.iter().any(|job| job.vector[0] > 1.0) {
            return Err(detect::Error::NotFinite("probabilities"));
        }
        Ok(vec![Output { probabilities: [0.0; CLASSES] }; jobs.len()])
    }

    fn thresholds(&self) -> Thresholds {
        Model::built_in().unwrap().manifest.thresholds
    }
}

/// What was delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Given {
    Flow(u64),
    Moment(i64),
    Restart,
    Failed,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Batches {
    Pass,
    AreHeld,
}

struct Rig {
    inference: Inference,
    given: Receiver<Given>,
    /// How many flows each batch had that was scored.
    sizes: Receiver<usize>,
    /// Lets held batches pass, for each thread.
    pass: Vec<Sender<()>>,
}

fn rig(pace: Pace, threads: usize, batches: Batches) -> Rig {
    let (sizes, seen) = channel();
    let (pass, scorers): (Vec<_>, Vec<_>) = (0..threads)
        .map(|_| {
            let (let_pass, pass) = channel();
            let pass = (batches == Batches::AreHeld).then_some(pass);
            (let_pass, Fake { pass, sizes: sizes.clone() })
        })
        .unzip();
    let (give, given) = channel();
    let take = move |delivery| {
        let all = match delivery {
            Delivery::Scored(scored) => {
                scored.iter().map(|one| Given::Flow(one.verdict.flow.id.0)).collect()
            }
            Delivery::Moment(moment_us) => vec![Given::Moment(moment_us)],
            Delivery::Restart => vec![Given::Restart],
            Delivery::Failed(_) => vec![Given::Failed],
        };
        for one in all {
            give.send(one).unwrap();
        }
    };
    let inference = Inference::with(scorers, pace, take).unwrap();
    Rig { inference, given, sizes: seen, pass }
}

impl Rig {
    /// Ends it, and says what it delivered.
    fn finish(self) -> Vec<Given> {
        drop(self.pass);
        self.inference.finish();
        self.given.iter().collect()
    }
}

fn submit_vector(inference: &Inference, id: u64, value: f32) {
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
        reports: 0,
        state: FlowState::Final(End::Fin),
    };
    let steps = [[0.0; ALL_FEATURES]; LENGTH];
    let sequence = Sequence { steps, len: 1 };
    inference.submit(flow, Arc::new([value; ALL_FEATURES]), Box::new(sequence));
}

fn submit(inference: &Inference, ids: impl IntoIterator<Item = u64>) {
    ids.into_iter().for_each(|id| submit_vector(inference, id, 0.5));
}

fn flows(ids: impl IntoIterator<Item = u64>) -> Vec<Given> {
    ids.into_iter().map(Given::Flow).collect()
}

#[test]
fn verdicts_and_marks_come_in_the_order_of_submission_whatever_the_number_of_threads() {
    for threads in 1..=4 {
        let rig = rig(Pace::Replay, threads, Batches::Pass);
        let mut expected = Vec::new();
        for part in 0..20 {
            let ids = part * 50..(part + 1) * 50;
            submit(&rig.inference, ids.clone());
            expected.extend(flows(ids));
            if part % 3 == 0 {
                rig.inference.mark(Mark::Restart);
                expected.push(Given::Restart);
            }
            if part % 2 == 0 {
                rig.inference.mark(Mark::Moment(part.cast_signed()));
                expected.push(Given::Moment(part.cast_signed()));
            }
        }
        let progress = rig.inference.progress();
        assert_eq!(rig.finish(), expected);
        assert_eq!((progress.sequences(), progress.unscored()), (1_000, 0));
    }
}

#[test]
fn a_replay_makes_the_same_batches_every_time() {
    for threads in [1, 3] {
        let rig = rig(Pace::Replay, threads, Batches::Pass);
        submit(&rig.inference, 0..80);
        rig.inference.mark(Mark::Moment(1));
        submit(&rig.inference, 80..200);
        let Rig { inference, sizes, .. } = rig;
        inference.finish();
        let mut sizes: Vec<_> = sizes.iter().collect();
        sizes.sort_unstable();
        // 80 before the mark, 120 behind it.
        assert_eq!(sizes, [16, 56, BATCH, BATCH]);
    }
}

#[test]
fn a_replay_does_not_score_a_batch_before_it_is_full() {
    let rig = rig(Pace::Replay, 1, Batches::Pass);
    submit(&rig.inference, 0..BATCH as u64 - 1);
    assert!(rig.sizes.recv_timeout(2 * PATIENCE).is_err());
    submit(&rig.inference, [BATCH as u64]);
    assert_eq!(rig.sizes.recv_timeout(Duration::from_secs(10)), Ok(BATCH));
}

#[test]
fn a_live_batch_that_is_not_full_is_scored_after_a_while() {
    let rig = rig(Pace::Live, 2, Batches::Pass);
    submit(&rig.inference, 0..3);
    let given: Vec<_> =
        (0..3).map(|_| rig.given.recv_timeout(Duration::from_secs(10)).unwrap()).collect();
    assert_eq!(given, flows(0..3));
}

#[test]
fn a_moment_without_flows_is_delivered_at_once() {
    for pace in [Pace::Live, Pace::Replay] {
        let rig = rig(pace, 2, Batches::Pass);
        rig.inference.mark(Mark::Moment(7));
        assert_eq!(rig.given.recv_timeout(Duration::from_secs(10)), Ok(Given::Moment(7)));
    }
}

#[test]
fn a_live_capture_never_waits_and_counts_what_is_given_up() {
    let rig = rig(Pace::Live, 1, Batches::AreHeld);
    submit(&rig.inference, [0]);
    assert_eq!(rig.sizes.recv(), Ok(1));
    let (waiting, extra) = (WAITING_LIVE as u64, 10);
    submit(&rig.inference, 1..=waiting + extra);
    let progress = rig.inference.progress();
    assert_eq!(progress.unscored(), extra);
    // All are of one rank, so the oldest that waited were given up.
    let expected = flows([0].into_iter().chain(extra + 1..=waiting + extra));
    assert_eq!(rig.finish(), expected);
    assert_eq!(progress.sequences(), waiting + 1);
}

#[test]
fn a_replay_waits_where_the_queue_is_full() {
    let rig = rig(Pace::Replay, 1, Batches::AreHeld);
    let all = 0..(WAITING_REPLAY + 4 * BATCH) as u64;
    let progress = rig.inference.progress();
    std::thread::scope(|scope| {
        let (inference, ids) = (&rig.inference, all.clone());
        let submitter = scope.spawn(move || submit(inference, ids));
        // One batch is with the thread; there is room for no more than the queue holds behind it.
        assert_eq!(rig.sizes.recv(), Ok(BATCH));
        assert!(rig.sizes.recv_timeout(2 * PATIENCE).is_err());
        assert!(!submitter.is_finished());
        (0..all.end.div_ceil(BATCH as u64)).for_each(|_| rig.pass[0].send(()).unwrap());
    });
    assert_eq!(rig.finish(), flows(all));
    assert_eq!(progress.unscored(), 0);
}

#[test]
fn a_model_that_fails_or_panics_is_said_once_and_holds_nobody_up() {
    for value in [2.0, 3.0] {
        let rig = rig(Pace::Replay, 2, Batches::Pass);
        submit(&rig.inference, 0..BATCH as u64);
        submit_vector(&rig.inference, 100, value);
        // More than the queue holds: the submitter would wait for ever.
        submit(&rig.inference, 101..5_000);
        let progress = rig.inference.progress();
        let given = rig.finish();
        assert_eq!(given, [flows(0..BATCH as u64), vec![Given::Failed]].concat());
        assert!(progress.unscored() > 0);
    }
}

#[test]
fn whoever_takes_verdicts_and_panics_holds_nobody_up() {
    let (sizes, _) = channel();
    let scorer = Fake { pass: None, sizes };
    let take = |_| panic!("nothing can be taken");
    let inference = Inference::with(vec![scorer], Pace::Replay, take).unwrap();
    submit(&inference, 0..5_000);
    let finish = std::panic::AssertUnwindSafe(|| inference.finish());
    assert!(std::panic::catch_unwind(finish).is_err());
}
