//! One attack that is seen twice, or that is taken for several things.

use super::*;

const FLOOD: Class = Class::DosFlood;

/// A client, an ingress, a pod.
const CLIENT: u8 = 7;
const INGRESS: u8 = 1;
const POD: u8 = 21;

fn flows(
    ids: std::ops::Range<u64>,
    class: Class,
    way: (u8, u8),
    at_ms: i64,
) -> impl Iterator<Item = Verdict> {
    ids.map(move |id| alarm(id, class, way, at_ms))
}

#[test]
fn both_legs_of_an_ingress_are_one_incident_whichever_is_noticed_first() {
    let outer = || flows(0..4, FLOOD, (CLIENT, INGRESS), 0);
    let inner = || flows(10..14, FLOOD, (INGRESS, POD), 0);
    let outer_first = only(&after(outer().chain(inner())));
    assert_eq!((outer_first.flows, outer_first.pivot), (8, host(INGRESS)));
    assert_eq!(outer_first.sources.listed, [host(CLIENT)]);
    assert_eq!(outer_first.targets.listed, [host(INGRESS), host(POD)]);
    let inner_first = only(&after(inner().chain(outer())));
    assert_eq!((inner_first.flows, inner_first.pivot), (8, host(POD)));
    assert_eq!(inner_first.sources.listed, [host(CLIENT)]);
}

#[test]
fn what_came_by_turns_before_the_incident_opened_is_in_it() {
    let outer = flows(0..3, FLOOD, (CLIENT, INGRESS), 0);
    let inner = flows(10..12, FLOOD, (INGRESS, POD), 0);
    assert_eq!(only(&after(inner.chain(outer))).flows, 5);
}

#[test]
fn an_ingress_with_another_address_inside_is_known_by_the_common_beginning() {
    let outer = flows(0..3, FLOOD, (CLIENT, INGRESS), 0);
    let inner = flows(10..13, FLOOD, (2, POD), 400);
    let incident = only(&after(outer.chain(inner)));
    assert_eq!((incident.flows, incident.targets.total), (6, 2));
}

#[test]
fn two_floods_that_begin_apart_are_two_incidents() {
    let one = flows(0..3, FLOOD, (CLIENT, INGRESS), 0);
    let other = flows(10..13, FLOOD, (8, POD), 2_500);
    assert_eq!(open(&after(one.chain(other))).len(), 2);
}

#[test]
fn two_scans_that_begin_at_once_are_two_incidents() {
    let one = flows(0..3, Class::Scan, (CLIENT, INGRESS), 0);
    let other = flows(10..13, Class::Scan, (8, INGRESS), 0);
    assert_eq!(open(&after(one.chain(other))).len(), 2);
}

#[test]
fn a_flood_that_looked_like_a_scan_at_first_is_one_flood() {
    let first = flows(0..3, Class::Scan, (CLIENT, INGRESS), 0);
    let mut tracker = after(first);
    let before = only(&tracker);
    flows(10..20, FLOOD, (CLIENT, INGRESS), 500).for_each(|one| tracker.observe(&one, why));
    let incident = only(&tracker);
    assert_eq!((incident.class, incident.pivot), (FLOOD, host(INGRESS)));
    assert_eq!((incident.id, incident.flows), (before.id, 13));
}

#[test]
fn a_flood_on_a_login_page_is_one_incident_whatever_its_flows_look_like() {
    let guessing = flows(0..6, Class::BruteForce, (CLIENT, INGRESS), 0);
    let flood = flows(10..14, FLOOD, (CLIENT, INGRESS), 100);
    let incident = only(&after(guessing.chain(flood)));
    assert_eq!((incident.class, incident.flows), (Class::BruteForce, 10));
}

#[test]
fn a_scan_beside_a_flood_on_the_same_host_is_an_incident_of_its_own() {
    let flood = flows(0..9, FLOOD, (CLIENT, INGRESS), 0);
    let scan = flows(10..19, Class::Scan, (99, INGRESS), 30_000);
    let incidents = open(&after(flood.chain(scan)));
    let what: Vec<_> = incidents.iter().map(|one| (one.class, one.flows)).collect();
    assert_eq!(what, [(FLOOD, 9), (Class::Scan, 9)]);
}

#[test]
fn guessing_after_a_scan_is_an_incident_of_its_own() {
    let scan = flows(0..3, Class::Scan, (CLIENT, INGRESS), 0);
    let guessing = flows(10..13, Class::BruteForce, (CLIENT, INGRESS), 5_000);
    assert_eq!(open(&after(scan.chain(guessing))).len(), 2);
}

#[test]
fn a_flow_that_is_taken_for_something_else_later_is_counted_in_both_once() {
    let scan = || (0..3).map(|id| provisional(alarm(id, Class::Scan, (CLIENT, INGRESS), 0)));
    let guessing = (0..3).map(|id| {
        with_packets(provisional(alarm(id, Class::BruteForce, (CLIENT, INGRESS), 5_000)), 20)
    });
    let again = (0..3)
        .map(|id| with_packets(provisional(alarm(id, Class::Scan, (CLIENT, INGRESS), 9_000)), 30));
    let incidents = open(&after(scan().chain(guessing).chain(again)));
    assert_eq!(incidents.iter().map(|one| one.flows).collect::<Vec<_>>(), [3, 3]);
}
