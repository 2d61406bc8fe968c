//! What is usual at a place makes no incident there; what is clearly more does.

use super::*;
use crate::incident::{Accepted, IncidentId, Peak, Peaks, Place};

const FLOOD: Class = Class::DosFlood;

/// Five flows of 2.94 nats, 14.72 together, are enough.
const NEEDED: f64 = 14.0;

fn options() -> Options {
    Options { weights: asking(NEEDED), ..Options::default() }
}

fn place(text: &str) -> Place {
    text.parse().unwrap()
}

/// So many flows of a class, a tenth of a second apart, from the `first`th on.
fn flows(class: Class, first: u64, count: u64) -> Vec<Verdict> {
    let flow = |id: u64| alarm(id, class, (7, 1), 100 * id.cast_signed());
    (first..first + count).map(flow).collect()
}

/// The incidents in `verdicts` where so many nats are accepted at places.
fn incidents(verdicts: &[Verdict], accepted: &[(Class, &str, f64)]) -> Vec<Incident> {
    let mut tracker = Tracker::new("weir", options());
    let mut all = Accepted::default();
    for (class, text, nats) in accepted {
        all.accept(*class, place(text), Weight::nats(*nats));
    }
    tracker.accept(all);
    for verdict in verdicts {
        tracker.observe(verdict, why);
    }
    open(&tracker)
}

/// What `verdicts` teach.
fn learnt(verdicts: &[Verdict]) -> Vec<(Class, String, Peak)> {
    let mut peaks = Peaks::new(options());
    for verdict in verdicts {
        peaks.observe(verdict);
    }
    peaks.iter().map(|(class, place, peak)| (class, place.to_string(), peak)).collect()
}

#[test]
fn what_an_incident_weighs_is_what_its_candidate_did_and_then_the_most_within_a_minute() {
    let opened = &incidents(&flows(FLOOD, 0, 5), &[])[0];
    assert_eq!((opened.flows, opened.weight), (5, Weight::nats(5.0 * 2.94)));
    let mut verdicts = flows(FLOOD, 0, 20);
    verdicts
        .extend((0..10).map(|n| alarm(20 + n, FLOOD, (7, 1), 40_000 + 5_000 * n.cast_signed())));
    let grown = &incidents(&verdicts, &[])[0];
    assert_eq!((grown.flows, grown.weight), (30, Weight::nats(25.0 * 2.94)));
}

#[test]
fn each_verdict_on_a_slow_attack_adds_to_what_it_weighs() {
    let at = |at_ms| provisional(alarm(1, Class::DosSlow, (7, 1), at_ms));
    let mut growing = Vec::new();
    for (number, at_ms) in (0..).step_by(5_000).take(8).enumerate() {
        growing.push(with_packets(at(at_ms), 10 + number as u64));
    }
    assert_eq!(incidents(&growing, &[])[0].weight, Weight::nats(8.0 * 2.94));
}

#[test]
fn as_much_as_was_accepted_is_no_incident_and_twice_as_much_is() {
    for (class, place) in [(FLOOD, "80/tcp"), (Class::Scan, "192.0.2.7")] {
        let first = &incidents(&flows(class, 0, 10), &[])[0];
        let accepted = [(class, place, first.weight.value())];
        assert_eq!(incidents(&flows(class, 0, 10), &accepted), [], "{class}");
        let twice = incidents(&flows(class, 0, 20), &accepted);
        assert_eq!(twice.iter().map(|one| one.flows).collect::<Vec<_>>(), [20], "{class}");
    }
}

#[test]
fn what_is_accepted_asks_for_no_less_than_the_budget_does() {
    let little = [(FLOOD, "80/tcp", 1.0)];
    assert_eq!(incidents(&flows(FLOOD, 0, 4), &little), []);
    assert_eq!(incidents(&flows(FLOOD, 0, 5), &little).len(), 1);
}

#[test]
fn another_class_or_service_is_not_accepted() {
    let much = 1_000.0;
    for (class, place) in
        [(Class::DosSlow, "80/tcp"), (FLOOD, "81/tcp"), (FLOOD, "80/udp"), (FLOOD, "192.0.2.1")]
    {
        let found = incidents(&flows(FLOOD, 0, 9), &[(class, place, much)]);
        assert_eq!(found.len(), 1, "{class} {place}");
    }
}

#[test]
fn a_few_flows_of_what_is_usual_that_are_taken_for_kin_are_no_incident() {
    let usual = [(FLOOD, "80/tcp", 30.0 * 2.94)];
    let probes = |count| flows(Class::WebAttack, 100, count);
    let beside = |flood: u64, count| {
        let mut verdicts = flows(FLOOD, 0, flood);
        verdicts.extend(probes(count));
        verdicts
    };
    assert_eq!(incidents(&beside(30, 6), &usual), []);
    assert_eq!(incidents(&probes(6), &usual).len(), 1, "without the flood");
    assert_eq!(incidents(&beside(4, 6), &usual).len(), 1, "more than the flood");
    assert_eq!(incidents(&beside(44, 6), &usual).len(), 1, "more than what is accepted");
    // Long after the flood it is no part of it.
    let mut later = flows(FLOOD, 0, 30);
    later.extend((0..6).map(|id| alarm(100 + id, Class::WebAttack, (7, 1), 600_000)));
    assert_eq!(incidents(&later, &usual).len(), 1, "later");
    // What knocks elsewhere too does not hide.
    let mut elsewhere = beside(30, 5);
    let mut other = alarm(200, Class::WebAttack, (7, 1), 0);
    other.flow.tuple.target_port = 443;
    elsewhere.push(other);
    assert_eq!(incidents(&elsewhere, &usual).len(), 1, "elsewhere");
}

#[test]
fn what_is_usual_at_one_service_neither_hides_nor_makes_an_attack_on_another() {
    let on = |port, id| {
        let mut verdict = alarm(id, FLOOD, (7, 1), 0);
        verdict.flow.tuple.target_port = port;
        verdict
    };
    let usual = [(FLOOD, "80/tcp", 30.0)];
    let mut verdicts: Vec<_> = (0..10).map(|id| on(80, id)).collect();
    verdicts.extend((10..14).map(|id| on(443, id)));
    assert_eq!(incidents(&verdicts, &usual), [], "four flows are not enough");
    verdicts.push(on(443, 14));
    assert_eq!(incidents(&verdicts, &usual).len(), 1);
}

#[test]
fn more_than_can_be_remembered_is_measured_and_no_place_is_deaf_for_ever() {
    // Two thousand flows a minute are usual: three thousand are no more than half as much again.
    let usual = [(FLOOD, "80/tcp", 2_000.0 * 2.94)];
    let flood = |count| {
        let flow = |id: u64| alarm(id, FLOOD, (7, 1), 10 * id.cast_signed());
        (0..count).map(flow).collect::<Vec<_>>()
    };
    assert_eq!(incidents(&flood(3_000), &usual), []);
    let more = &incidents(&flood(3_001), &usual)[0];
    assert_eq!(more.weight, Weight::nats(3_001.0 * 2.94));
    let (class, place, peak) = &learnt(&flood(2_500))[0];
    assert_eq!((*class, &**place), (FLOOD, "80/tcp"));
    assert_eq!(peak.weight, Weight::nats(2_500.0 * 2.94));
    let any = [(FLOOD, "80/tcp", f64::INFINITY)];
    assert_eq!(incidents(&flood(3_001), &any), [], "a million flows are asked for, not more");
}

#[test]
fn a_flow_that_is_not_remembered_counts_once_too() {
    // Two thousand flows that go on, each heard of in both of two rounds.
    let mut verdicts = Vec::new();
    for round in 0..2 {
        for id in 0..2_000_u64 {
            let at_ms = 20_000 * round + 5 * id.cast_signed();
            let flow = provisional(alarm(id, FLOOD, (7, 1), at_ms));
            verdicts.push(with_packets(flow, 10 + round.cast_unsigned()));
        }
    }
    let all = Weight::nats(2_000.0 * 2.94);
    assert_eq!(learnt(&verdicts)[0].2.weight, all);
    assert_eq!(incidents(&verdicts, &[])[0].weight, all);
    assert_eq!(incidents(&verdicts, &[(FLOOD, "80/tcp", all.value())]), []);
}

#[test]
fn what_is_accepted_while_it_runs_leaves_open_incidents_alone_and_lets_none_come_back() {
    let mut tracker = Tracker::new("weir", options());
    for verdict in &flows(FLOOD, 0, 10) {
        tracker.observe(verdict, why);
    }
    let incident = only(&tracker);
    let mut accepted = Accepted::default();
    accepted.accept(FLOOD, place("80/tcp"), incident.weight);
    tracker.accept(accepted);
    assert_eq!(only(&tracker).id, incident.id);
    tracker.close(incident.id);
    for verdict in &flows(FLOOD, 100, 10) {
        tracker.observe(verdict, why);
    }
    assert_eq!(open(&tracker), []);
    tracker.accept(Accepted::default());
    tracker.observe(&alarm(200, FLOOD, (7, 1), 12_000), why);
    assert_eq!(only(&tracker).id, incident.id, "and is believed again where that is taken back");
}

#[test]
fn the_most_of_an_hour_is_learnt_where_it_is_near_an_incident() {
    let mut verdicts = flows(FLOOD, 0, 12);
    verdicts.extend((0..3).map(|id| alarm(100 + id, FLOOD, (7, 2), 2_000)));
    verdicts.extend((0..4).map(|id| alarm(200 + id, Class::Scan, (9, 3), 2_000)));
    verdicts.extend((0..6).map(|id| alarm(300 + id, FLOOD, (7, 1), 90_000)));
    let peak = |flows: f64, is_incident| Peak { weight: Weight::nats(flows * 2.94), is_incident };
    // Three flows, 8.8 nats, are far from 14: half as much again would be no incident.
    assert_eq!(
        learnt(&verdicts),
        [
            (Class::Scan, "192.0.2.9".to_owned(), peak(4.0, false)),
            (FLOOD, "80/tcp".to_owned(), peak(12.0, true)),
        ]
    );
}

#[test]
fn what_was_learnt_of_traffic_makes_the_same_traffic_no_incident() {
    let mut verdicts = flows(FLOOD, 0, 40);
    verdicts.extend((0..12).map(|step| {
        let at_ms = 5_000 + 5_000 * step;
        with_packets(
            provisional(alarm(900, Class::Beacon, (7, 4), at_ms)),
            10 + step.cast_unsigned(),
        )
    }));
    let found: std::collections::BTreeSet<_> =
        incidents(&verdicts, &[]).into_iter().map(|one| one.class).collect();
    assert_eq!(Vec::from_iter(found), [FLOOD, Class::Beacon]);
    let learnt = learnt(&verdicts);
    let accepted: Vec<_> =
        learnt.iter().map(|(class, place, peak)| (*class, &**place, peak.weight.value())).collect();
    assert_eq!(incidents(&verdicts, &accepted), []);
}

#[test]
fn a_verdict_replaces_the_one_before_and_a_calm_one_takes_it_back() {
    let mut peaks = Peaks::new(options());
    for round in 0..6 {
        for id in 0..5 {
            peaks.observe(&provisional(alarm(id, FLOOD, (7, 1), round * 5_000)));
        }
    }
    for id in 0..4 {
        peaks.observe(&calm(provisional(alarm(id, FLOOD, (7, 1), 31_000))));
    }
    peaks.observe(&alarm(9, FLOOD, (7, 1), 32_000));
    let found: Vec<_> = peaks.iter().map(|(.., peak)| peak.weight).collect();
    assert_eq!(found, [Weight::nats(5.0 * 2.94)]);
}

#[test]
fn packet_time_is_counted_without_the_gaps_between_captures() {
    let mut peaks = Peaks::new(options());
    peaks.observe(&alarm(1, FLOOD, (7, 1), 0));
    peaks.advance(START_US + 59 * SECOND_US);
    peaks.advance(START_US + 86_400 * SECOND_US);
    peaks.advance(START_US + 86_460 * SECOND_US);
    assert_eq!(peaks.traffic_us(), (1 + 59 + 60) * SECOND_US);
    peaks.restart();
    peaks.observe(&alarm(2, FLOOD, (7, 1), 0));
    assert_eq!(peaks.traffic_us(), 121 * SECOND_US);
}

#[test]
fn feedback_is_on_an_incident_in_each_of_its_lives() {
    use crate::incident::{Alert, Feedback, Mark, Marks};
    let mark = Mark { by: "ada".into(), at_us: START_US };
    let marks = Marks { feedback: Some((Feedback::False, mark)), ..Marks::default() };
    let incident = Incident {
        id: IncidentId(1),
        reopened: 3,
        ..incidents(&flows(FLOOD, 0, 9), &[])[0].clone()
    };
    let marked = incident.marked(&marks);
    assert_eq!(marked.feedback, marks.feedback);
    let again = Incident::try_from(Alert::from(&marked)).unwrap();
    assert_eq!((again.feedback, again.weight), (marks.feedback, marked.weight));
}
