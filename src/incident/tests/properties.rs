//! What holds for any verdicts.

use std::collections::{BTreeMap, HashMap, HashSet};

use proptest::prelude::*;

use super::*;
use crate::detect::Weights;
use crate::incident::{IncidentId, Status};

/// A few bounds that random verdicts reach.
const TIGHT: Options = Options {
    opening_flows: 3,
    weights: Weights::NONE,
    window_us: 60_000_000,
    quiet_us: 20_000_000,
    reopen_us: 60_000_000,
    telling_us: 1_000_000,
    forget_us: 600_000_000,
    candidates: 8,
    suspects: 24,
    open: 3,
    closed: 2,
    flows: 12,
    hosts: 10,
    spans: 8,
    explanations: 1_000,
};

/// The same with room for all that random verdicts do, so that incidents come back.
const ROOMY: Options = Options {
    candidates: 1_024,
    suspects: 1_024,
    open: 64,
    closed: 64,
    flows: 64,
    hosts: 1_024,
    spans: 1_024,
    ..TIGHT
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

/// With places in the order of opening instead of ids.
fn without_id(incidents: Vec<Incident>) -> Vec<Incident> {
    let ids: Vec<_> = incidents.iter().map(|incident| incident.id).collect();
    let place =
        |id: &IncidentId| IncidentId(ids.iter().position(|known| known == id).unwrap() as u64);
    let placed = |incident: Incident| {
        let related = incident.related.iter().map(place).collect();
        Incident { id: IncidentId(0), related, ..incident }
    };
    incidents.into_iter().map(placed).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn no_flow_is_counted_twice_and_no_identity_is_given_twice(all in prop::collection::vec(said(), 0..250)) {
        let verdicts = verdicts(&all, 0, |host| host);
        for options in [Options::default(), TIGHT, ROOMY] {
            let (_, changes) = run(&verdicts, options);
            let mut opened = HashSet::new();
            for change in &changes {
                let incident = change.incident();
                match change {
                    Change::Opened(_) => prop_assert!(opened.insert(incident.id), "{} twice", incident.id),
                    _ => prop_assert!(opened.contains(&incident.id)),
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
    fn an_incident_opens_grows_is_over_and_may_come_back(all in prop::collection::vec(said(), 0..250)) {
        let verdicts = verdicts(&all, 0, |host| host);
        for options in [TIGHT, ROOMY] {
            let (tracker, changes) = run(&verdicts, options);
            let mut incidents: BTreeMap<_, Vec<&Change>> = BTreeMap::new();
            for change in &changes {
                incidents.entry(change.incident().id).or_default().push(change);
            }
            let mut going_on = 0;
            for told in incidents.values() {
                let (mut life, mut is_open) = (0, false);
                for (at, change) in told.iter().enumerate() {
                    let incident = change.incident();
                    match change {
                        Change::Opened(_) => prop_assert!(at == 0 && incident.reopened == 0),
                        Change::Reopened(_) => {
                            prop_assert!(at > 0 && !is_open);
                            let ended_us = told[at - 1].incident().resolved_us.unwrap();
                            let again_us = incident.last_us.saturating_sub(options.window_us);
                            prop_assert!(again_us <= ended_us + options.reopen_us);
                            life += 1;
                        }
                        Change::Changed(_) => {}
                        Change::Resolved(_) => prop_assert!(is_open),
                    }
                    is_open = match change {
                        Change::Opened(_) | Change::Reopened(_) => true,
                        Change::Changed(_) => is_open,
                        Change::Resolved(_) => false,
                    };
                    prop_assert_eq!(incident.reopened, life);
                    prop_assert_eq!(incident.status == Status::Open, is_open);
                    prop_assert_eq!(incident.resolved_us.is_none(), is_open);
                }
                going_on += usize::from(is_open);
                let states: Vec<_> = told.iter().map(|change| change.incident()).collect();
                prop_assert!(states.is_sorted_by_key(|one| (one.flows, one.packets, one.score, one.last_us)));
                prop_assert!(states.is_sorted_by_key(|one| one.targets.total));
                prop_assert!(states.is_sorted_by_key(|one| (one.reopened, one.severity)));
                prop_assert!(states.iter().all(|one| one.first_us <= one.last_us && !one.why.is_empty()));
            }
            prop_assert_eq!(going_on, tracker.open().len());
        }
    }

    #[test]
    fn related_incidents_name_each_other_oldest_first(all in prop::collection::vec(said(), 0..250)) {
        let (_, changes) = run(&verdicts(&all, 0, |host| host), ROOMY);
        let states = last_states(&changes);
        let place: HashMap<_, _> = states.iter().enumerate().map(|(at, one)| (one.id, at)).collect();
        for incident in &states {
            let Incident { id, related, .. } = incident;
            prop_assert!(related.len() <= Incident::RELATED && related.iter().all(|other| other != id));
            prop_assert!(related.is_sorted_by_key(|other| place[other]));
            for other in related {
                let other = &states[place[other]];
                prop_assert!(other.related.contains(id) || other.related.len() == Incident::RELATED);
            }
        }
    }

    #[test]
    fn spans_are_of_flows_that_are_counted_and_end_with_their_last_packet(all in prop::collection::vec(said(), 0..250)) {
        let mut tracker = Tracker::new("weir", ROOMY);
        let mut spans = HashMap::new();
        let mut last_us = HashMap::new();
        for verdict in verdicts(&all, 0, |host| host) {
            last_us.insert(verdict.flow.id, verdict.flow.last_us);
            tracker.observe(&verdict, why);
            for (id, span) in tracker.spans() {
                prop_assert!(span.first_us <= span.last_us && span.last_us <= last_us[&span.id]);
                spans.insert((id, span.id), span);
            }
        }
        tracker.finish();
        for incident in last_states(&tracker.changes()) {
            let ids: HashSet<_> = spans.keys().filter(|(id, _)| *id == incident.id).map(|(_, flow)| *flow).collect();
            prop_assert_eq!(ids, incident.flow_ids.iter().copied().collect());
            let ends = spans.iter().filter(|((id, _), _)| *id == incident.id).map(|(_, span)| span.last_us);
            prop_assert_eq!(ends.max(), Some(incident.last_us));
        }
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
            let [flows, candidates, hosts, closed] = tracker.held();
            prop_assert!(flows <= TIGHT.flows && candidates <= TIGHT.candidates);
            prop_assert!(hosts <= TIGHT.hosts && closed <= TIGHT.closed);
        }
    }
}
