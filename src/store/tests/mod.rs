//! What the database keeps, refuses and survives.

mod accounts;
mod audit;
mod baseline;
mod crash;
mod incidents;
mod interleavings;
mod marks;
mod migration;
mod mutes;
mod outbox;
mod parking;
mod refusals;
mod retention;

use std::path::PathBuf;
use std::sync::Arc;

use tempfile::TempDir;

use crate::detect::{Class, Reason, Score, Weight};
use crate::flow::FlowId;
use crate::incident::{Hosts, Incident, IncidentId, Names, News, Severity, SinkName, Status};
use crate::packet::Address;
use crate::store::{Actions, By, Changes, Entry, Outbox, Reader, Recipient, Store};

/// A folder and the path of a database in it, of which there is none yet.
fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state/weir.db");
    (folder, path)
}

/// An incident in which every field is set.
fn incident(id: u64, detected_us: i64) -> Incident {
    let address = |last| Address::v4([203, 0, 113, last]);
    Incident {
        id: IncidentId(id),
        class: Class::DosFlood,
        severity: Severity::High,
        status: Status::Open,
        score: Score::new(0.9876),
        weight: Weight::nats(42.1),
        pivot: address(10),
        sources: Hosts { listed: vec![address(1), Address::v6([0x20; 16])], total: 40_000 },
        targets: Hosts { listed: vec![address(10)], total: 1 },
        target_port: Some(443),
        flows: 12,
        packets: 3_456,
        bytes: 789_000,
        first_us: detected_us - 10,
        last_us: detected_us + 10,
        detected_us,
        resolved_us: None,
        reopened: 0,
        acknowledged: None,
        resolved_by: None,
        feedback: None,
        muted_by: None,
        related: Vec::new(),
        why: vec![Reason { feature: "Flow Pkts/s".into(), text: "900 a second, usually 3".into() }],
        flow_ids: vec![FlowId(u64::MAX), FlowId(1)],
        names: Names::default(),
        processes: Vec::new(),
    }
}

/// Somebody who does something.
fn by() -> By {
    By { who: "ops".into(), from: "198.51.100.7".into() }
}

fn shared(incident: Incident) -> Arc<Incident> {
    Arc::new(incident)
}

/// All that works on one database, each on a connection of its own.
struct Everybody {
    store: Store,
    actions: Actions,
    outbox: Outbox,
    reader: Reader,
    path: PathBuf,
    _folder: TempDir,
}

impl Everybody {
    /// At a new database, of which `sinks` are told.
    fn telling(sinks: &[Recipient]) -> Self {
        let (folder, path) = place();
        let mut store = Store::open(&path).unwrap();
        store.tell(sinks).unwrap();
        Self {
            store,
            actions: Actions::open(&path).unwrap(),
            outbox: Outbox::open(&path).unwrap(),
            reader: Reader::open(&path).unwrap(),
            path,
            _folder: folder,
        }
    }

    fn apply(&mut self, incidents: &[Incident]) {
        let incidents = incidents.iter().cloned().map(shared).collect::<Vec<_>>();
        self.store.apply(&Changes::of(&incidents)).unwrap();
    }

    /// All that waits for `sink`.
    fn waiting(&self, sink: SinkName) -> Vec<Entry> {
        self.outbox.next(sink, i64::MAX, usize::MAX).unwrap()
    }

    /// The news that wait for `sink`, by incident.
    fn news(&self, sink: SinkName) -> Vec<(u64, News)> {
        self.waiting(sink).iter().map(|entry| (entry.incident.id.0, entry.news)).collect()
    }

    /// Takes the first entry that waits for `sink` as delivered.
    fn deliver(&mut self, sink: SinkName) -> Option<Entry> {
        let mut entries = self.outbox.next(sink, i64::MAX, 1).unwrap();
        self.outbox.delivered(&entries, None).unwrap();
        entries.pop()
    }
}

/// A sink that wants all.
const WEBHOOK: Recipient =
    Recipient { sink: SinkName::Webhook, takes_growth: true, heeds_mutes: true };

/// A sink that wants no growth.
const ALERTMANAGER: Recipient =
    Recipient { sink: SinkName::Alertmanager, takes_growth: false, heeds_mutes: true };

/// A sink that lists muted incidents too.
const FIREBASE: Recipient =
    Recipient { sink: SinkName::Firebase, takes_growth: true, heeds_mutes: false };

/// The incident after more of the same.
fn grown(mut incident: Incident) -> Incident {
    (incident.flows, incident.last_us) = (incident.flows + 1, incident.last_us + 1);
    incident
}

/// The incident over by traffic.
fn over(incident: Incident) -> Incident {
    let resolved_us = Some(incident.last_us + 60);
    Incident { status: Status::Resolved, resolved_us, ..incident }
}

/// The incident in its next life.
fn back(incident: Incident) -> Incident {
    let reopened = incident.reopened + 1;
    Incident { status: Status::Open, resolved_us: None, reopened, ..grown(incident) }
}
