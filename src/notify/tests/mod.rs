//! Sinks against servers of the tests' own.

mod failures;
pub(super) mod server;
mod settings;

use std::sync::Arc;

use super::Notice;
use crate::detect::{Class, Reason, Score, Weight};
use crate::incident::{
    Deed, Hosts, Incident, IncidentId, Names, News, Pivot, Process, ProcessSeen, Severity, Status,
    Who, WhoKind, Workload,
};
use crate::packet::Address;

/// An incident of `class`: one source, one target, one port.
pub(super) fn incident(class: Class) -> Incident {
    let (source, target) = (Address::v4([203, 0, 113, 66]), Address::v4([192, 0, 2, 10]));
    let pivot = match Pivot::of(class) {
        Pivot::Source => source,
        Pivot::Target => target,
    };
    Incident {
        id: IncidentId(0xabc),
        class,
        severity: Severity::High,
        status: Status::Open,
        score: Score::new(0.9871),
        weight: Weight::nats(42.1),
        pivot,
        sources: Hosts { listed: vec![source], total: 1 },
        targets: Hosts { listed: vec![target], total: 1 },
        target_port: Some(80),
        flows: 412,
        packets: 5_000,
        bytes: 1_024,
        first_us: 1_600_000_000_000_000,
        last_us: 1_600_000_060_000_000,
        detected_us: 1_600_000_001_000_000,
        resolved_us: None,
        reopened: 0,
        acknowledged: None,
        resolved_by: None,
        feedback: None,
        muted_by: None,
        related: Vec::new(),
        why: vec![Reason { feature: "Dst Flows 10s".into(), text: "flows: 412, usually 2".into() }],
        flow_ids: Vec::new(),
        names: Names::default(),
        processes: Vec::new(),
    }
}

/// A pod of a workload.
pub(super) fn who(namespace: &str, name: &str, workload: &str) -> Arc<Who> {
    Arc::new(Who {
        kind: WhoKind::Pod,
        namespace: namespace.into(),
        name: name.into(),
        workload: Some(Workload { kind: "Deployment".into(), name: workload.into() }),
        service: None,
    })
}

/// The same about a pod of `shop/web`, as the cluster says.
pub(super) fn named(mut incident: Incident) -> Incident {
    incident.names.add(incident.pivot, &who("shop", "web-7f9c", "web"));
    incident
}

/// The same with processes: a shell that was started where it struck, and who took its flows.
pub(super) fn invaded(mut incident: Incident) -> Incident {
    let process = |binary: &str, user: &str| Process {
        binary: binary.into(),
        user: user.into(),
        node: "worker-1".into(),
        ..Process::default()
    };
    let shell = Process {
        parent: "/usr/sbin/nginx".into(),
        namespace: "shop".into(),
        pod: "web-7f9c".into(),
        ..process("/bin/sh", "www-data")
    };
    let server = process("/usr/sbin/nginx", "0");
    incident.see(ProcessSeen { deed: Deed::Server, at_us: 1, process: server });
    incident.see(ProcessSeen { deed: Deed::Started, at_us: 2, process: shell });
    incident
}

/// What there is to tell of `incident`, the first time.
pub(super) fn notice(news: News, incident: &Incident) -> Notice<'_> {
    Notice { seq: 7, news, incident, stands_for: 1, handle: None }
}
