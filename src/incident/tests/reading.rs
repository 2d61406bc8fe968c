//! Incidents written as alerts and read back.

use proptest::prelude::*;
use serde_json::{Value, from_value, json, to_value};

use super::*;
use crate::incident::{
    Alert, AlertError, Hosts, IncidentId, Mark, MuteId, Names, Severity, Status, Who, WhoKind,
    Workload,
};

/// The last moment of the calendar that is written, in µs since the epoch.
const LAST_US: i64 = 253_402_207_200_999_999;

fn address() -> impl Strategy<Value = Address> {
    prop_oneof![any::<[u8; 4]>().prop_map(Address::v4), any::<[u8; 16]>().prop_map(Address::v6)]
}

fn hosts() -> impl Strategy<Value = Hosts> {
    (prop::collection::vec(address(), 0..=Hosts::LISTED), 0..1_000_u64)
        .prop_map(|(listed, more)| Hosts { total: listed.len() as u64 + more, listed })
}

fn time() -> impl Strategy<Value = i64> {
    0..=LAST_US
}

fn mark() -> impl Strategy<Value = Option<Mark>> {
    prop::option::of((any::<String>(), time()).prop_map(|(by, at_us)| Mark { by, at_us }))
}

prop_compose! {
    fn nature()(
        id: u64,
        class in prop::sample::select(&Class::ALL[..]),
        severity in prop::sample::select(&Severity::ALL[..]),
        status in prop::sample::select(&Status::ALL[..]),
        score in 0..=10_000_u16,
        pivot in address(),
        sources in hosts(),
        targets in hosts(),
        target_port: Option<u16>,
        (flows, packets, bytes) in any::<(u64, u64, u64)>(),
    ) -> Incident {
        let score = Score::new(f32::from(score) / 10_000.0);
        let id = IncidentId(id);
        Incident {
            id, class, severity, status, score, pivot, sources, targets, target_port, flows, packets,
            bytes, ..only(&after((0..3).map(|id| alarm(id, FLOOD, (7, 1), 0))))
        }
    }
}

const FLOOD: Class = Class::DosFlood;

fn who() -> impl Strategy<Value = Who> {
    let name = || "[a-z0-9][a-z0-9.-]{0,20}";
    let workload = prop::option::of(("[A-Z][a-zA-Z]{0,12}", name()));
    let kind = prop::sample::select(&WhoKind::ALL[..]);
    (kind, "[a-z0-9-]{0,12}", name(), workload, prop::option::of(name())).prop_map(
        |(kind, namespace, name, workload, service)| {
            let workload = workload.map(|(kind, name)| Workload { kind, name });
            Who { kind, namespace, name, workload, service }
        },
    )
}

fn names() -> impl Strategy<Value = Names> {
    prop::collection::vec((address(), who()), 0..5).prop_map(|all| {
        let mut names = Names::default();
        let first = all.first().map(|(address, _)| *address);
        for (address, who) in all {
            names.add(address, &Arc::new(who));
        }
        first.map_or(Names::default(), |first| names.opened(first))
    })
}

prop_compose! {
    fn incident()(
        incident in nature(),
        (first_us, last_us, detected_us) in (time(), time(), time()),
        resolved_us in prop::option::of(time()),
        reopened: u32,
        (acknowledged, resolved_by) in (mark(), mark()),
        muted_by: Option<i64>,
        related in prop::collection::vec(any::<u64>(), 0..=Incident::RELATED),
        why in prop::collection::vec(any::<String>(), 0..6),
        flow_ids in prop::collection::vec(any::<u64>(), 0..=Incident::FLOW_IDS),
        names in names(),
    ) -> Incident {
        Incident {
            first_us, last_us, detected_us, resolved_us, reopened, acknowledged, resolved_by, names,
            muted_by: muted_by.map(MuteId),
            related: related.into_iter().map(IncidentId).collect(),
            why: why.into_iter().map(|text| Reason { feature: String::new(), text }).collect(),
            flow_ids: flow_ids.into_iter().map(FlowId).collect(),
            ..incident
        }
    }
}

fn written(incident: &Incident) -> Value {
    to_value(Alert::from(incident)).unwrap()
}

fn read(alert: Value) -> Result<Incident, AlertError> {
    from_value::<Alert>(alert).unwrap().try_into()
}

/// As a database of JSON keeps it: without what is null or empty.
fn kept(mut alert: Value) -> Value {
    let is_nothing = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
    alert.as_object_mut().unwrap().retain(|_, value| !is_nothing(value));
    alert
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn an_incident_is_read_as_it_was_written(incident in incident()) {
        prop_assert_eq!(read(written(&incident)), Ok(incident.clone()));
        let text = serde_json::to_string(&Alert::from(&incident)).unwrap();
        let alert: Alert = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(Incident::try_from(alert), Ok(incident));
    }

    #[test]
    fn what_a_database_loses_of_it_is_not_missed(incident in incident()) {
        prop_assert_eq!(read(kept(written(&incident))), Ok(incident));
    }

    #[test]
    fn whatever_stands_in_a_text_of_it_is_read_or_refused(
        incident in incident(),
        member in prop::sample::select(vec!["id", "class", "severity", "status", "pivot", "detected_at", "first_packet"]),
        text in any::<String>(),
    ) {
        let mut alert = written(&incident);
        alert[member] = text.into();
        let alert: Alert = from_value(alert).unwrap();
        if let Err(error) = Incident::try_from(alert) {
            prop_assert!(error.to_string().chars().count() < 1_000);
        }
    }
}

fn flood() -> Incident {
    only(&after((0..3).map(|id| alarm(id, FLOOD, (7, 1), 0))))
}

#[test]
fn what_is_wrong_is_said() {
    for (member, value, said) in [
        ("id", "12", "id: \"12\" is not sixteen hexadecimal digits"),
        ("id", "+00000000000000f", "id: \"+00000000000000f\" is not sixteen hexadecimal digits"),
        ("class", "flood", "there is no class \"flood\""),
        ("severity", "urgent", "there is no severity \"urgent\""),
        ("status", "unread", "there is no status \"unread\""),
        ("pivot", "localhost", "pivot: \"localhost\" is no address"),
        ("resolved_at", "soon", "resolved_at: \"soon\" is no time by RFC 3339"),
        ("class", "\u{1b}[2J", "there is no class \"\\u{1b}[2J\""),
    ] {
        let mut alert = written(&flood());
        alert[member] = value.into();
        let error = read(alert).expect_err(member);
        assert_eq!(error.to_string(), format!("reading an alert: {said}"));
    }
    let mut alert = written(&flood());
    alert["sources"] = json!(["192.0.2.1", "x"]);
    assert!(matches!(read(alert), Err(AlertError::Address { member: "sources", .. })));
}

#[test]
fn members_that_are_not_known_are_ignored() {
    let mut alert = written(&flood());
    alert["response"] = json!({ "blocked": true });
    assert_eq!(read(alert).map(|incident| incident.id), Ok(flood().id));
}

#[test]
fn lists_that_are_too_long_are_cut() {
    let mut alert = written(&flood());
    alert["sources"] = json!(vec!["192.0.2.1"; 1_000]);
    alert["source_count"] = 5.into();
    for member in ["related", "flow_ids"] {
        alert[member] = json!(vec!["00000000000000ff"; 1_000]);
    }
    alert["why"] = json!(vec!["so"; 1_000]);
    let incident = read(alert).unwrap();
    assert_eq!((incident.sources.listed.len(), incident.sources.total), (Hosts::LISTED, 32));
    assert_eq!(incident.related.len(), Incident::RELATED);
    assert_eq!(incident.flow_ids.len(), Incident::FLOW_IDS);
    assert_eq!(incident.why.len(), 16);
}
