//! Verdicts by hand, and what the tracker makes of them.

mod accepted;
mod legs;
mod life;
mod marks;
mod names;
mod opening;
mod properties;
mod reading;
mod related;
mod reopening;
mod spans;

use std::sync::Arc;

use super::{Change, Incident, Options, Tracker};
use crate::detect::{CLASSES, Class, FlowSummary, Reason, Score, Verdict, Weight, Weights};
use crate::feature::ALL_FEATURES;
use crate::flow::{End, FlowId, State};
use crate::packet::{Address, Tuple, protocol};

/// A moment in 2020, so that times look like times.
const START_US: i64 = 1_600_000_000_000_000;

const SECOND_US: i64 = 1_000_000;

fn host(number: u8) -> Address {
    Address::v4([192, 0, 2, number])
}

/// A final verdict that alarms, on flow `id` from host `source` to port 80 of host `target`, whose
/// packets came in the second before `after_ms` had passed.
pub(super) fn alarm(id: u64, class: Class, (source, target): (u8, u8), after_ms: i64) -> Verdict {
    let at_us = START_US + after_ms * 1_000;
    let tuple = Tuple {
        source: host(source),
        target: host(target),
        source_port: 40_000,
        target_port: 80,
        protocol: protocol::TCP,
        icmp_type: 0,
    };
    let flow = FlowSummary {
        id: FlowId(id),
        tuple,
        first_us: at_us - SECOND_US,
        last_us: at_us,
        at_us,
        packets: 10,
        bytes: 1_000,
        reports: 0,
        state: State::Final(End::Fin),
    };
    let probabilities =
        std::array::from_fn(|at| Score::new(f32::from(u8::from(at == class as usize))));
    let vector = Arc::new([0.0; ALL_FEATURES]);
    Verdict { flow, class, score: Score::new(0.95), probabilities, is_alarm: true, vector }
}

/// So many nats make an incident of whatever class.
fn asking(nats: f64) -> Weights {
    Weights::all(Weight::nats(nats))
}

/// The flow goes on.
fn provisional(mut verdict: Verdict) -> Verdict {
    verdict.flow.state = State::Provisional;
    verdict
}

/// All is well with the flow.
fn calm(mut verdict: Verdict) -> Verdict {
    (verdict.class, verdict.is_alarm) = (Class::Benign, false);
    verdict
}

/// The flow began so many seconds before.
fn lasting(mut verdict: Verdict, seconds: i64) -> Verdict {
    verdict.flow.first_us = verdict.flow.at_us - seconds * SECOND_US;
    verdict
}

fn with_packets(mut verdict: Verdict, packets: u64) -> Verdict {
    verdict.flow.packets = packets;
    verdict
}

fn why() -> Vec<Reason> {
    vec![Reason { feature: "Dst Flows 10s".into(), text: "900, usually 3".into() }]
}

fn tracker() -> Tracker {
    Tracker::new("weir", Options::default())
}

/// A tracker that has seen `verdicts`.
pub(super) fn after(verdicts: impl IntoIterator<Item = Verdict>) -> Tracker {
    let mut tracker = tracker();
    verdicts.into_iter().for_each(|verdict| tracker.observe(&verdict, why));
    tracker
}

fn open(tracker: &Tracker) -> Vec<Incident> {
    tracker.open().collect()
}

/// The only open incident.
pub(super) fn only(tracker: &Tracker) -> Incident {
    let [incident] = open(tracker).try_into().expect("one open incident");
    incident
}

/// What happened, in a word each.
fn words(changes: &[Change]) -> Vec<&'static str> {
    let word = |change: &Change| match change {
        Change::Opened(_) => "opened",
        Change::Reopened(_) => "reopened",
        Change::Changed(_) => "changed",
        Change::Resolved(_) => "resolved",
    };
    changes.iter().map(word).collect()
}
