//! What holds for any verdicts.

use std::collections::{BTreeMap, HashMap, HashSet};

use proptest::prelude::*;

use super::*;

/// A few bounds that random verdicts reach.
const TIGHT: Options = Options {
    opening_flows: 3,
    window_us: 60_000_000,
    quiet_us: 20_000_000,
    telling_us: 1_000_000,
    forget_us: 600_000_000,
    candidates: 8,
    open: 3,
    flows: 12,
    hosts: 10,
    explanations: 1_000,
};

/// A verdict on one of a few flows: the flow decides on its hosts.
#[derive(Debug, Clone, Copy)]
struct Said {
    pause_ms: i64,
    flow: u64,
    class: usize,
    is_alarm: bool,
    is_last: bool,
    score: u16,
}

fn said() -> impl Strategy<Value = Said> {
    let pause = prop_oneof![12 => 0..800_i64, 2 => 800..9_000_i64, 1 => 15_000..70_000_i64];
    (
        pause,
        0..40_u64,
        1..CLASSES,
        prop::bool::weighted(0.85),
        prop::bool::weighted(0.3),
        8_000..10_001_u16,
    )
        .prop_map(|(pause_ms, flow, class, is_alarm, is_last, score)| Said {
            pause_ms,
            flow,
            // Mostly one family, so that something happens.
            class: if flow % 3 == 0 { class } else { 1 + class % 4 },
            is_alarm,
            is_last,
            score,
        })
}

/// Verdicts as an engine gives them: time goes on, packets grow, nothing follows the last word.
fn verdicts(all: &[Said], shift_us: i64, rename: impl Fn(u8) -> u8) -> Vec<Verdict> {
    let mut now_ms = 0;
    let mut generation: HashMap<u64, (u64, i64, u64)> = HashMap::new();
    let mut verdicts = Vec::new();
    for one in all {
        now_ms += one.pause_ms;
        let (generation, since_ms, packets) = generation.entry(one.flow).or_insert((0, now_ms, 0));
        *packets += u64::from(one.score % 3);
        let (source, target) = ((one.flow % 5) as u8, 3 + (one.flow / 5 % 6) as u8);
        let id = one.flow + *generation * 1_000;
        let way = (rename(source), rename(target));
        let mut verdict = alarm(id, Class::ALL[one.class], way, now_ms);
        verdict.score = Score::new(f32::from(one.score) / 10_000.0);
        verdict.flow.packets = *packets;
        verdict.flow.first_us = START_US + *since_ms * 1_000;
        if !one.is_alarm {
            verdict = calm(verdict);
        }
        if one.is_last {
            (*generation, *since_ms, *packets) = (*generation + 1, now_ms, 0);
        } else {
            verdict = provisional(verdict);
        }
        let FlowSummary { first_us, last_us, at_us, .. } = &mut verdict.flow;
        for time_us in [first_us, last_us, at_us] {
            *time_us += shift_us;
        }
        verdicts.push(verdict);
    }
    verdicts
}

fn run(verdicts: &[Verdict], options: Options) -> (Tracker, Vec<Change>) {
    let mut tracker = Tracker::new("weir", options);
    let mut changes = Vec::new();
    for verdict in verdicts {
        tracker.observe(verdict, why);
        changes.extend(tracker.changes());
    }
    let end_us = verdicts.last().map_or(0, |verdict| verdict.flow.at_us);
    tracker.advance(end_us);
    tracker.finish();
    changes.extend(tracker.changes());
    (tracker, changes)
}

/// The last state of every incident, in order of opening.
fn last_states(changes: &[Change]) -> Vec<Incident> {
    let mut order = Vec::new();
    let mut states = HashMap::new();
    for change in changes {
        let incident = change.incident();
        if states.insert(incident.id, Incident::clone(incident)).is_none() {
            order.push(incident.id);
        }
    }
    order.iter().map(|id| states[id].clone()).collect()
}

/// The same incident `by_us` later and with other addresses, but for its id.
fn moved(incident: &Incident, by_us: i64, rename: impl Fn(Address) -> Address) -> Incident {
    let mut moved = incident.clone();
    let Incident { first_us, last_us, detected_us, resolved_us, .. } = &mut moved;
    let times = [first_us, last_us, detected_us].into_iter().chain(resolved_us);
    times.for_each(|time_us| *time_us += by_us);
    moved.pivot = rename(moved.pivot);
    for hosts in [&mut moved.sources, &mut moved.targets] {
        hosts.listed.iter_mut().for_each(|host| *host = rename(*host));
    }
    moved
}

fn without_id(incidents: Vec<Incident>) -> Vec<Incident> {
    let zero = |incident| Incident { id: crate::incident::IncidentId(0), ..incident };
    incidents.into_iter().map(zero).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn no_flow_is_counted_twice_and_no_identity_is_given_twice(all in prop::collection::vec(said(), 0..250)) {
        let verdicts = verdicts(&all, 0, |host| host);
        for options in [Options::default(), TIGHT] {
            let (_, changes) = run(&verdicts, options);
            let mut opened = HashSet::new();
            for change in &changes {
                if let Change::Opened(incident) = change {
                    prop_assert!(opened.insert(incident.id), "{} twice", incident.id);
                }
            }
            for incident in last_states(&changes) {
                let ids: HashSet<_> = incident.flow_ids.iter().collect();
                prop_assert_eq!(ids.len(), incident.flow_ids.len());
                prop_assert_eq!(ids.len() as u64, incident.flows);
            }
        }
    }

    #[test]
    fn an_incident_opens_once_then_grows_then_is_over(all in prop::collection::vec(said(), 0..250)) {
        let (tracker, changes) = run(&verdicts(&all, 0, |host| host), TIGHT);
        let mut lives: BTreeMap<_, Vec<&Change>> = BTreeMap::new();
        for change in &changes {
            lives.entry(change.incident().id).or_default().push(change);
        }
        let mut going_on = 0;
        for life in lives.values() {
            prop_assert!(matches!(life[0], Change::Opened(_)));
            let resolved = life.iter().position(|change| matches!(change, Change::Resolved(_)));
            prop_assert!(resolved.is_none_or(|at| at + 1 == life.len()));
            going_on += usize::from(resolved.is_none());
            let states: Vec<_> = life.iter().map(|change| change.incident()).collect();
            prop_assert!(states.is_sorted_by_key(|one| (one.flows, one.packets, one.score, one.last_us)));
            prop_assert!(states.iter().all(|one| one.first_us <= one.last_us && !one.why.is_empty()));
        }
        prop_assert_eq!(going_on, tracker.open().len());
    }

    #[test]
    fn the_same_verdicts_give_the_same_changes(all in prop::collection::vec(said(), 0..250)) {
        let verdicts = verdicts(&all, 0, |host| host);
        prop_assert_eq!(run(&verdicts, TIGHT).1, run(&verdicts, TIGHT).1);
    }

    #[test]
    fn shifting_all_times_shifts_times_and_nothing_else(
        all in prop::collection::vec(said(), 0..200),
        by_us in -1_000_000_000_000..1_000_000_000_000_i64,
    ) {
        let here = last_states(&run(&verdicts(&all, 0, |host| host), TIGHT).1);
        let there = last_states(&run(&verdicts(&all, by_us, |host| host), TIGHT).1);
        let expected = here.iter().map(|one| moved(one, by_us, |host| host)).collect();
        prop_assert_eq!(without_id(there), without_id(expected));
    }

    #[test]
    fn renaming_all_addresses_renames_and_changes_nothing_else(all in prop::collection::vec(said(), 0..200)) {
        let other = |number: u8| 200 - number;
        let here = last_states(&run(&verdicts(&all, 0, |host| host), TIGHT).1);
        let there = last_states(&run(&verdicts(&all, 0, other), TIGHT).1);
        let renamed = |address: Address| host(other(address.bits().to_be_bytes()[15]));
        let expected = here.iter().map(|one| moved(one, 0, renamed)).collect();
        prop_assert_eq!(without_id(there), without_id(expected));
    }

    #[test]
    fn nothing_grows_beyond_its_bound(all in prop::collection::vec(said(), 0..400)) {
        let mut tracker = Tracker::new("weir", TIGHT);
        for verdict in verdicts(&all, 0, |host| host) {
            tracker.observe(&verdict, why);
            prop_assert!(tracker.open().len() <= TIGHT.open);
            let (flows, candidates, hosts) = tracker.held();
            prop_assert!(flows <= TIGHT.flows && candidates <= TIGHT.candidates && hosts <= TIGHT.hosts);
        }
    }
}
