//! Which incidents are linked, and how what followed makes both more urgent.

use super::*;
use crate::incident::{IncidentId, Severity};

const ATTACKER: u8 = 7;
const VICTIM: u8 = 1;

fn flows(ids: std::ops::Range<u64>, class: Class, way: (u8, u8), at_ms: i64) -> Vec<Verdict> {
    ids.map(|id| alarm(id, class, way, at_ms)).collect()
}

/// Who is related to each open incident, by their places in the order in which they opened.
fn links(tracker: &Tracker) -> Vec<Vec<usize>> {
    let ids: Vec<IncidentId> = tracker.open().map(|incident| incident.id).collect();
    let place = |id: &IncidentId| ids.iter().position(|known| known == id).unwrap();
    tracker.open().map(|incident| incident.related.iter().map(place).collect()).collect()
}

#[test]
fn incidents_with_a_common_host_name_each_other() {
    let scan = flows(0..3, Class::Scan, (ATTACKER, VICTIM), 0);
    let guessing = flows(10..13, Class::BruteForce, (ATTACKER, 2), 5_000);
    let onward = flows(20..23, Class::LateralMovement, (VICTIM, 3), 10_000);
    let elsewhere = flows(30..33, Class::Scan, (8, 9), 11_000);
    let tracker = after([scan, guessing, onward, elsewhere].concat());
    assert_eq!(links(&tracker), [vec![1, 2], vec![0], vec![0], vec![]]);
}

#[test]
fn a_host_that_joins_later_links_too_and_the_older_is_told_of_it() {
    let scan = flows(0..3, Class::Scan, (ATTACKER, VICTIM), 0);
    let flood = flows(10..13, Class::DosFlood, (8, 2), 5_000);
    let mut tracker = after([scan, flood].concat());
    assert!(links(&tracker).iter().all(Vec::is_empty));
    tracker.changes();
    tracker.observe(&alarm(20, Class::Scan, (ATTACKER, 2), 10_000), why);
    tracker.advance(START_US + 12 * SECOND_US);
    assert_eq!(links(&tracker), [vec![1], vec![0]]);
    assert_eq!(words(&tracker.changes()), ["changed", "changed"]);
}

#[test]
fn one_that_is_over_is_linked_and_told_of_as_it_stands() {
    let scan = flows(0..3, Class::Scan, (ATTACKER, VICTIM), 0);
    let guessing = flows(10..13, Class::BruteForce, (ATTACKER, VICTIM), 600_000);
    let mut tracker = after([scan, guessing].concat());
    let changes = tracker.changes();
    assert_eq!(words(&changes), ["opened", "resolved", "changed", "opened"]);
    let [before, after, later] = [&changes[1], &changes[2], &changes[3]].map(Change::incident);
    assert_eq!((&*after.related, &*later.related), (&[later.id][..], &[before.id][..]));
    assert_eq!((after.status, after.resolved_us), (before.status, before.resolved_us));
}

#[test]
fn no_more_are_named_than_the_bound_and_the_newest_still_name_the_oldest() {
    let scans = (0..20).flat_map(|n| {
        flows(u64::from(n) * 10..u64::from(n) * 10 + 3, Class::Scan, (50 + n, VICTIM), 0)
    });
    let tracker = after(scans);
    let links = links(&tracker);
    assert!(links.iter().all(|related| related.len() == Incident::RELATED && related.is_sorted()));
    assert_eq!(links[0], (1..=16).collect::<Vec<_>>());
    assert_eq!(links[19], (3..19).collect::<Vec<_>>());
}

#[test]
fn guessing_by_whoever_scanned_makes_both_a_step_more_urgent() {
    let scan = flows(0..3, Class::Scan, (ATTACKER, VICTIM), 0);
    let by = |source| flows(10..13, Class::BruteForce, (source, VICTIM), 5_000);
    let urgent =
        |verdicts: Vec<Verdict>| after(verdicts).open().map(|one| one.severity).collect::<Vec<_>>();
    let (low, medium, high) = (Severity::Low, Severity::Medium, Severity::High);
    assert_eq!(urgent([scan.clone(), by(8)].concat()), [low, medium]);
    assert_eq!(urgent([scan.clone(), by(ATTACKER)].concat()), [medium, high]);
    // The other way round nothing followed.
    let again = flows(20..23, Class::Scan, (ATTACKER, VICTIM), 9_000);
    assert_eq!(urgent([by(ATTACKER), again].concat()), [medium, low]);
}

#[test]
fn a_host_that_was_broken_into_and_calls_home_makes_both_more_urgent() {
    let guessing = flows(0..3, Class::BruteForce, (ATTACKER, VICTIM), 0);
    let beacon = flows(10..13, Class::Beacon, (VICTIM, 99), 5_000);
    let severities: Vec<_> =
        after([guessing, beacon].concat()).open().map(|one| one.severity).collect();
    assert_eq!(severities, [Severity::High, Severity::Critical]);
}

fn to_port(port: u16, mut verdict: Verdict) -> Verdict {
    verdict.flow.tuple.target_port = port;
    verdict
}

#[test]
fn guessing_at_a_port_of_administration_is_a_step_more_urgent() {
    let guessing = |port| {
        flows(0..3, Class::BruteForce, (ATTACKER, VICTIM), 0)
            .into_iter()
            .map(move |one| to_port(port, one))
    };
    assert_eq!(only(&after(guessing(80))).severity, Severity::Medium);
    assert_eq!(only(&after(guessing(22))).severity, Severity::High);
}

#[test]
fn a_scan_of_many_ports_is_not_more_urgent_because_it_began_with_one_of_administration() {
    let scan = (0..3)
        .map(|id| to_port([22, 80, 443][id], alarm(id as u64, Class::Scan, (ATTACKER, VICTIM), 0)));
    assert_eq!(only(&after(scan)).severity, Severity::Low);
}

#[test]
fn a_storm_of_incidents_on_one_host_is_linked_within_bounds() {
    let mut tracker = tracker();
    for number in 0..1_024_u32 {
        for id in 0..3 {
            let mut verdict = alarm(u64::from(number) * 10 + id, Class::Scan, (0, VICTIM), 0);
            verdict.flow.tuple.source = Address::v4((0x0a00_0000 + number).to_be_bytes());
            tracker.observe(&verdict, why);
        }
    }
    assert_eq!(tracker.open().len(), 1_024);
    assert!(tracker.open().all(|incident| incident.related.len() == Incident::RELATED));
}
