use super::*;
use crate::incident::{FlowSpan, Mark};
use crate::packet::Tuple;
use crate::store::{Error, Query};

fn status(reader: &Reader, id: u64) -> Status {
    reader.incident(IncidentId(id)).unwrap().unwrap().status
}

#[test]
fn what_people_do_stays_when_the_engine_writes() {
    let mut all = Everybody::telling(&[]);
    all.apply(&[incident(1, 1)]);
    let taken = all.actions.acknowledge(IncidentId(1), &by()).unwrap();
    assert_eq!(taken.status, Status::Acknowledged);
    assert_eq!(taken.acknowledged.as_ref().unwrap().by, "ops");
    all.apply(&[grown(incident(1, 1))]);
    let read = all.reader.incident(IncidentId(1)).unwrap().unwrap();
    assert_eq!((read.status, read.flows), (Status::Acknowledged, 13));
    assert_eq!(read.acknowledged, taken.acknowledged);
    all.apply(&[over(incident(1, 1))]);
    assert_eq!(status(&all.reader, 1), Status::Resolved);
}

#[test]
fn what_was_resolved_by_hand_stays_so_until_the_attack_comes_back() {
    let mut all = Everybody::telling(&[]);
    all.apply(&[incident(1, 1)]);
    let resolved = all.actions.resolve(IncidentId(1), &by()).unwrap();
    assert_eq!(resolved.status, Status::Resolved);
    assert!(matches!(&resolved.resolved_by, Some(Mark { by, .. }) if by == "ops"));
    // The engine has not heard of it yet.
    all.apply(&[grown(incident(1, 1))]);
    assert_eq!(status(&all.reader, 1), Status::Resolved);
    all.apply(&[back(incident(1, 1))]);
    let again = all.reader.incident(IncidentId(1)).unwrap().unwrap();
    assert_eq!((again.status, again.resolved_by), (Status::Open, None));
}

#[test]
fn a_capture_that_is_read_again_takes_no_life_back() {
    let mut all = Everybody::telling(&[]);
    all.apply(&[incident(1, 1)]);
    all.apply(&[back(incident(1, 1))]);
    all.actions.resolve(IncidentId(1), &by()).unwrap();
    all.apply(&[incident(1, 1)]);
    let read = all.reader.incident(IncidentId(1)).unwrap().unwrap();
    assert_eq!((read.status, read.reopened), (Status::Resolved, 1));
}

#[test]
fn to_act_again_changes_nothing() {
    let mut all = Everybody::telling(&[WEBHOOK]);
    all.apply(&[incident(1, 1)]);
    let first = all.actions.acknowledge(IncidentId(1), &by()).unwrap();
    let other = By { who: "eve".into(), ..by() };
    assert_eq!(all.actions.acknowledge(IncidentId(1), &other).unwrap(), first);
    let first = all.actions.resolve(IncidentId(1), &by()).unwrap();
    assert_eq!(all.actions.resolve(IncidentId(1), &other).unwrap(), first);
    assert_eq!(all.reader.audit(None, 9).unwrap().len(), 2);
    assert_eq!(
        all.news(SinkName::Webhook),
        [(1, News::Opened), (1, News::Acknowledged), (1, News::Resolved)]
    );
}

#[test]
fn what_is_over_or_not_there_cannot_be_taken_on() {
    let mut all = Everybody::telling(&[]);
    all.apply(&[over(incident(1, 1))]);
    let refused = all.actions.acknowledge(IncidentId(1), &by()).unwrap_err();
    assert!(matches!(refused, Error::Over(IncidentId(1))), "{refused}");
    let refused = all.actions.resolve(IncidentId(2), &by()).unwrap_err();
    assert!(matches!(refused, Error::NoIncident(IncidentId(2))), "{refused}");
    assert_eq!(all.reader.audit(None, 9).unwrap(), []);
}

#[test]
fn an_engine_hears_of_each_mark_once() {
    let mut all = Everybody::telling(&[]);
    all.apply(&[incident(1, 1), incident(2, 2), incident(3, 3)]);
    let (marked, start) = all.reader.marked(i64::MAX).unwrap();
    assert_eq!((marked.len(), start), (0, 0));
    let version = all.reader.version().unwrap();
    assert_eq!(all.reader.version().unwrap(), version);
    all.actions.acknowledge(IncidentId(3), &by()).unwrap();
    all.actions.resolve(IncidentId(1), &by()).unwrap();
    assert_ne!(all.reader.version().unwrap(), version);
    let (marked, seen) = all.reader.marked(start).unwrap();
    assert_eq!(marked.iter().map(|(id, _)| id.0).collect::<Vec<_>>(), [3, 1]);
    assert_eq!(marked[0].1.acknowledged.as_ref().unwrap().0, 0);
    assert!(marked[1].1.resolved.is_some());
    assert_eq!(all.reader.marked(seen).unwrap(), (Vec::new(), seen));
}

#[test]
fn an_engine_goes_on_with_what_stands_by_traffic() {
    let mut all = Everybody::telling(&[]);
    let silent = Incident { last_us: 40, ..incident(4, 40) };
    all.apply(&[incident(1, 100), incident(2, 200), over(incident(3, 300)), silent]);
    all.actions.acknowledge(IncidentId(1), &by()).unwrap();
    all.actions.resolve(IncidentId(2), &by()).unwrap();
    all.actions.resolve(IncidentId(4), &by()).unwrap();
    let standing = all.reader.standing_incidents(100).unwrap();
    let seen = standing.iter().map(|one| (one.id.0, one.status)).collect::<Vec<_>>();
    assert_eq!(seen, [(1, Status::Open), (2, Status::Resolved), (3, Status::Resolved)]);
    assert!(standing.iter().all(|one| one.acknowledged.is_none() && one.resolved_by.is_none()));
}

#[test]
fn incidents_are_found_by_what_people_made_of_them() {
    let mut all = Everybody::telling(&[]);
    all.apply(&[incident(1, 1), incident(2, 2), incident(3, 3), over(incident(4, 4))]);
    all.actions.acknowledge(IncidentId(2), &by()).unwrap();
    all.actions.resolve(IncidentId(3), &by()).unwrap();
    let asked = |status| {
        let query = Query { status: Some(status), limit: 9, ..Query::default() };
        let found = all.reader.incidents(&query).unwrap().incidents;
        assert!(found.iter().all(|one| one.status == status));
        found.iter().map(|one| one.id.0).collect::<Vec<_>>()
    };
    assert_eq!(asked(Status::Open), [1]);
    assert_eq!(asked(Status::Acknowledged), [2]);
    assert_eq!(asked(Status::Resolved), [4, 3]);
}

#[test]
fn incidents_are_found_by_how_urgent_they_are_at_least() {
    let mut all = Everybody::telling(&[]);
    for (id, severity) in (1..).zip(Severity::ALL) {
        all.apply(&[Incident { severity, ..incident(id, id.cast_signed()) }]);
    }
    for (at, severity) in Severity::ALL.into_iter().enumerate() {
        let query = Query { severity: Some(severity), limit: 9, ..Query::default() };
        let found = all.reader.incidents(&query).unwrap().incidents;
        assert_eq!(found.len(), Severity::ALL.len() - at);
        assert!(found.iter().all(|one| one.severity >= severity));
    }
}

#[test]
fn the_beginning_of_an_id_names_incidents() {
    let mut all = Everybody::telling(&[]);
    let ids = [0xabc0_0000_0000_0001, 0xabc0_0000_0000_0002, 0xabd0_0000_0000_0001, u64::MAX];
    all.apply(&ids.map(|id| incident(id, 1)));
    let named =
        |prefix| all.reader.named(prefix).unwrap().iter().map(|id| id.0).collect::<Vec<_>>();
    assert_eq!(named("abc"), ids[..2]);
    assert_eq!(named("ABD"), ids[2..3]);
    assert_eq!(named("ffffffffffffffff"), ids[3..]);
    for nothing in ["", "0", "abc%", "abc'", "fffffffffffffffff", "äb"] {
        assert!(named(nothing).is_empty(), "{nothing}");
    }
}

#[test]
fn the_flows_of_an_incident_are_kept_in_their_newest_state() {
    let mut all = Everybody::telling(&[]);
    let span = |flow, last_us| FlowSpan {
        id: FlowId(flow),
        tuple: Tuple {
            source: Address::v6([0x20; 16]),
            target: Address::v4([192, 0, 2, 10]),
            source_port: u16::MAX,
            target_port: 443,
            protocol: 6,
            icmp_type: 0,
        },
        first_us: 5,
        last_us,
    };
    let incidents = [shared(incident(1, 1))];
    let spans = [
        (IncidentId(1), span(u64::MAX, 6)),
        (IncidentId(1), span(7, 8)),
        (IncidentId(2), span(7, 8)),
        (IncidentId(1), span(u64::MAX, 9)),
    ];
    all.store.apply(&Changes { incidents: &incidents, spans: &spans, events: &[] }).unwrap();
    assert_eq!(all.reader.spans(IncidentId(1)).unwrap(), [span(7, 8), span(u64::MAX, 9)]);
    assert_eq!(all.reader.spans(IncidentId(2)).unwrap(), []);
}
