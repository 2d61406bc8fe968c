use super::*;
use crate::detect::Weight;
use crate::incident::{Accepted, Feedback, FlowSpan, Place};
use crate::packet::Tuple;
use crate::store::{Error, Forgetting, Lesson, Origin};

const HOUR_US: i64 = 3_600_000_000;

fn place(text: &str) -> Place {
    text.parse().unwrap()
}

fn nats(nats: f64) -> Weight {
    Weight::nats(nats)
}

fn learn(all: &mut Everybody, accepted: &[(Class, &str, f64)]) {
    let accepted: Vec<_> =
        accepted.iter().map(|(class, at, weight)| (*class, place(at), nats(*weight))).collect();
    all.actions.learn(&Lesson { traffic_us: HOUR_US, accepted: &accepted }, &by()).unwrap();
}

/// What is accepted, in words.
fn accepted(all: &Everybody) -> Vec<String> {
    let rows = all.reader.baseline().unwrap();
    rows.iter().map(|one| format!("{} {} {}", one.class, one.place, one.weight)).collect()
}

/// Flows of an incident to ports of its target and of the host behind it, most to the first.
fn spans(incident: u64) -> Vec<(IncidentId, FlowSpan)> {
    let span = |flow: u64, last: u8, target_port: u16| {
        let tuple = Tuple {
            source: Address::v4([192, 0, 2, 1]),
            target: Address::v4([203, 0, 113, last]),
            source_port: 40_000,
            target_port,
            protocol: 6,
            icmp_type: 0,
        };
        (IncidentId(incident), FlowSpan { id: FlowId(flow), tuple, first_us: 1, last_us: 2 })
    };
    vec![span(1, 10, 443), span(2, 10, 443), span(3, 11, 8_443)]
}

fn with_flood() -> Everybody {
    let mut all = Everybody::telling(&[FIREBASE]);
    let incidents = [shared(incident(1, 1))];
    all.store.apply(&Changes { incidents: &incidents, spans: &spans(1), events: &[] }).unwrap();
    all
}

fn judge(all: &mut Everybody, feedback: Feedback) -> Incident {
    all.actions.feedback(IncidentId(1), feedback, &by()).unwrap()
}

#[test]
fn what_traffic_teaches_adds_up_and_the_most_counts() {
    let mut all = Everybody::telling(&[]);
    let (flood, scan) = (Class::DosFlood, Class::Scan);
    learn(&mut all, &[(flood, "80/tcp", 30.0), (scan, "10.0.0.7", 20.0)]);
    learn(&mut all, &[(flood, "80/tcp", 20.0), (scan, "10.0.0.7", 25.0)]);
    assert_eq!(accepted(&all), ["dos-flood 80/tcp 30.0", "scan 10.0.0.7 25.0"]);
    let rows = all.reader.baseline().unwrap();
    assert!(rows.iter().all(|one| one.by == "ops" && one.origin == Origin::Traffic(HOUR_US)));
    let (all_of_it, _) = all.reader.accepted(None).unwrap().unwrap();
    assert_eq!(all_of_it.of(scan, place("10.0.0.7")), Some(nats(25.0)));
}

#[test]
fn who_heeds_it_reads_it_once_and_again_when_it_is_other() {
    let mut all = Everybody::telling(&[]);
    let (none, version) = all.reader.accepted(None).unwrap().unwrap();
    assert!(none.is_empty());
    assert_eq!(all.reader.accepted(Some(version)).unwrap(), None);
    learn(&mut all, &[(Class::Scan, "10.0.0.7", 20.0)]);
    let (one, version) = all.reader.accepted(Some(version)).unwrap().unwrap();
    assert_eq!(one.len(), 1);
    all.actions.forget(&Forgetting::default(), &by()).unwrap();
    let (none, _) = all.reader.accepted(Some(version)).unwrap().unwrap();
    assert!(none.is_empty());
}

#[test]
fn what_fits_is_forgotten_and_nothing_else() {
    let mut all = Everybody::telling(&[]);
    let (flood, scan) = (Class::DosFlood, Class::Scan);
    let learnt = [
        (flood, "80/tcp", 30.0),
        (flood, "81/tcp", 30.0),
        (scan, "10.0.0.9", 20.0),
        (scan, "10.0.0.7", 20.0),
    ];
    for (class, at, left) in [
        (None, None, &[][..]),
        (Some(scan), None, &[0, 1]),
        (None, Some("10.0.0.9"), &[0, 1, 3]),
        (None, Some("80/tcp"), &[1, 2, 3]),
        (Some(scan), Some("10.0.0.9"), &[0, 1, 3]),
        (Some(flood), Some("10.0.0.7"), &[0, 1, 2, 3]),
    ] {
        learn(&mut all, &learnt);
        let forgetting = Forgetting { class, place: at.map(place) };
        let gone = all.actions.forget(&forgetting, &by()).unwrap();
        assert_eq!(gone, (learnt.len() - left.len()) as u64, "{forgetting:?}");
        let rows = all.reader.baseline().unwrap();
        let mut expected: Vec<_> =
            left.iter().map(|at: &usize| (learnt[*at].0, place(learnt[*at].1))).collect();
        let mut found: Vec<_> = rows.iter().map(|one| (one.class, one.place)).collect();
        expected.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, expected, "{forgetting:?}");
    }
}

#[test]
fn an_alert_that_was_none_is_accepted_where_it_was_until_that_is_taken_back() {
    let mut all = with_flood();
    let judged = judge(&mut all, Feedback::False);
    assert_eq!(judged.status, Status::Open, "it is not over by that");
    let (said, mark) = judged.feedback.clone().unwrap();
    assert_eq!((said, &*mark.by), (Feedback::False, "ops"));
    let both = ["dos-flood 443/tcp 42.1", "dos-flood 8443/tcp 42.1"];
    assert_eq!(accepted(&all), both);
    assert_eq!(judge(&mut all, Feedback::False), judged, "to say it again changes nothing");
    // The engine goes on to write what the traffic says.
    all.apply(&[grown(incident(1, 1))]);
    assert_eq!(all.reader.incident(IncidentId(1)).unwrap().unwrap().feedback, judged.feedback);

    let judged = judge(&mut all, Feedback::True);
    assert_eq!(judged.feedback.unwrap().0, Feedback::True);
    assert_eq!(accepted(&all), [""; 0]);
    let records = all.reader.audit(None, 9).unwrap();
    assert_eq!(records.iter().map(|one| &*one.what).collect::<Vec<_>>(), ["alert.feedback"; 2]);
    assert_eq!(records[1].after["accepted"][0], both[0]);
    assert_eq!(
        all.waiting(SinkName::Firebase).last().unwrap().incident.feedback.as_ref().unwrap().0,
        Feedback::True
    );
}

#[test]
fn an_alert_that_has_grown_is_accepted_anew() {
    let mut all = with_flood();
    judge(&mut all, Feedback::False);
    all.apply(&[Incident { weight: nats(90.0), ..grown(incident(1, 1)) }]);
    judge(&mut all, Feedback::False);
    assert_eq!(accepted(&all)[0], "dos-flood 443/tcp 90.0");
}

#[test]
fn of_a_scan_the_one_who_scans_is_accepted() {
    let mut all = Everybody::telling(&[]);
    all.apply(&[Incident { class: Class::Scan, ..incident(1, 1) }]);
    judge(&mut all, Feedback::False);
    assert_eq!(accepted(&all), ["scan 203.0.113.10 42.1"]);
}

#[test]
fn what_is_not_known_of_an_alert_is_not_guessed() {
    let mut all = Everybody::telling(&[]);
    all.apply(&[incident(1, 1), Incident { weight: Weight::ZERO, ..incident(2, 2) }]);
    let refused = |all: &mut Everybody, id| {
        all.actions.feedback(IncidentId(id), Feedback::False, &by()).unwrap_err()
    };
    assert!(matches!(refused(&mut all, 1), Error::NoPlace(IncidentId(1))));
    assert!(matches!(refused(&mut all, 2), Error::NoWeight(IncidentId(2))));
    assert!(matches!(refused(&mut all, 3), Error::NoIncident(IncidentId(3))));
    let read = all.reader.incident(IncidentId(1)).unwrap().unwrap();
    assert_eq!((read.feedback, accepted(&all).len()), (None, 0));
    assert_eq!(all.reader.audit(None, 9).unwrap(), []);
}

#[test]
fn what_traffic_taught_stays_when_feedback_is_taken_back_and_an_alert_is_gone() {
    let mut all = with_flood();
    learn(&mut all, &[(Class::DosFlood, "443/tcp", 10.0)]);
    judge(&mut all, Feedback::False);
    let (most, _) = all.reader.accepted(None).unwrap().unwrap();
    assert_eq!(most.of(Class::DosFlood, place("443/tcp")), Some(nats(42.1)));
    judge(&mut all, Feedback::True);
    assert_eq!(accepted(&all), ["dos-flood 443/tcp 10.0"]);
}

#[test]
fn more_than_anybody_heeds_is_refused_whole() {
    let mut all = Everybody::telling(&[]);
    let at = |number: u32| Place::Host(Address::v4(number.to_be_bytes()));
    let many: Vec<_> = (0..4_097).map(|number| (Class::Scan, at(number), nats(20.0))).collect();
    let lesson = |accepted| Lesson { traffic_us: HOUR_US, accepted };
    let refused = all.actions.learn(&lesson(&many), &by()).unwrap_err();
    assert!(matches!(refused, Error::FullBaseline), "{refused}");
    assert_eq!(accepted(&all), [""; 0]);
    all.actions.learn(&lesson(&many[..Accepted::MOST]), &by()).unwrap();
}

#[test]
fn what_others_wrote_there_is_not_believed() {
    let mut all = Everybody::telling(&[]);
    learn(&mut all, &[(Class::Scan, "10.0.0.7", 20.0)]);
    let connection = rusqlite::Connection::open(&all.path).unwrap();
    connection
        .execute_batch(
            "INSERT INTO accepted VALUES ('sweep', '10.0.0.8', 1, 5.0);
             INSERT INTO accepted VALUES ('scan', '\u{1b}[2J', 1, 5.0);
             INSERT INTO accepted VALUES ('scan', '10.0.0.9', 1, -5.0);",
        )
        .unwrap();
    assert_eq!(accepted(&all), ["scan 10.0.0.7 20.0", "scan 10.0.0.9 0.0"]);
    all.actions.forget(&Forgetting::default(), &by()).unwrap();
    let left: i64 =
        connection.query_row("SELECT count(*) FROM accepted", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0, "what is not understood goes with all");
}
