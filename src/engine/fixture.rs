//! An incident, a pod and an event for tests.

use std::sync::Arc;

use crate::detect::{Class, Score, Weight};
use crate::incident::{Hosts, Incident, IncidentId, Names, Severity, Status, Who, WhoKind};
use crate::packet::Address;
use crate::tetragon::Event;

/// An open incident that has so many flows.
pub(super) fn incident(id: u64, flows: u64) -> Arc<Incident> {
    Arc::new(Incident {
        id: IncidentId(id),
        class: Class::Scan,
        severity: Severity::Low,
        status: Status::Open,
        score: Score::ONE,
        weight: Weight::nats(42.1),
        pivot: Address::v4([10, 0, 0, 1]),
        sources: Hosts::default(),
        targets: Hosts::default(),
        target_port: None,
        flows,
        packets: 0,
        bytes: 0,
        first_us: 0,
        last_us: 0,
        detected_us: 0,
        resolved_us: None,
        reopened: 0,
        acknowledged: None,
        resolved_by: None,
        feedback: None,
        muted_by: None,
        related: Vec::new(),
        why: Vec::new(),
        flow_ids: Vec::new(),
        names: Names::default(),
        processes: Vec::new(),
    })
}

/// A pod of this name in the namespace `shop`.
pub(super) fn pod(name: &str) -> Arc<Who> {
    Arc::new(Who {
        kind: WhoKind::Pod,
        namespace: "shop".into(),
        name: name.into(),
        workload: None,
        service: None,
    })
}

/// That a program was started in a pod of the namespace `shop`.
pub(super) fn event(binary: &str) -> Event {
    let json = serde_json::json!({
        "process_exec": { "process": {
            "exec_id": "bjE6MTox", "pid": 4_711, "uid": 0, "binary": binary,
            "pod": { "namespace": "shop", "name": "web-7f9c", "container": { "name": "web" } },
        } },
        "node_name": "n1",
        "time": "2026-11-25T14:02:11.000000001Z",
    });
    Event::from_json(json.to_string().as_bytes()).unwrap()
}
