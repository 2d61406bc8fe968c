use super::*;
use crate::incident::Told;
use crate::store::{Depth, Error};

const SINK: SinkName = SinkName::Webhook;

#[test]
fn an_entry_tells_the_incident_as_it_was_then() {
    let mut all = Everybody::telling(&[WEBHOOK]);
    let related = vec![IncidentId(7), IncidentId(u64::MAX)];
    let first = Incident { related, reopened: 3, ..incident(1, 1_600_000_000_000_042) };
    all.apply(std::slice::from_ref(&first));
    all.actions.acknowledge(IncidentId(1), &by()).unwrap();
    all.actions.resolve(IncidentId(1), &by()).unwrap();
    let told = all.waiting(SINK);
    assert_eq!(*told[0].incident, Incident { flow_ids: Vec::new(), ..first });
    let last = all.reader.incident(IncidentId(1)).unwrap().unwrap();
    assert_eq!(*told[2].incident, Incident { flow_ids: Vec::new(), ..last });
}

#[test]
fn a_life_is_told_in_order() {
    let mut all = Everybody::telling(&[WEBHOOK]);
    let first = incident(1, 1);
    all.apply(std::slice::from_ref(&first));
    let worse = Incident { severity: Severity::Critical, ..first };
    all.apply(std::slice::from_ref(&worse));
    all.actions.acknowledge(IncidentId(1), &by()).unwrap();
    all.apply(&[over(worse.clone())]);
    all.apply(&[back(worse.clone())]);
    all.actions.resolve(IncidentId(1), &by()).unwrap();
    let told = [
        News::Opened,
        News::Changed,
        News::Acknowledged,
        News::Resolved,
        News::Reopened,
        News::Resolved,
    ];
    for news in told {
        assert_eq!(all.deliver(SINK).unwrap().news, news);
    }
    assert_eq!(all.deliver(SINK), None);
    assert_eq!(all.outbox.depth(SINK).unwrap().delivered, 6);
}

#[test]
fn to_write_the_same_again_tells_nothing() {
    let mut all = Everybody::telling(&[WEBHOOK, FIREBASE]);
    let same = [incident(1, 1), over(incident(2, 2))];
    all.apply(&same);
    all.apply(&same);
    for sink in [SINK, SinkName::Firebase] {
        assert_eq!(all.news(sink), [(1, News::Opened), (2, News::Resolved)]);
    }
}

#[test]
fn growth_is_told_as_one_and_to_whom_it_matters() {
    let mut all = Everybody::telling(&[WEBHOOK, ALERTMANAGER]);
    let mut one = incident(1, 1);
    all.apply(std::slice::from_ref(&one));
    for _ in 0..5 {
        one = grown(one);
        all.apply(std::slice::from_ref(&one));
    }
    assert_eq!(all.news(SinkName::Alertmanager), [(1, News::Opened)]);
    let told = all.waiting(SINK);
    assert_eq!(all.news(SINK), [(1, News::Opened), (1, News::Grown)]);
    assert_eq!((told[1].stands_for, told[1].incident.flows), (5, one.flows));
    let Depth { waiting, turns, .. } = all.outbox.depth(SINK).unwrap();
    assert_eq!((waiting, turns), (2, 1));
}

#[test]
fn a_turn_stands_for_the_growth_before_it() {
    let mut all = Everybody::telling(&[WEBHOOK]);
    let one = incident(1, 1);
    all.apply(std::slice::from_ref(&one));
    all.apply(&[grown(one.clone())]);
    all.apply(&[grown(grown(one.clone()))]);
    all.apply(&[over(grown(grown(one)))]);
    let told = all.waiting(SINK);
    let seen = told.iter().map(|entry| (entry.news, entry.stands_for)).collect::<Vec<_>>();
    assert_eq!(seen, [(News::Opened, 1), (News::Resolved, 3)]);
}

#[test]
fn growth_waits_for_its_time_and_turns_do_not() {
    let mut all = Everybody::telling(&[WEBHOOK]);
    all.apply(&[incident(1, 1)]);
    all.apply(&[grown(incident(1, 1))]);
    all.apply(&[incident(2, 2)]);
    let created_us = all.waiting(SINK)[1].created_us;
    let due = |before_us| {
        let entries = all.outbox.next(SINK, before_us, 9).unwrap();
        entries.iter().map(|entry| entry.news).collect::<Vec<_>>()
    };
    assert_eq!(due(created_us), [News::Opened, News::Opened]);
    assert_eq!(due(created_us + 1), [News::Opened, News::Grown, News::Opened]);
    // More of it does not put it off.
    all.apply(&[grown(grown(incident(1, 1)))]);
    let entry = all.waiting(SINK).pop().unwrap();
    assert_eq!((entry.news, entry.created_us), (News::Grown, created_us));
}

#[test]
fn growth_of_a_clock_that_was_set_back_is_not_held_up() {
    let mut all = Everybody::telling(&[WEBHOOK]);
    all.apply(&[incident(1, 1)]);
    all.apply(&[grown(incident(1, 1))]);
    let update = "UPDATE outbox SET created_us = created_us + 86400000000 WHERE news = 'grown'";
    all.store.database.connection.execute(update, []).unwrap();
    assert_eq!(all.outbox.next(SINK, 0, 9).unwrap().len(), 2);
}

#[test]
fn what_has_grown_while_it_was_told_waits_on() {
    let mut all = Everybody::telling(&[WEBHOOK]);
    all.apply(&[incident(1, 1)]);
    all.deliver(SINK);
    all.apply(&[grown(incident(1, 1))]);
    let under_way = all.waiting(SINK);
    let more = grown(grown(grown(incident(1, 1))));
    all.apply(&[grown(grown(incident(1, 1)))]);
    all.apply(std::slice::from_ref(&more));
    all.outbox.delivered(&under_way, None).unwrap();
    let left = all.waiting(SINK);
    assert_eq!((left.len(), left[0].stands_for), (1, 2));
    assert_eq!(left[0].incident.flows, more.flows);
    // Who is told twice can tell: what is new has another number.
    assert!(left[0].seq > under_way[0].seq);
    assert!(left[0].created_us > under_way[0].created_us);
}

#[test]
fn a_turn_while_growth_is_told_is_told_too() {
    let mut all = Everybody::telling(&[WEBHOOK]);
    all.apply(&[incident(1, 1)]);
    all.deliver(SINK);
    all.apply(&[grown(incident(1, 1))]);
    let under_way = all.waiting(SINK);
    all.apply(&[over(grown(incident(1, 1)))]);
    all.outbox.delivered(&under_way, None).unwrap();
    let left = all.waiting(SINK);
    assert_eq!((left.len(), left[0].news, left[0].stands_for), (1, News::Resolved, 1));
}

#[test]
fn what_failed_waits_on_and_says_why() {
    let mut all = Everybody::telling(&[WEBHOOK]);
    all.apply(&[incident(1, 1), incident(2, 2)]);
    let entries = all.waiting(SINK);
    all.outbox.failed(&entries, "503").unwrap();
    all.outbox.failed(&entries[..1], &"x".repeat(10_000)).unwrap();
    let left = all.waiting(SINK);
    assert_eq!(left.iter().map(|entry| entry.attempts).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(left[0].error.as_ref().unwrap().len(), 1_024);
    assert_eq!(left[1].error.as_deref(), Some("503"));
    assert_eq!(all.outbox.depth(SINK).unwrap().last_success_us, None);
}

#[test]
fn the_message_of_an_incident_is_found_again_for_all_its_lives() {
    let mut all = Everybody::telling(&[WEBHOOK, FIREBASE]);
    all.apply(&[incident(1, 1)]);
    let first = all.waiting(SINK);
    assert_eq!(first[0].handle, None);
    all.outbox.delivered(&first, Some("1700000000.000100")).unwrap();
    all.apply(&[over(incident(1, 1))]);
    // A sink that says nothing of it keeps it.
    let second = all.deliver(SINK).unwrap();
    assert_eq!(second.handle.as_deref(), Some("1700000000.000100"));
    all.apply(&[back(incident(1, 1)), incident(2, 2)]);
    let handles = all.waiting(SINK).into_iter().map(|entry| entry.handle).collect::<Vec<_>>();
    assert_eq!(handles, [Some("1700000000.000100".into()), None]);
    assert!(all.waiting(SinkName::Firebase).iter().all(|entry| entry.handle.is_none()));
}

#[test]
fn who_is_told_anew_hears_of_what_goes_on() {
    let mut all = Everybody::telling(&[WEBHOOK]);
    all.apply(&[incident(1, 1), incident(2, 2), over(incident(3, 3))]);
    all.store.tell(&[FIREBASE]).unwrap();
    assert_eq!(all.news(SinkName::Firebase), [(1, News::Opened), (2, News::Opened)]);
    // What waits for whoever is not told any more stays, and is not added to.
    all.apply(&[over(incident(1, 1)), incident(4, 4)]);
    assert_eq!(all.news(SINK).len(), 3);
    let shown = all.reader.sinks().unwrap();
    assert_eq!(shown.iter().map(|(sink, _)| *sink).collect::<Vec<_>>(), [SinkName::Firebase, SINK]);
    // Told again, it hears of what has changed meanwhile, and of what it thought to go on.
    all.store.tell(&[WEBHOOK, FIREBASE]).unwrap();
    let mut news = all.news(SINK).split_off(3);
    news.sort_unstable_by_key(|(id, _)| *id);
    assert_eq!(news, [(1, News::Resolved), (4, News::Opened)]);
    all.store.tell(&[WEBHOOK, FIREBASE]).unwrap();
    assert_eq!(all.news(SINK).len(), 5);
}

#[test]
fn a_digest_says_all_that_waits_and_takes_no_more() {
    let mut all = Everybody::telling(&[WEBHOOK]);
    assert_eq!(all.outbox.digest(SINK).unwrap(), None);
    let many = (0..30).map(|id| {
        let class = if id < 20 { Class::Scan } else { Class::DosFlood };
        let severity = if id < 25 { Severity::Medium } else { Severity::Critical };
        Incident { class, severity, ..incident(id, 1_000 + id.cast_signed()) }
    });
    let many = many.collect::<Vec<_>>();
    all.apply(&many);
    all.apply(&[over(many[3].clone()), grown(many[4].clone())]);
    let refused = all.waiting(SINK).remove(0);
    all.outbox.park(&refused, "no").unwrap();
    let (digest, through) = all.outbox.digest(SINK).unwrap().unwrap();
    assert_eq!((digest.changes, digest.incidents, digest.resolved), (31, 29, 1));
    assert_eq!(digest.by_class, [(Class::Scan, 19), (Class::DosFlood, 10)]);
    assert_eq!(digest.by_severity, [(Severity::Critical, 5), (Severity::Medium, 24)]);
    assert_eq!((digest.first_us, digest.last_us), (991, 1_039));
    let worst = digest.worst.iter().map(|incident| incident.severity).collect::<Vec<_>>();
    assert_eq!(worst, [[Severity::Critical; 5], [Severity::Medium; 5]].concat());

    all.apply(&[over(many[9].clone())]);
    all.outbox.digested(SINK, through).unwrap();
    assert_eq!(all.news(SINK), [(9, News::Resolved)]);
    let depth = all.outbox.depth(SINK).unwrap();
    assert_eq!((depth.digested, depth.parked, depth.waiting), (31, 1, 1));
    assert!(depth.last_success_us.is_some());
}

#[test]
fn connections_that_need_a_database_make_none() {
    let (_folder, path) = place();
    assert!(matches!(Outbox::open(&path), Err(Error::Missing { .. })));
    assert!(matches!(Actions::open(&path), Err(Error::Missing { .. })));
    assert!(!path.exists());
}

#[test]
fn it_is_known_how_each_sink_knows_an_incident() {
    let mut all = Everybody::telling(&[WEBHOOK]);
    all.apply(&[incident(1, 100)]);
    let told = all.reader.told(IncidentId(1)).unwrap();
    assert_eq!(told, [(SINK, Told::from(&incident(1, 100)))]);
    all.actions.acknowledge(IncidentId(1), &by()).unwrap();
    let [(_, told)] = all.reader.told(IncidentId(1)).unwrap().try_into().unwrap();
    assert_eq!(told.status, Status::Acknowledged);
    assert_eq!(all.reader.told(IncidentId(2)).unwrap(), []);
}
