//! An incident as programs are told of it: one object, wherever it is written.
//!
//! Members may be added, none is removed or changes its meaning. Later ones have names of their own
//! and are absent or null until then: `sensor`, `acknowledged_by`, `response` (what was done about
//! it), `names` (what the addresses are called in the cluster).

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::record::{Hosts, Incident};
use crate::packet::Address;

/// One attack. Members may be added, none is removed or changes its meaning.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Alert {
    /// The same in every run over the same packets.
    #[schema(example = "5f1c9a3be20d4478")]
    id: String,
    /// What it is.
    #[schema(example = "dos-flood")]
    class: &'static str,
    /// The highest anomaly score of its flows, 0 to 1 in steps of 0.0001.
    #[schema(example = 0.9871)]
    score: f64,
    /// `low`, `medium`, `high` or `critical`.
    #[schema(example = "high")]
    severity: &'static str,
    /// `open` or `resolved`.
    #[schema(example = "open")]
    status: &'static str,
    /// Addresses that attack, in the order in which they appeared, at most 32.
    #[schema(example = json!(["203.0.113.66"]))]
    sources: Vec<String>,
    /// How many different ones there are; of very many, at least so many.
    source_count: u64,
    /// The address attacked, the first of `targets`.
    #[schema(example = "192.0.2.10", required = true, nullable)]
    target: Option<String>,
    /// Addresses attacked, in the order in which they appeared, at most 32. Of an attack through an
    /// ingress both the ingress and the pods behind it are among them.
    #[schema(example = json!(["192.0.2.10"]))]
    targets: Vec<String>,
    /// How many different ones there are; of very many, at least so many.
    target_count: u64,
    /// The port attacked, where it is only one.
    #[schema(example = 80, required = true, nullable)]
    target_port: Option<u16>,
    /// Different flows that alarmed.
    flows: u64,
    /// Packets of these flows.
    packets: u64,
    /// Transport payload of these flows in bytes.
    bytes: u64,
    /// First packet of these flows.
    #[schema(example = "2026-11-25T08:00:00.000042Z", format = DateTime)]
    first_packet: String,
    /// Their last packet so far.
    #[schema(format = DateTime)]
    last_packet: String,
    /// Time of the packet by which it was noticed.
    #[schema(format = DateTime)]
    detected_at: String,
    /// When it was over.
    #[schema(format = DateTime, required = true, nullable)]
    resolved_at: Option<String>,
    /// What moved the score, in words, most important first.
    #[schema(example = json!(["flows to the target within 10 s: 412, usually 2"]))]
    why: Vec<String>,
    /// Ids of the first flows behind it, at most 256.
    flow_ids: Vec<String>,
}

impl From<&Incident> for Alert {
    fn from(incident: &Incident) -> Self {
        let Incident { sources, targets, .. } = incident;
        Self {
            id: incident.id.to_string(),
            class: incident.class.name(),
            score: incident.score.value(),
            severity: incident.severity.name(),
            status: incident.status.name(),
            sources: addresses(sources),
            source_count: sources.total,
            target: incident.target().as_ref().map(Address::to_string),
            targets: addresses(targets),
            target_count: targets.total,
            target_port: incident.target_port,
            flows: incident.flows,
            packets: incident.packets,
            bytes: incident.bytes,
            first_packet: rfc3339(incident.first_us),
            last_packet: rfc3339(incident.last_us),
            detected_at: rfc3339(incident.detected_us),
            resolved_at: incident.resolved_us.map(rfc3339),
            why: incident.why.iter().map(|reason| reason.text.clone()).collect(),
            flow_ids: incident.flow_ids.iter().map(ToString::to_string).collect(),
        }
    }
}

fn addresses(hosts: &Hosts) -> Vec<String> {
    hosts.listed.iter().map(Address::to_string).collect()
}

/// RFC 3339 with microseconds; a time beyond all calendars is their end.
#[must_use]
pub fn rfc3339(time_us: i64) -> String {
    let end = if time_us < 0 { Timestamp::MIN } else { Timestamp::MAX };
    format!("{:.6}", Timestamp::from_microsecond(time_us).unwrap_or(end))
}

#[cfg(test)]
mod tests {
    use serde_json::{json, to_value};

    use super::*;
    use crate::detect::{Class, Reason, Score};
    use crate::flow::FlowId;
    use crate::incident::{IncidentId, Severity, Status};

    fn incident() -> Incident {
        let host = |number| Address::v4([192, 0, 2, number]);
        Incident {
            id: IncidentId(0xabc),
            class: Class::DosFlood,
            severity: Severity::High,
            status: Status::Open,
            score: Score::new(0.9871),
            pivot: host(10),
            sources: Hosts { listed: vec![host(66)], total: 1 },
            targets: Hosts { listed: vec![host(10), host(21)], total: 70 },
            target_port: Some(80),
            flows: 412,
            packets: 5_000,
            bytes: 0,
            first_us: 1_600_000_000_000_042,
            last_us: 1_600_000_001_000_000,
            detected_us: i64::MAX,
            resolved_us: None,
            reopened: 0,
            acknowledged: None,
            resolved_by: None,
            muted_by: None,
            related: Vec::new(),
            why: vec![Reason { feature: "Dst Flows 10s".into(), text: "flows: 412".into() }],
            flow_ids: vec![FlowId(0xff)],
        }
    }

    #[test]
    fn an_alert_says_all_that_is_known_of_an_incident() {
        let expected = json!({
            "id": "0000000000000abc",
            "class": "dos-flood",
            "score": 0.9871,
            "severity": "high",
            "status": "open",
            "sources": ["192.0.2.66"],
            "source_count": 1,
            "target": "192.0.2.10",
            "targets": ["192.0.2.10", "192.0.2.21"],
            "target_count": 70,
            "target_port": 80,
            "flows": 412,
            "packets": 5000,
            "bytes": 0,
            "first_packet": "2020-09-13T12:26:40.000042Z",
            "last_packet": "2020-09-13T12:26:41.000000Z",
            "detected_at": "9999-12-30T22:00:00.999999Z",
            "resolved_at": null,
            "why": ["flows: 412"],
            "flow_ids": ["00000000000000ff"],
        });
        assert_eq!(to_value(Alert::from(&incident())).unwrap(), expected);
    }
}
