//! Which flows are told so that their packets can be found again.

use super::*;
use crate::incident::FlowSpan;

fn flood(id: u64, at_ms: i64) -> Verdict {
    alarm(id, Class::DosFlood, (7, 1), at_ms)
}

fn ids(spans: &[(crate::incident::IncidentId, FlowSpan)]) -> Vec<u64> {
    spans.iter().map(|(_, span)| span.id.0).collect()
}

#[test]
fn flows_are_told_as_they_join_with_their_ends_and_times() {
    let mut tracker = after([flood(1, 0), flood(2, 500)]);
    assert!(tracker.spans().is_empty());
    tracker.observe(&flood(3, 900), why);
    let spans = tracker.spans();
    assert_eq!(ids(&spans), [1, 2, 3]);
    let (id, span) = spans[0];
    assert_eq!((id, span.tuple), (only(&tracker).id, flood(1, 0).flow.tuple));
    assert_eq!((span.first_us, span.last_us), (START_US - SECOND_US, START_US));
    assert!(tracker.spans().is_empty());
}

#[test]
fn a_flow_with_more_packets_is_told_again_up_to_them() {
    let mut tracker = after((0..3).map(|id| provisional(flood(id, 0))));
    assert_eq!(tracker.spans().len(), 3);
    let more = with_packets(lasting(provisional(flood(1, 5_000)), 6), 20);
    tracker.observe(&more, why);
    let last = with_packets(lasting(flood(1, 8_000), 9), 30);
    tracker.observe(&last, why);
    let [(_, span)] = tracker.spans()[..] else { panic!("one flow went on") };
    assert_eq!((span.id, span.first_us), (FlowId(1), START_US - SECOND_US));
    assert_eq!(span.last_us, START_US + 8 * SECOND_US);
}

#[test]
fn of_one_incident_no_more_flows_are_told_than_the_bound_over_all_its_lives() {
    let mut tracker = tracker();
    let mut told = 0;
    let most = Incident::FLOW_SPANS as u64;
    for id in 0..most {
        tracker.observe(&flood(id, 0), why);
        told += tracker.spans().len();
    }
    tracker.close(only(&tracker).id);
    for id in most..most + 10 {
        tracker.observe(&flood(id, 5_000), why);
        told += tracker.spans().len();
    }
    assert_eq!(told, Incident::FLOW_SPANS);
    assert_eq!((only(&tracker).reopened, only(&tracker).flows), (1, most + 10));
}

#[test]
fn between_two_calls_no_more_are_kept_than_the_bound() {
    let mut tracker = Tracker::new("weir", Options { spans: 5, ..Options::default() });
    (0..9).for_each(|id| tracker.observe(&flood(id, 0), why));
    assert_eq!(ids(&tracker.spans()), [0, 1, 2, 3, 4]);
    tracker.observe(&flood(20, 0), why);
    assert_eq!(ids(&tracker.spans()), [20]);
}
