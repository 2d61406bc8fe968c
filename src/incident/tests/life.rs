//! How an incident goes on, is told of, ends, and is taken up again.

use super::*;
use crate::incident::Status;

const FLOOD: Class = Class::DosFlood;

fn flood(id: u64, at_ms: i64) -> Verdict {
    alarm(id, FLOOD, (7, 1), at_ms)
}

fn three(at_ms: i64) -> impl Iterator<Item = Verdict> {
    (0..3).map(move |id| flood(id + at_ms.unsigned_abs() * 10, at_ms))
}

#[test]
fn an_incident_is_over_after_a_minute_without_an_alarm() {
    let mut tracker = after(three(0));
    tracker.advance(START_US + 59 * SECOND_US);
    assert_eq!(only(&tracker).status, Status::Open);
    tracker.advance(START_US + 300 * SECOND_US);
    let changes = tracker.changes();
    assert_eq!(words(&changes), ["opened", "resolved"]);
    let incident = changes[1].incident();
    assert_eq!(incident.status, Status::Resolved);
    assert_eq!(incident.resolved_us, Some(START_US + 60 * SECOND_US));
}

#[test]
fn an_attack_that_comes_back_much_later_is_another_incident() {
    let first = only(&after(three(0)));
    let second = only(&after(three(0).chain(three(1_861_000))));
    assert_ne!(first.id, second.id);
    assert_eq!((second.flows, second.reopened), (3, 0));
}

#[test]
fn the_late_last_words_on_its_flows_do_not_open_an_incident_again() {
    let mut tracker = after(three(0).map(provisional));
    tracker.advance(START_US + 100 * SECOND_US);
    assert_eq!(words(&tracker.changes()), ["opened", "resolved"]);
    // Flows that fell silent end by their timeout; some alarm for the first time.
    for id in [0, 1, 2, 50, 51, 52, 53] {
        let mut late = flood(id, 0);
        late.flow.at_us += 120 * SECOND_US;
        tracker.observe(&late, why);
    }
    assert!(tracker.changes().is_empty());
}

#[test]
fn changes_within_a_second_are_told_once() {
    let mut tracker = after(three(0).chain((10..60).map(|id| flood(id, id.cast_signed() * 100))));
    tracker.advance(START_US + 6 * SECOND_US);
    tracker.finish();
    let changes = tracker.changes();
    assert_eq!(words(&changes)[0], "opened");
    assert!((6..=7).contains(&changes.len()), "{}", changes.len());
    assert_eq!(changes.last().unwrap().incident().flows, 53);
}

#[test]
fn the_end_of_input_leaves_an_attack_open_and_tells_all_of_it() {
    let mut tracker = after(three(0).chain([flood(9, 300)]));
    tracker.advance(START_US + SECOND_US / 2);
    tracker.finish();
    assert_eq!(words(&tracker.changes()), ["opened", "changed"]);
    assert_eq!(only(&tracker).flows, 4);
}

#[test]
fn a_jump_back_of_the_clock_ends_what_was_open_at_its_last_packet() {
    let mut tracker = after(three(0).chain([flood(9, 1_000)]));
    tracker.restart();
    let changes = tracker.changes();
    assert_eq!(changes[1].incident().resolved_us, Some(START_US + SECOND_US));
    three(0).for_each(|verdict| tracker.observe(&verdict, why));
    assert_eq!(only(&tracker).id, changes[0].incident().id);
}

#[test]
fn an_attack_that_goes_on_after_a_restart_is_the_same_incident() {
    let before = only(&after(three(0)));
    let mut tracker = tracker();
    tracker.restore(vec![before.clone()]);
    tracker.observe(&flood(90, 20_000), why);
    let incident = only(&tracker);
    assert_eq!((incident.id, incident.flows), (before.id, 4));
    tracker.advance(START_US + 30 * SECOND_US);
    assert_eq!(words(&tracker.changes()), ["changed"]);
}

#[test]
fn an_attack_goes_on_where_the_program_starts_again_before_packet_time_has_caught_up() {
    let before = only(&after(three(0)));
    let mut tracker = tracker();
    tracker.restore(vec![before.clone()]);
    tracker.advance(START_US - SECOND_US);
    tracker.observe(&flood(90, 20_000), why);
    let incident = only(&tracker);
    assert_eq!((incident.id, incident.flows), (before.id, 4));
}

#[test]
fn a_program_that_ends_before_it_has_seen_anything_leaves_an_attack_open() {
    let before = only(&after(three(0)));
    let mut tracker = tracker();
    tracker.restore(vec![before.clone()]);
    tracker.finish();
    assert!(tracker.changes().is_empty());
    assert_eq!(only(&tracker), before);
}

#[test]
fn an_attack_that_ended_while_the_program_was_down_is_over() {
    let mut tracker = tracker();
    tracker.restore(vec![only(&after(three(0)))]);
    tracker.advance(START_US + 600 * SECOND_US);
    let changes = tracker.changes();
    assert_eq!(changes[0].incident().resolved_us, Some(START_US + 60 * SECOND_US));
}

#[test]
fn a_capture_that_is_read_again_gives_the_incident_its_identity_again() {
    let before = only(&after(three(0)));
    let mut tracker = tracker();
    tracker.restore(vec![before.clone()]);
    tracker.advance(START_US - 10 * SECOND_US);
    three(0).for_each(|verdict| tracker.observe(&verdict, why));
    let changes = tracker.changes();
    assert_eq!(words(&changes), ["resolved", "opened"]);
    assert!(changes.iter().all(|change| change.incident().id == before.id));
    assert_eq!(only(&tracker), before);
}

#[test]
fn beyond_the_bound_the_incident_quiet_the_longest_is_resolved_early() {
    let mut tracker = Tracker::new("weir", Options { open: 2, ..Options::default() });
    for target in 1..=3_u8 {
        for id in 0..3 {
            let verdict =
                alarm(u64::from(target) * 10 + id, FLOOD, (7, target), i64::from(target) * 5_000);
            tracker.observe(&verdict, why);
        }
    }
    let pivots: Vec<_> = tracker.open().map(|incident| incident.pivot).collect();
    assert_eq!((pivots, tracker.resolved_early()), (vec![host(2), host(3)], 1));
}

#[test]
fn where_too_many_flows_go_on_only_their_last_word_is_counted() {
    let mut tracker = Tracker::new("weir", Options { flows: 3, ..Options::default() });
    let going_on = |id| provisional(flood(id, 0));
    (0..9).for_each(|id| tracker.observe(&going_on(id), why));
    assert_eq!(only(&tracker).flows, 3);
    (0..9).for_each(|id| tracker.observe(&with_packets(flood(id, 1_000), 20), why));
    assert_eq!(only(&tracker).flows, 9);
}
