//! The API as a client sees it, over real connections.

mod acts;
mod alerts;
mod description;
mod events;
mod health;
mod limits;
mod login;
mod policies;
mod problems;
mod scans;
mod server;
mod shared;
mod smells;

use std::sync::Arc;

use serde_json::{Value, json};

use self::server::{Answer, Server};
use crate::detect::{Class, Reason, Score, Weight};
use crate::flow::FlowId;
use crate::incident::{Hosts, Incident, IncidentId, Names, Severity, Status};
use crate::packet::Address;

/// An incident in which every field is set.
pub(super) fn incident(id: u64) -> Incident {
    let address = |last| Address::v4([203, 0, 113, last]);
    Incident {
        id: IncidentId(id),
        class: Class::Scan,
        severity: Severity::Medium,
        status: Status::Resolved,
        score: Score::new(0.5),
        weight: Weight::nats(42.1),
        pivot: address(1),
        sources: Hosts { listed: vec![address(1)], total: 1 },
        targets: Hosts { listed: vec![address(10), address(11)], total: 70 },
        target_port: Some(22),
        flows: 70,
        packets: 140,
        bytes: 0,
        first_us: 1_600_000_000_000_042,
        last_us: 1_600_000_001_000_000,
        detected_us: 1_600_000_000_500_000,
        resolved_us: Some(1_600_000_061_000_000),
        reopened: 0,
        acknowledged: None,
        resolved_by: None,
        feedback: None,
        muted_by: None,
        related: Vec::new(),
        why: vec![Reason { feature: "Fan-out".into(), text: "70 ports, usually 1".into() }],
        flow_ids: vec![FlowId(255)],
        names: Names::default(),
        processes: Vec::new(),
    }
}

fn shared(incidents: impl IntoIterator<Item = Incident>) -> Vec<Arc<Incident>> {
    incidents.into_iter().map(Arc::new).collect()
}
