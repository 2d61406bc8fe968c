//! An incident as programs are told of it: one object, wherever it is written.
//!
//! Members may be added, none is removed or changes its meaning. Later ones have names of their own
//! and are absent or null until then: `sensor`, `response` (what was done about it). `names` is a
//! list, for an address is no key in every database of JSON. `message` and `timestamp` are what older
//! clients read.
//!
//! Who reads it back ignores members that it does not know, and takes those that a list or object
//! without anything in them lost on the way (a database of JSON keeps no null and no empty list) as
//! null and empty.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::names::{Named, Names};
use super::process::{Deed, Process, ProcessSeen};
use super::record::{Hosts, Incident, Mark};
use super::time::{parse_rfc3339, rfc3339};
use crate::packet::Address;

/// One attack. Members may be added, none is removed or changes its meaning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Alert {
    /// The same in every run over the same packets.
    #[schema(example = "5f1c9a3be20d4478")]
    pub(super) id: String,
    /// All of it in a sentence, for people and for older clients.
    #[schema(
        required = true,
        example = "critical dos-flood of 192.0.2.10:80 by 203.0.113.66 (412 flows)"
    )]
    #[serde(default)]
    pub(super) message: String,
    /// What it is.
    #[schema(example = "dos-flood")]
    pub(super) class: String,
    /// The highest probability of an attack among its flows, 0 to 1 in steps of 0.0001.
    #[schema(example = 0.9871)]
    pub(super) score: f64,
    /// The most evidence that its flows had within a minute, in nats; 0 of those that an older version
    /// found.
    #[schema(required = true, example = 42.1)]
    #[serde(default)]
    pub(super) weight: f64,
    /// `low`, `medium`, `high` or `critical`.
    #[schema(example = "high")]
    pub(super) severity: String,
    /// `open`, `acknowledged` or `resolved`.
    #[schema(example = "open")]
    pub(super) status: String,
    /// The address that it is about: for a scan, a beacon, exfiltration and lateral movement who does
    /// it, else whom it is done to.
    #[schema(example = "192.0.2.10")]
    pub(super) pivot: String,
    /// Addresses that attack, in the order in which they appeared, at most 32.
    #[schema(required = true, example = json!(["203.0.113.66"]))]
    #[serde(default)]
    pub(super) sources: Vec<String>,
    /// How many different ones there are; of very many, at least so many.
    pub(super) source_count: u64,
    /// The address attacked, the first of `targets`.
    #[schema(example = "192.0.2.10", required = true, nullable)]
    pub(super) target: Option<String>,
    /// Addresses attacked, in the order in which they appeared, at most 32. Of an attack through an
    /// ingress both the ingress and the pods behind it are among them.
    #[schema(required = true, example = json!(["192.0.2.10"]))]
    #[serde(default)]
    pub(super) targets: Vec<String>,
    /// How many different ones there are; of very many, at least so many.
    pub(super) target_count: u64,
    /// The port attacked, where it is only one.
    #[schema(example = 80, required = true, nullable)]
    pub(super) target_port: Option<u16>,
    /// Different flows that alarmed.
    pub(super) flows: u64,
    /// Packets of these flows.
    pub(super) packets: u64,
    /// Transport payload of these flows in bytes.
    pub(super) bytes: u64,
    /// First packet of these flows.
    #[schema(example = "2026-11-25T08:00:00.000042Z", format = DateTime)]
    pub(super) first_packet: String,
    /// Their last packet so far.
    #[schema(format = DateTime)]
    pub(super) last_packet: String,
    /// Time of the packet by which it was noticed.
    #[schema(format = DateTime)]
    pub(super) detected_at: String,
    /// The same as `detected_at`, for older clients.
    #[schema(required = true, format = DateTime)]
    #[serde(default)]
    pub(super) timestamp: String,
    /// When it was over, by the time of packets.
    #[schema(format = DateTime, required = true, nullable)]
    pub(super) resolved_at: Option<String>,
    /// How often it came back after it had been over.
    #[schema(required = true)]
    #[serde(default)]
    pub(super) reopened: u32,
    /// Who has taken it on since it last came back.
    #[schema(required = true, nullable)]
    pub(super) acknowledged_by: Option<String>,
    /// When they did.
    #[schema(format = DateTime, required = true, nullable)]
    pub(super) acknowledged_at: Option<String>,
    /// Who has said that it is over; null where it was silent for long enough.
    #[schema(required = true, nullable)]
    pub(super) resolved_by: Option<String>,
    /// When they did, by the clock on the wall.
    #[schema(format = DateTime, required = true, nullable)]
    pub(super) resolved_by_at: Option<String>,
    /// `false` where somebody who looked says that nothing was wrong, `true` where that it was an
    /// attack; null where nobody has said anything.
    #[schema(required = true, nullable, example = "false")]
    pub(super) feedback: Option<String>,
    /// Who says so.
    #[schema(required = true, nullable)]
    pub(super) feedback_by: Option<String>,
    /// Since when, by the clock on the wall.
    #[schema(format = DateTime, required = true, nullable)]
    pub(super) feedback_at: Option<String>,
    /// Whether a mute keeps it from those who are told.
    #[schema(required = true)]
    #[serde(default)]
    pub(super) muted: bool,
    /// The number of that mute.
    #[schema(required = true, nullable)]
    pub(super) muted_by: Option<i64>,
    /// Ids of other incidents with a source or target of this one, oldest first, at most 16.
    #[schema(required = true, example = json!(["5f1c9a3be20d4479"]))]
    #[serde(default)]
    pub(super) related: Vec<String>,
    /// What moved the score, in words, most important first.
    #[schema(required = true, example = json!(["flows to the target within 10 s: 412, usually 2"]))]
    #[serde(default)]
    pub(super) why: Vec<String>,
    /// Ids of the first flows behind it, at most 256.
    #[schema(required = true)]
    #[serde(default)]
    pub(super) flow_ids: Vec<String>,
    /// What the cluster says the pivot, sources and targets are, as far as it does, at most 65, in order
    /// of addresses. Whoever had an address when it was noticed keeps it here.
    #[serde(default)]
    #[schema(value_type = Vec<Named>, required = true)]
    pub(super) names: Names,
    /// Processes that are part of it as Tetragon tells, at most 16: first those that were started in a
    /// pod that it struck, which made it a step more urgent, then those that opened or took its flows.
    #[serde(default)]
    #[schema(required = true)]
    pub(super) processes: Vec<ProcessSeenText>,
}

/// A process that is part of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AlertProcess)]
pub(super) struct ProcessSeenText {
    /// `started` in a pod that was attacked, `client` of flows, or `server` of them.
    #[schema(value_type = String, example = "started")]
    deed: Deed,
    /// When it did so first.
    #[schema(format = DateTime)]
    at: String,
    #[serde(flatten)]
    process: Process,
}

impl From<&ProcessSeen> for ProcessSeenText {
    fn from(seen: &ProcessSeen) -> Self {
        Self { deed: seen.deed, at: rfc3339(seen.at_us), process: seen.process.clone() }
    }
}

impl ProcessSeenText {
    /// The process that was written; its time is that of nothing where it is none.
    pub(super) fn seen(self) -> ProcessSeen {
        let at_us = parse_rfc3339(&self.at).unwrap_or(0);
        ProcessSeen { deed: self.deed, at_us, process: self.process }
    }
}

impl From<&Incident> for Alert {
    fn from(incident: &Incident) -> Self {
        let Incident { sources, targets, .. } = incident;
        let (acknowledged_by, acknowledged_at) = mark(incident.acknowledged.as_ref());
        let (resolved_by, resolved_by_at) = mark(incident.resolved_by.as_ref());
        let feedback = incident.feedback.as_ref();
        let (feedback_by, feedback_at) = mark(feedback.map(|(_, mark)| mark));
        Self {
            id: incident.id.to_string(),
            message: incident.sentence(),
            class: incident.class.name().to_owned(),
            score: incident.score.value(),
            weight: incident.weight.value(),
            severity: incident.severity.name().to_owned(),
            status: incident.status.name().to_owned(),
            pivot: incident.pivot.to_string(),
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
            timestamp: rfc3339(incident.detected_us),
            resolved_at: incident.resolved_us.map(rfc3339),
            reopened: incident.reopened,
            acknowledged_by,
            acknowledged_at,
            resolved_by,
            resolved_by_at,
            feedback: feedback.map(|(feedback, _)| feedback.name().to_owned()),
            feedback_by,
            feedback_at,
            muted: incident.muted_by.is_some(),
            muted_by: incident.muted_by.map(|mute| mute.0),
            related: incident.related.iter().map(ToString::to_string).collect(),
            why: incident.why.iter().map(|reason| reason.text.clone()).collect(),
            flow_ids: incident.flow_ids.iter().map(ToString::to_string).collect(),
            names: incident.names.clone(),
            processes: incident.processes.iter().map(ProcessSeenText::from).collect(),
        }
    }
}

fn addresses(hosts: &Hosts) -> Vec<String> {
    hosts.listed.iter().map(Address::to_string).collect()
}

/// Who, and when.
fn mark(mark: Option<&Mark>) -> (Option<String>, Option<String>) {
    mark.map(|Mark { by, at_us }| (by.clone(), rfc3339(*at_us))).unzip()
}

#[cfg(test)]
mod tests {
    use serde_json::{json, to_value};

    use super::*;
    use crate::detect::{Class, Reason, Score, Weight};
    use crate::flow::FlowId;
    use crate::incident::{Feedback, IncidentId, MuteId, Severity, Status};

    fn incident() -> Incident {
        let host = |number| Address::v4([192, 0, 2, number]);
        Incident {
            id: IncidentId(0xabc),
            class: Class::DosFlood,
            severity: Severity::High,
            status: Status::Acknowledged,
            score: Score::new(0.9871),
            weight: Weight::nats(42.13),
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
            reopened: 2,
            acknowledged: Some(Mark { by: "ada".into(), at_us: 1_600_000_002_000_000 }),
            resolved_by: None,
            feedback: Some((
                Feedback::False,
                Mark { by: "ada".into(), at_us: 1_600_000_002_000_000 },
            )),
            muted_by: Some(MuteId(7)),
            related: vec![IncidentId(0xdef)],
            why: vec![Reason { feature: "Dst Flows 10s".into(), text: "flows: 412".into() }],
            flow_ids: vec![FlowId(0xff)],
            names: Names::default(),
            processes: Vec::new(),
        }
    }

    #[test]
    fn an_alert_says_all_that_is_known_of_an_incident() {
        let expected = json!({
            "id": "0000000000000abc",
            "message": "high dos-flood of 192.0.2.10:80 and 69 others by 192.0.2.66 (412 flows)",
            "class": "dos-flood",
            "score": 0.9871,
            "weight": 42.13,
            "severity": "high",
            "status": "acknowledged",
            "pivot": "192.0.2.10",
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
            "timestamp": "9999-12-30T22:00:00.999999Z",
            "resolved_at": null,
            "reopened": 2,
            "acknowledged_by": "ada",
            "acknowledged_at": "2020-09-13T12:26:42.000000Z",
            "resolved_by": null,
            "resolved_by_at": null,
            "feedback": "false",
            "feedback_by": "ada",
            "feedback_at": "2020-09-13T12:26:42.000000Z",
            "muted": true,
            "muted_by": 7,
            "related": ["0000000000000def"],
            "why": ["flows: 412"],
            "flow_ids": ["00000000000000ff"],
            "names": [],
            "processes": [],
        });
        assert_eq!(to_value(Alert::from(&incident())).unwrap(), expected);
    }
}
