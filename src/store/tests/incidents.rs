use std::process::Command;

use super::*;
use crate::incident::{Deed, Process, ProcessSeen, Who, WhoKind};
use crate::store::{Changes, Cursor, Error, Page, Query, Reader, Store, Witness};

fn ids(page: &Page) -> Vec<u64> {
    page.incidents.iter().map(|incident| incident.id.0).collect()
}

#[test]
fn an_incident_is_read_as_it_was_written() {
    let (_folder, path) = place();
    let mut store = Store::open(&path).unwrap();
    let mut written = incident(u64::MAX, 1_600_000_000_000_042);
    store.apply(&Changes::of(&[shared(written.clone())])).unwrap();
    let reader = Reader::open(&path).unwrap();
    assert_eq!(reader.incident(written.id).unwrap(), Some(written.clone()));
    assert_eq!(reader.standing_incidents(i64::MAX).unwrap(), [written.clone()]);
    assert_eq!(reader.incident(IncidentId(1)).unwrap(), None);

    written.status = Status::Resolved;
    written.resolved_us = Some(written.last_us + 1);
    written.flows += 1;
    written.target_port = None;
    store.apply(&Changes::of(&[shared(written.clone())])).unwrap();
    assert_eq!(reader.incident(written.id).unwrap(), Some(written));
    assert_eq!(reader.standing_incidents(i64::MAX).unwrap(), []);
}

/// Who has the address, by the name of a pod.
fn pod(name: &str) -> Arc<Who> {
    Arc::new(Who {
        kind: WhoKind::Pod,
        namespace: "shop".into(),
        name: name.into(),
        workload: None,
        service: Some("web".into()),
    })
}

fn named(mut incident: Incident, address: Address, name: &str) -> Incident {
    incident.names.add(address, &pod(name));
    incident
}

#[test]
fn names_are_kept_when_the_engine_knows_them_no_more_and_told_of_as_growth() {
    let (_folder, path) = place();
    let mut store = Store::open(&path).unwrap();
    store.tell(&[WEBHOOK]).unwrap();
    let first = incident(1, 1);
    let (pivot, other) = (first.pivot, first.sources.listed[0]);
    let mut write = |incident: Incident| store.apply(&Changes::of(&[shared(incident)])).unwrap();
    write(named(first.clone(), pivot, "web-1"));
    write(named(named(first.clone(), pivot, "web-2"), other, "client-1"));
    write(first.clone());
    let read = Reader::open(&path).unwrap().incident(first.id).unwrap().unwrap();
    let names: Vec<_> = read.names.iter().map(|(_, who)| who.name.as_str()).collect();
    assert_eq!(names, ["client-1", "web-1"]);
    assert_eq!(read.names.opened_about(), read.names.get(pivot));
    let outbox = Outbox::open(&path).unwrap();
    let told = outbox.next(SinkName::Webhook, i64::MAX, 9).unwrap();
    let news: Vec<_> = told.iter().map(|entry| (entry.news, entry.incident.names.len())).collect();
    assert_eq!(news, [(News::Opened, 1), (News::Grown, 2)]);
}

fn seen(deed: Deed, binary: &str) -> ProcessSeen {
    let process = Process { binary: binary.into(), pod: "web-1".into(), ..Process::default() };
    ProcessSeen { deed, at_us: 5, process }
}

#[test]
fn processes_are_kept_and_what_was_started_keeps_an_incident_more_urgent() {
    let (_folder, path) = place();
    let mut store = Store::open(&path).unwrap();
    store.tell(&[WEBHOOK]).unwrap();
    let first = incident(1, 1);
    let mut invaded = first.clone();
    invaded.see(seen(Deed::Client, "/usr/bin/curl"));
    invaded.see(seen(Deed::Started, "/bin/sh"));
    assert_eq!((first.severity, invaded.severity), (Severity::High, Severity::Critical));
    // The last is of an engine that was started again and knows of no process.
    for state in [first.clone(), invaded.clone(), Incident { flows: 99, ..first.clone() }] {
        store.apply(&Changes::of(&[shared(state)])).unwrap();
    }
    let reader = Reader::open(&path).unwrap();
    let read = reader.incident(first.id).unwrap().unwrap();
    assert_eq!(
        (read.flows, read.severity, &read.processes),
        (99, Severity::Critical, &invaded.processes)
    );
    assert_eq!(reader.standing_incidents(0).unwrap()[0].processes, invaded.processes);
    let told = Outbox::open(&path).unwrap().next(SinkName::Webhook, i64::MAX, 9).unwrap();
    let told: Vec<_> =
        told.iter().map(|entry| (entry.news, entry.incident.processes.len())).collect();
    assert_eq!(told, [(News::Opened, 0), (News::Changed, 2), (News::Grown, 2)]);
}

#[test]
fn the_first_events_that_touch_an_incident_are_kept_once_each() {
    let (_folder, path) = place();
    let mut store = Store::open(&path).unwrap();
    let told = |incident, deed, at_us: i64| Witness {
        incident: IncidentId(incident),
        deed,
        at_us,
        event: format!("{{\"at\":{at_us}}}"),
    };
    let event = |incident, at_us| told(incident, Deed::Client, at_us);
    let incidents = [shared(incident(1, 1))];
    let mut write = |events: &[Witness]| {
        store.apply(&Changes { incidents: &incidents, spans: &[], events }).unwrap();
    };
    write(&[event(1, 7), event(1, 3), event(2, 1)]);
    write(&[event(1, 7)]);
    let reader = Reader::open(&path).unwrap();
    assert_eq!(reader.events(IncidentId(1)).unwrap(), ["{\"at\":3}", "{\"at\":7}"]);
    assert!(reader.events(IncidentId(2)).unwrap().is_empty(), "there is no such incident");
    write(&(10..99).map(|at_us| event(1, at_us)).collect::<Vec<_>>());
    assert_eq!(reader.events(IncidentId(1)).unwrap().len(), 16);
    write(&(200..299).map(|at_us| told(1, Deed::Started, at_us)).collect::<Vec<_>>());
    assert_eq!(reader.events(IncidentId(1)).unwrap().len(), 32, "there is room for what is worse");
}

#[test]
fn whom_an_incident_was_about_when_it_opened_is_not_decided_later() {
    let (_folder, path) = place();
    let mut store = Store::open(&path).unwrap();
    let first = incident(1, 1);
    let later = named(first.clone(), first.pivot, "web-1");
    let later = Incident { names: later.names.opened(first.pivot), ..later };
    for incident in [first.clone(), later] {
        store.apply(&Changes::of(&[shared(incident)])).unwrap();
    }
    let read = Reader::open(&path).unwrap().incident(first.id).unwrap().unwrap();
    assert_eq!(read.names.get(first.pivot).map(|who| &*who.name), Some("web-1"));
    assert_eq!(read.names.opened_about(), None);
}

#[test]
fn to_write_an_incident_again_makes_no_second_one() {
    let (_folder, path) = place();
    let mut store = Store::open(&path).unwrap();
    let changes = [shared(incident(1, 1)), shared(incident(2, 2))];
    store.apply(&Changes::of(&changes)).unwrap();
    store.apply(&Changes::of(&changes)).unwrap();
    let page = Reader::open(&path).unwrap().incidents(&Query { limit: 9, ..Query::default() });
    assert_eq!(ids(&page.unwrap()), [2, 1]);
}

#[test]
fn pages_hold_every_incident_once_though_others_come_between() {
    let (_folder, path) = place();
    let mut store = Store::open(&path).unwrap();
    // Two at the same time: the id tells them apart.
    let written =
        (1..=7).map(|id| shared(incident(id, (id / 2).cast_signed()))).collect::<Vec<_>>();
    store.apply(&Changes::of(&written)).unwrap();
    let reader = Reader::open(&path).unwrap();
    let mut query = Query { limit: 3, ..Query::default() };
    let first = reader.incidents(&query).unwrap();
    assert_eq!(ids(&first), [7, 6, 5]);
    store.apply(&Changes::of(&[shared(incident(8, 99))])).unwrap();
    query.after = first.next.map(|cursor| cursor.to_string().parse::<Cursor>().unwrap());
    let second = reader.incidents(&query).unwrap();
    assert_eq!(ids(&second), [4, 3, 2]);
    query.after = second.next;
    let last = reader.incidents(&query).unwrap();
    assert_eq!((ids(&last), last.next), (vec![1], None));
}

#[test]
fn what_is_asked_for_is_given_and_nothing_else() {
    let (_folder, path) = place();
    let mut store = Store::open(&path).unwrap();
    let scan = Incident { class: Class::Scan, ..incident(2, 200) };
    let over = Incident { status: Status::Resolved, ..incident(3, 300) };
    store.apply(&Changes::of(&[shared(incident(1, 100)), shared(scan), shared(over)])).unwrap();
    let reader = Reader::open(&path).unwrap();
    let asked = |query: Query| ids(&reader.incidents(&Query { limit: 9, ..query }).unwrap());
    assert_eq!(asked(Query { class: Some(Class::Scan), ..Query::default() }), [2]);
    assert_eq!(asked(Query { status: Some(Status::Open), ..Query::default() }), [2, 1]);
    assert_eq!(asked(Query { since_us: Some(211), ..Query::default() }), [3]);
    assert_eq!(asked(Query { since_us: Some(210), ..Query::default() }), [3, 2]);
}

#[test]
fn a_text_that_is_no_cursor_is_refused() {
    for text in ["", "1", "1.", ".1", "x.1", "1.y", "1.11111111111111111", "1.1.1"] {
        assert!(text.parse::<Cursor>().is_err(), "{text}");
    }
}

#[test]
fn where_the_disk_is_full_nothing_is_written_until_there_is_room() {
    let (_folder, path) = place();
    let mut store = Store::open(&path).unwrap();
    store.apply(&Changes::of(&[shared(incident(0, 0))])).unwrap();
    let limit = |store: &Store, pages: u32| {
        store.database.connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
    };
    limit(&store, 1).unwrap();
    let many = (1..=500).map(|id| shared(incident(id, id.cast_signed()))).collect::<Vec<_>>();
    let error = store.apply(&Changes::of(&many)).unwrap_err();
    assert!(matches!(error, Error::Sqlite { doing: "write incidents to", .. }), "{error}");
    // Said once: a cause of its own would say it again.
    let cause = std::error::Error::source(&error).unwrap();
    assert_eq!(cause.to_string(), "database or disk is full");
    assert!(cause.source().is_none());
    let count = || {
        let all = Query { limit: 1_000, ..Query::default() };
        Reader::open(&path).unwrap().incidents(&all).unwrap().incidents.len()
    };
    assert_eq!(count(), 1);
    limit(&store, u32::MAX / 2).unwrap();
    store.apply(&Changes::of(&many)).unwrap();
    assert_eq!(count(), 501);
}

/// A small file system of its own, which goes with the value.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let options = ["-t", "tmpfs", "-o", "size=512k", "tmpfs"];
        let mounted = Command::new("mount").args(options).arg(folder.path()).output();
        mounted.is_ok_and(|output| output.status.success()).then_some(Self(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        Command::new("umount").arg(self.0.path()).status().ok();
    }
}

#[test]
fn a_file_system_without_room_loses_nothing_that_was_accepted() {
    let Some(disk) = SmallDisk::mount() else {
        println!("skipped: needs root and mount");
        return;
    };
    let path = disk.0.path().join("weir.db");
    let mut store = Store::open(&path).unwrap();
    let accepted =
        (0..10_000).take_while(|id| store.apply(&Changes::of(&[shared(incident(*id, 1))])).is_ok());
    let accepted = accepted.count();
    assert!((10..5_000).contains(&accepted), "{accepted}");
    drop(store);
    let _store = Store::open(&path).unwrap();
    let all = Query { limit: 10_000, ..Query::default() };
    let kept = Reader::open(&path).unwrap().incidents(&all).unwrap().incidents.len();
    assert_eq!(kept, accepted);
}
