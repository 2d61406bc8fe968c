//! What the database keeps, refuses and survives.

mod accounts;
mod crash;
mod incidents;
mod refusals;

use std::path::PathBuf;
use std::sync::Arc;

use tempfile::TempDir;

use crate::detect::{Class, Reason, Score};
use crate::flow::FlowId;
use crate::incident::{Hosts, Incident, IncidentId, Severity, Status};
use crate::packet::Address;

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
        muted_by: None,
        related: Vec::new(),
        why: vec![Reason { feature: "Flow Pkts/s".into(), text: "900 a second, usually 3".into() }],
        flow_ids: vec![FlowId(u64::MAX), FlowId(1)],
    }
}

fn shared(incident: Incident) -> Arc<Incident> {
    Arc::new(incident)
}
