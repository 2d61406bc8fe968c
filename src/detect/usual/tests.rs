//! What is learnt, when, and how much of it is remembered.

use super::*;
use crate::detect::{Class, FlowSummary, Score};
use crate::flow::{End, FlowId};
use crate::packet::{Address, Tuple, protocol};

const HTTP: Service = Service { protocol: protocol::TCP, port: 80 };
const SECOND_US: i64 = 1_000_000;

/// A verdict after so many seconds on a flow to a port, of which every feature has this value.
fn verdict(port: u16, at_s: i64, value: f32) -> Verdict {
    let tuple = Tuple {
        source: Address::v4([10, 0, 0, 1]),
        target: Address::v4([10, 0, 1, 1]),
        source_port: 40_000,
        target_port: port,
        protocol: protocol::TCP,
        icmp_type: 0,
    };
    let flow = FlowSummary {
        id: FlowId(1),
        tuple,
        first_us: 0,
        last_us: 0,
        at_us: at_s * SECOND_US,
        packets: 1,
        bytes: 0,
        reports: 0,
        state: State::Final(End::Fin),
    };
    Verdict {
        flow,
        class: Class::Benign,
        score: Score::ZERO,
        probabilities: [Score::ZERO; crate::detect::CLASSES],
        is_alarm: false,
        vector: Arc::new([value; ALL_FEATURES]),
    }
}

/// The first value of what is usual of HTTP.
fn usual_http(usual: &Usual) -> Option<f32> {
    usual.of(HTTP).map(|vector| vector[0])
}

/// Has `usual` see a flow of HTTP each second from one to another, all with this value.
fn watched(usual: &mut Usual, seconds: std::ops::Range<i64>, value: f32) {
    for at_s in seconds {
        usual.observe(&verdict(80, at_s, value));
    }
}

#[test]
fn what_is_usual_is_the_middle_once_there_are_enough() {
    let mut usual = Usual::default();
    for (number, value) in (0_i64..).zip([5.0, 1.0, 9.0, 3.0, 7.0, 2.0, 8.0]) {
        usual.observe(&verdict(80, number * 5, value));
    }
    assert_eq!(usual_http(&usual), None);
    usual.observe(&verdict(80, 35, 1e9));
    assert_eq!(usual_http(&usual), Some(5.0));
    assert_eq!(usual.of(Service { port: 81, ..HTTP }), None);
}

#[test]
fn many_flows_at_once_count_for_no_more_than_one() {
    let mut usual = Usual::default();
    watched(&mut usual, 0..40, 1.0);
    for _ in 0..10_000 {
        usual.observe(&verdict(80, 100, 9.0));
    }
    assert_eq!(usual_http(&usual), Some(1.0));
    assert_eq!(usual.known()[0].samples, 9);
}

#[test]
fn an_attack_below_the_threshold_is_not_usual_for_minutes() {
    let mut usual = Usual::default();
    watched(&mut usual, 0..40, 1.0);
    watched(&mut usual, 60..240, 9.0);
    assert_eq!(usual_http(&usual), Some(1.0));
    let mut usual = Usual::default();
    watched(&mut usual, 0..3_600, 1.0);
    watched(&mut usual, 3_600..4_500, 9.0);
    assert_eq!(usual_http(&usual), Some(1.0));
    watched(&mut usual, 4_500..5_400, 9.0);
    assert_eq!(usual_http(&usual), Some(9.0));
    assert_eq!(usual.known()[0].samples, KEPT);
}

#[test]
fn nothing_is_learnt_while_a_service_is_attacked_nor_from_flows_that_are_open() {
    let mut usual = Usual::default();
    for at_s in 0..600 {
        usual.observe(&Verdict { is_alarm: at_s % 50 == 0, ..verdict(80, at_s, 9.0) });
    }
    assert_eq!(usual_http(&usual), None);
    let mut usual = Usual::default();
    for at_s in 0..600 {
        let mut open = verdict(80, at_s, 9.0);
        open.flow.state = State::Provisional;
        usual.observe(&open);
    }
    assert_eq!(usual_http(&usual), None);
}

#[test]
fn a_scan_displaces_no_service() {
    let mut usual = Usual::default();
    watched(&mut usual, 0..40, 1.0);
    for port in 1_000..9_000 {
        usual.observe(&verdict(port, 41, 9.0));
    }
    assert_eq!(usual_http(&usual), Some(1.0));
    assert_eq!((usual.learnt.len(), usual.new.len()), (1, SERVICES.get()));
}

#[test]
fn what_is_given_counts_and_stays() {
    let given = Known { service: HTTP, samples: 64, vector: [3.0; ALL_FEATURES] };
    let mut usual = Usual::with([given]);
    watched(&mut usual, 0..40, 1.0);
    for at_s in 0..40 {
        usual.observe(&verdict(22, at_s, 2.0));
    }
    let ports: Vec<_> = usual.known().iter().map(|known| known.service.port).collect();
    assert_eq!((usual_http(&usual), ports), (Some(3.0), vec![22, 80]));
    assert_eq!(Usual::with(usual.known()).known(), usual.known());
    usual.clear();
    assert_eq!(usual.known(), [given]);
}

#[test]
fn after_the_clock_has_jumped_back_it_learns_anew() {
    let mut usual = Usual::default();
    watched(&mut usual, 1_000..1_040, 1.0);
    usual.clear();
    assert_eq!(usual_http(&usual), None);
    watched(&mut usual, 0..40, 2.0);
    assert_eq!(usual_http(&usual), Some(2.0));
}
