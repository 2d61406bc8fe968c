//! What a queue gives up, and what it takes together.

use super::*;
use crate::detect::LENGTH;
use crate::feature::ALL_FEATURES;
use crate::flow::{End, FlowId};
use crate::packet::protocol;

/// A vector of flow `id` of this client.
fn job(id: u64, client: u8, state: State) -> Job {
    let tuple = Tuple {
        source: Address::v4([10, 0, 0, client]),
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
        state,
    };
    let steps = [[0.0; ALL_FEATURES]; LENGTH];
    let sequence = Sequence { steps, len: 1 };
    Job::new(flow, Arc::new([0.0; ALL_FEATURES]), Box::new(sequence))
}

fn provisional(id: u64, client: u8) -> Job {
    job(id, client, State::Provisional)
}

fn last(id: u64, client: u8) -> Job {
    job(id, client, State::Final(End::Fin))
}

/// The flows of the next batch, and what is said behind them.
fn taken(queue: &mut Queue) -> (Vec<u64>, Vec<Mark>) {
    let batch = queue.take();
    let flows = batch.jobs.iter().map(|job| job.flow.id.0).collect();
    (flows, batch.after.list().collect())
}

#[test]
fn a_full_queue_gives_up_what_a_newer_vector_of_the_context_replaces() {
    let mut queue = Queue::shedding(3);
    let jobs = [provisional(1, 7), provisional(2, 8), last(3, 9), provisional(4, 8)];
    assert_eq!(jobs.map(|job| queue.push(job)), [0, 0, 0, 1]);
    assert_eq!(taken(&mut queue).0, [1, 3, 4]);
}

#[test]
fn the_last_word_on_a_flow_replaces_what_came_before() {
    let mut queue = Queue::shedding(2);
    let jobs = [provisional(1, 7), provisional(2, 8), last(2, 8)];
    assert_eq!(jobs.map(|job| queue.push(job)), [0, 0, 1]);
    let states: Vec<_> = queue.take().jobs.iter().map(|job| job.flow.state).collect();
    assert_eq!(states, [State::Provisional, State::Final(End::Fin)]);
}

#[test]
fn next_it_gives_up_the_oldest_open_flow_and_final_ones_last() {
    let mut queue = Queue::shedding(2);
    for job in [last(1, 1), provisional(2, 2), provisional(3, 3)] {
        queue.push(job);
    }
    assert_eq!(taken(&mut queue).0, [1, 3]);
    for job in [last(4, 4), last(5, 5), last(6, 6)] {
        queue.push(job);
    }
    assert_eq!(taken(&mut queue).0, [5, 6]);
}

#[test]
fn an_open_flow_that_finds_only_final_ones_is_given_up_itself() {
    let mut queue = Queue::shedding(1);
    assert_eq!([queue.push(last(1, 1)), queue.push(provisional(2, 2))], [0, 1]);
    assert_eq!(taken(&mut queue).0, [1]);
}

#[test]
fn nothing_is_remembered_of_what_has_left_the_queue() {
    let mut queue = Queue::shedding(2);
    for id in 0..100 {
        queue.push(provisional(id, 7));
        queue.push(last(id, u8::try_from(id).unwrap()));
    }
    queue.take();
    let shedding = queue.shedding.unwrap();
    assert!(shedding.order.is_empty() && shedding.newest.is_empty());
}

#[test]
fn what_was_said_before_a_flow_that_is_given_up_is_still_said() {
    let mut queue = Queue::shedding(1);
    queue.mark(Mark::Moment(5));
    queue.push(provisional(1, 1));
    queue.mark(Mark::Moment(6));
    queue.push(last(2, 2));
    assert_eq!(taken(&mut queue), (vec![], vec![Mark::Moment(6)]));
    assert_eq!(taken(&mut queue), (vec![2], vec![]));
    queue.push(last(3, 3));
    queue.mark(Mark::Restart);
    queue.push(provisional(4, 4));
    assert_eq!(taken(&mut queue), (vec![3], vec![Mark::Restart]));
}

#[test]
fn a_mark_ends_a_batch_however_late_it_is_taken() {
    let mut queue = Queue::default();
    queue.mark(Mark::Moment(1));
    for id in 0..3 {
        queue.push(last(id, 1));
    }
    queue.mark(Mark::Restart);
    queue.push(last(3, 1));
    assert!(queue.has_batch());
    assert_eq!(taken(&mut queue), (vec![], vec![Mark::Moment(1)]));
    assert!(queue.has_batch());
    assert_eq!(taken(&mut queue), (vec![0, 1, 2], vec![Mark::Restart]));
    assert!(!queue.has_batch());
    assert_eq!(taken(&mut queue), (vec![3], vec![]));
    assert!(queue.is_empty());
}

#[test]
fn a_batch_is_never_larger_than_a_full_one() {
    let mut queue = Queue::default();
    for id in 0..=BATCH as u64 {
        queue.push(last(id, 1));
    }
    queue.mark(Mark::Moment(1));
    assert_eq!(queue.take().jobs.len(), BATCH);
    assert_eq!(taken(&mut queue), (vec![BATCH as u64], vec![Mark::Moment(1)]));
}
