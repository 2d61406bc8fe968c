//! How an attack that comes back is the same incident in a new life.

use super::*;
use crate::incident::{Mark, Severity, Status};

const FLOOD: Class = Class::DosFlood;

fn flood(id: u64, at_ms: i64) -> Verdict {
    alarm(id, FLOOD, (7, 1), at_ms)
}

fn three(ids: u64, at_ms: i64) -> impl Iterator<Item = Verdict> {
    (ids..ids + 3).map(move |id| flood(id, at_ms))
}

#[test]
fn an_attack_that_comes_back_is_the_same_incident_in_a_new_life() {
    let first = only(&after(three(0, 0)));
    let mut tracker = after(three(0, 0).chain(three(10, 1_200_000)));
    let again = only(&tracker);
    assert_eq!((again.id, again.reopened, again.status), (first.id, 1, Status::Open));
    assert_eq!((again.flows, again.packets, again.resolved_us), (6, 60, None));
    assert_eq!(again.flow_ids, [0, 1, 2, 10, 11, 12].map(FlowId));
    assert_eq!((again.first_us, again.detected_us), (first.first_us, first.detected_us));
    assert_eq!(words(&tracker.changes()), ["opened", "resolved", "reopened"]);
}

#[test]
fn two_flows_are_too_few_to_come_back() {
    let mut tracker = after(three(0, 0).chain([flood(10, 300_000), flood(11, 300_000)]));
    assert_eq!(words(&tracker.changes()), ["opened", "resolved"]);
}

#[test]
fn what_begins_half_an_hour_after_the_end_comes_back_even_if_it_is_noticed_later() {
    // It was over after 60 s.
    let at = |id, at_ms| flood(id, at_ms);
    let on_time = [at(10, 1_859_000), at(11, 1_870_000), at(12, 1_918_000)];
    assert_eq!(only(&after(three(0, 0).chain(on_time))).reopened, 1);
    let late = [at(10, 1_860_001), at(11, 1_870_000), at(12, 1_918_000)];
    assert_eq!(only(&after(three(0, 0).chain(late))).reopened, 0);
}

#[test]
fn it_is_explained_again_in_its_new_life() {
    let mut asked = 0;
    let mut tracker = tracker();
    for verdict in three(0, 0).chain(three(10, 300_000)) {
        tracker.observe(&verdict, || {
            asked += 1;
            why()
        });
    }
    assert_eq!(asked, 2);
}

#[test]
fn what_is_resolved_by_hand_is_over_at_once_and_comes_back_by_new_flows() {
    let mut tracker = after(three(0, 0));
    let id = only(&tracker).id;
    tracker.close(id);
    let changes = tracker.changes();
    assert_eq!(words(&changes), ["opened", "resolved"]);
    assert_eq!(changes[1].incident().resolved_us, Some(START_US));
    three(10, 5_000).for_each(|verdict| tracker.observe(&verdict, why));
    let [Change::Reopened(again)] = &tracker.changes()[..] else { panic!("it came back") };
    assert_eq!((again.id, again.reopened, again.flows), (id, 1, 6));
}

#[test]
fn flows_that_go_on_after_it_was_resolved_by_hand_are_its_new_life_and_count_once() {
    let going_on = |id, at_ms, packets| with_packets(provisional(flood(id, at_ms)), packets);
    let mut tracker = after((0..3).map(|id| going_on(id, 0, 10)));
    tracker.close(only(&tracker).id);
    tracker.changes();
    tracker.observe(&going_on(0, 5_000, 20), why);
    tracker.observe(&going_on(1, 5_000, 20), why);
    assert!(tracker.changes().is_empty());
    tracker.observe(&going_on(2, 5_000, 20), why);
    let again = only(&tracker);
    assert_eq!((again.reopened, again.flows, again.packets), (1, 3, 60));
}

#[test]
fn flows_without_new_packets_do_not_bring_it_back() {
    let mut tracker = after((0..3).map(|id| provisional(flood(id, 0))));
    tracker.close(only(&tracker).id);
    tracker.changes();
    for at_ms in [5_000, 10_000] {
        (0..3).for_each(|id| tracker.observe(&provisional(flood(id, at_ms)), why));
    }
    assert!(tracker.changes().is_empty());
}

#[test]
fn what_is_not_open_cannot_be_closed() {
    let mut tracker = after(three(0, 0));
    let id = only(&tracker).id;
    tracker.close(id);
    tracker.close(id);
    tracker.close(crate::incident::IncidentId(1));
    assert_eq!(words(&tracker.changes()), ["opened", "resolved"]);
}

#[test]
fn a_single_flow_that_goes_on_after_its_incident_was_over_is_a_new_life_of_it() {
    let at = |at_ms, packets| {
        with_packets(provisional(lasting(alarm(1, Class::DosSlow, (7, 1), at_ms), 1)), packets)
    };
    let again = [at(90_000, 20), at(95_000, 30)].map(|verdict| lasting(verdict, 100));
    let mut tracker = after([at(0, 10), at(5_000, 12)].into_iter().chain(again));
    assert_eq!(words(&tracker.changes()), ["opened", "resolved", "reopened"]);
    let incident = only(&tracker);
    assert_eq!((incident.flows, incident.packets, incident.reopened), (1, 30, 1));
}

#[test]
fn a_flood_by_whoever_scanned_the_host_is_the_incident_of_the_scan_and_said_to_be_a_flood() {
    let scan = (0..9).map(|id| alarm(id, Class::Scan, (7, 1), 0));
    let incident = only(&after(scan.chain(three(20, 300_000))));
    assert_eq!((incident.class, incident.pivot, incident.flows), (FLOOD, host(1), 12));
    assert_eq!((incident.reopened, incident.severity), (1, Severity::High));
}

#[test]
fn what_a_target_attacks_later_is_another_incident() {
    let onward = (10..13).map(|id| alarm(id, FLOOD, (1, 2), 300_000));
    assert_eq!(only(&after(three(0, 0).chain(onward))).reopened, 0);
}

#[test]
fn an_attack_through_an_ingress_comes_back_by_either_leg() {
    let leg =
        |ids: std::ops::Range<u64>, way, at_ms| ids.map(move |id| alarm(id, FLOOD, way, at_ms));
    let life = || leg(0..3, (7, 1), 0).chain(leg(3..6, (2, 21), 400));
    for (first, second) in [((7, 1), (2, 21)), ((2, 21), (7, 1)), ((7, 1), (2, 22))] {
        let again = leg(10..13, first, 300_000).chain(leg(13..16, second, 300_400));
        let incident = only(&after(life().chain(again)));
        assert_eq!((incident.reopened, incident.flows), (1, 12), "{first:?} then {second:?}");
    }
}

#[test]
fn after_a_jump_back_of_the_clock_nothing_comes_back() {
    let mut tracker = after(three(0, 0));
    tracker.restart();
    three(10, 100_000).for_each(|verdict| tracker.observe(&verdict, why));
    assert_eq!(only(&tracker).reopened, 0);
}

#[test]
fn what_was_over_before_a_restart_comes_back() {
    let mut before = after(three(0, 0));
    before.advance(START_US + 100 * SECOND_US);
    let over = before.changes().pop().unwrap().into_incident();
    let mark = Some(Mark { by: "ada".into(), at_us: START_US });
    let over = Incident { resolved_by: mark, ..Arc::unwrap_or_clone(over) };
    let mut tracker = tracker();
    tracker.restore(vec![over.clone()]);
    assert!(open(&tracker).is_empty());
    three(10, 300_000).for_each(|verdict| tracker.observe(&verdict, why));
    assert_eq!(words(&tracker.changes()), ["reopened"]);
    let again = only(&tracker);
    assert_eq!((again.id, again.reopened, again.flows), (over.id, 1, 6));
    assert_eq!((again.resolved_by, again.resolved_us), (None, None));
}

#[test]
fn what_somebody_has_taken_on_goes_on_after_a_restart_as_an_open_one() {
    let mark = Some(Mark { by: "ada".into(), at_us: START_US });
    let before = only(&after(three(0, 0)));
    let status = Status::Acknowledged;
    let taken_on = Incident { status, acknowledged: mark, ..before.clone() };
    let mut tracker = tracker();
    tracker.restore(vec![taken_on]);
    assert_eq!(only(&tracker), before);
}

#[test]
fn a_capture_that_is_read_again_brings_nothing_back() {
    let mut before = after(three(0, 0));
    before.advance(START_US + 100 * SECOND_US);
    let over = Arc::unwrap_or_clone(before.changes().pop().unwrap().into_incident());
    let mut tracker = tracker();
    tracker.restore(vec![over.clone()]);
    tracker.advance(START_US - 10 * SECOND_US);
    three(0, 0).for_each(|verdict| tracker.observe(&verdict, why));
    assert_eq!(words(&tracker.changes()), ["opened"]);
    assert_eq!((only(&tracker).id, only(&tracker).reopened), (over.id, 0));
}

#[test]
fn those_over_the_longest_are_forgotten_beyond_the_bound() {
    let options = Options { closed: 1, ..Options::default() };
    let mut tracker = Tracker::new("weir", options);
    let flood = |id: u64, target, at_ms| alarm(id, FLOOD, (7, target), at_ms);
    let three = |ids: u64, target, at_ms| (ids..ids + 3).map(move |id| flood(id, target, at_ms));
    let twice = three(0, 1, 0).chain(three(10, 2, 5_000));
    let again = three(20, 1, 300_000).chain(three(30, 2, 301_000));
    twice.chain(again).for_each(|verdict| tracker.observe(&verdict, why));
    assert_eq!(tracker.open().map(|one| one.reopened).collect::<Vec<_>>(), [1, 0]);
}

#[test]
fn hosts_of_an_open_incident_take_the_room_of_one_that_is_over() {
    let mut tracker = Tracker::new("weir", Options { hosts: 4, ..Options::default() });
    three(0, 0).for_each(|verdict| tracker.observe(&verdict, why));
    let scan = (10..13).map(|id| alarm(id, Class::Scan, (9, u8::try_from(id).unwrap()), 300_000));
    scan.for_each(|verdict| tracker.observe(&verdict, why));
    assert_eq!(only(&tracker).targets.total, 3);
}
