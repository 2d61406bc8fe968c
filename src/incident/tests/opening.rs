//! What it takes to become an incident, and what it says then.

use super::*;
use crate::incident::Severity;

const FLOOD: Class = Class::DosFlood;

#[test]
fn the_third_flow_makes_an_incident_and_the_first_two_are_in_it() {
    let flood = |id, at_ms| alarm(id, FLOOD, (7, 1), at_ms);
    let mut tracker = after([flood(1, 0), flood(2, 500)]);
    assert!(tracker.changes().is_empty());
    tracker.observe(&flood(3, 900), why);
    let [Change::Opened(incident)] = &tracker.changes()[..] else { panic!("it opened") };
    assert_eq!((incident.flows, incident.packets, incident.bytes), (3, 30, 3_000));
    assert_eq!(incident.flow_ids, [FlowId(1), FlowId(2), FlowId(3)]);
    assert_eq!(incident.first_us, START_US - SECOND_US);
    assert_eq!((incident.last_us, incident.detected_us), (START_US + 900_000, START_US + 900_000));
    assert_eq!((incident.pivot, incident.target()), (host(1), Some(host(1))));
    assert_eq!((&*incident.sources.listed, incident.target_port), (&[host(7)][..], Some(80)));
    assert_eq!((incident.severity, &incident.why), (Severity::High, &why()));
}

#[test]
fn three_flows_on_three_hosts_are_no_flood_but_a_scan() {
    let three = |class| [1, 2, 3].map(|host| alarm(host.into(), class, (7, host), 0));
    assert!(open(&after(three(FLOOD))).is_empty());
    let scan = only(&after(three(Class::Scan)));
    assert_eq!((scan.pivot, scan.targets.total), (host(7), 3));
}

#[test]
fn three_flows_in_more_than_a_minute_are_no_incident() {
    let at = |id, at_ms| alarm(id, FLOOD, (7, 1), at_ms);
    assert!(open(&after([at(1, 0), at(2, 30_000), at(3, 60_001)])).is_empty());
    assert_eq!(only(&after([at(1, 0), at(2, 30_000), at(3, 60_000)])).flows, 3);
}

#[test]
fn three_verdicts_on_one_flow_of_a_flood_are_no_incident() {
    let verdicts = [0, 5_000, 10_000].map(|at_ms| provisional(alarm(1, FLOOD, (7, 1), at_ms)));
    assert!(open(&after(verdicts)).is_empty());
}

#[test]
fn one_flow_that_goes_on_is_an_incident_where_one_is_enough() {
    for class in [Class::DosSlow, Class::Exfiltration, Class::Beacon, Class::Exploit] {
        let at = |at_ms| provisional(lasting(alarm(1, class, (7, 1), at_ms), 10));
        let incident = only(&after([at(0), at(5_000)]));
        assert_eq!((incident.class, incident.flows), (class, 1));
        assert_eq!(incident.first_us, START_US - 5 * SECOND_US);
    }
}

#[test]
fn a_calm_verdict_in_between_breaks_the_row() {
    let at = |at_ms| provisional(alarm(1, Class::DosSlow, (7, 1), at_ms));
    assert!(open(&after([at(0), calm(at(5_000)), at(10_000)])).is_empty());
}

#[test]
fn a_flow_whose_last_word_is_calm_does_not_count_towards_an_incident() {
    let flood = |id, at_ms| alarm(id, FLOOD, (7, 1), at_ms);
    let taken_back = [provisional(flood(1, 0)), calm(flood(1, 1_000))];
    let mut tracker = after(taken_back.into_iter().chain([flood(2, 1_000), flood(3, 2_000)]));
    assert!(open(&tracker).is_empty());
    tracker.observe(&flood(4, 3_000), why);
    assert_eq!(only(&tracker).flow_ids, [FlowId(2), FlowId(3), FlowId(4)]);
}

#[test]
fn a_later_verdict_on_a_flow_replaces_what_it_was_counted_with() {
    let flood = |id| provisional(alarm(id, FLOOD, (7, 1), 0));
    let last = with_packets(alarm(1, FLOOD, (7, 1), 5_000), 70);
    let incident = only(&after([flood(1), flood(2), flood(3), last]));
    assert_eq!((incident.flows, incident.packets), (3, 90));
}

#[test]
fn the_explanation_is_asked_for_once_and_again_when_the_score_clearly_rises() {
    let mut asked = 0;
    let mut tracker = tracker();
    for (id, score) in [(1, 0.7), (2, 0.7), (3, 0.7), (4, 0.75), (5, 0.85), (6, 0.9), (7, 1.0)] {
        let verdict = Verdict { score: Score::new(score), ..alarm(id, FLOOD, (7, 1), 0) };
        tracker.observe(&verdict, || {
            asked += 1;
            why()
        });
    }
    assert_eq!((asked, only(&tracker).score), (3, Score::ONE));
}

#[test]
fn where_too_many_incidents_open_at_once_explanations_follow_later() {
    let mut tracker = Tracker::new("weir", Options { explanations: 1, ..Options::default() });
    let scan = |id: u64, source, at_ms| alarm(id, Class::Scan, (source, 1), at_ms);
    for id in 0..6 {
        tracker.observe(&scan(id, if id < 3 { 7 } else { 8 }, 0), why);
    }
    let explained = |tracker: &Tracker| tracker.open().map(|one| one.why.len()).collect::<Vec<_>>();
    assert_eq!(explained(&tracker), [1, 0]);
    tracker.observe(&scan(9, 8, 2_000), why);
    assert_eq!(explained(&tracker), [1, 1]);
}

#[test]
fn evidence_adds_up_until_it_is_what_the_budget_asks_for() {
    // Scores of 0.95 are 2.94 nats each: five of them are 14.7.
    let mut tracker = Tracker::new("weir", Options { weights: asking(14.0), ..Options::default() });
    for id in 0..4 {
        tracker.observe(&alarm(id, FLOOD, (7, 1), 0), why);
    }
    assert!(open(&tracker).is_empty());
    tracker.observe(&alarm(4, FLOOD, (7, 1), 0), why);
    assert_eq!(only(&tracker).flows, 5);
}

#[test]
fn each_verdict_on_a_flow_adds_evidence_only_where_one_flow_is_enough() {
    let options = Options { weights: asking(14.0), ..Options::default() };
    for (class, incidents) in [(Class::DosSlow, 1), (FLOOD, 0)] {
        let mut tracker = Tracker::new("weir", options);
        for at_ms in [0, 5_000, 10_000, 15_000, 20_000] {
            assert!(open(&tracker).is_empty());
            tracker.observe(&provisional(alarm(1, class, (7, 1), at_ms)), why);
        }
        assert_eq!(open(&tracker).len(), incidents, "{class}");
    }
}
