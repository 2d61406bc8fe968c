//! An incident as programs are told of it.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::record::{Hosts, Incident};
use crate::detect::Reason;
use crate::packet::Address;

/// One attack. Members may be added, none is removed or changes its meaning.
#[derive(Debug, Serialize, ToSchema)]
pub struct Alert {
    /// The same in every run over the same packets.
    #[schema(example = "5f1c9a3be20d4478")]
    id: String,
    /// What it is.
    #[schema(example = "dos-flood")]
    class: &'static str,
    /// `low`, `medium`, `high` or `critical`.
    #[schema(example = "high")]
    severity: &'static str,
    /// `open` or `resolved`.
    #[schema(example = "open")]
    status: &'static str,
    /// The highest anomaly score of its flows, 0 to 1.
    #[schema(example = 0.9871)]
    score: f64,
    /// Addresses that attack, in the order in which they appeared, at most 32.
    #[schema(example = json!(["203.0.113.66"]))]
    sources: Vec<String>,
    /// How many different ones there are.
    sources_total: u64,
    /// The address attacked, the first of `targets`.
    #[schema(example = "192.0.2.10", required = true, nullable)]
    target: Option<String>,
    /// Addresses attacked, in the order in which they appeared, at most 32.
    #[schema(example = json!(["192.0.2.10"]))]
    targets: Vec<String>,
    /// How many different ones there are.
    targets_total: u64,
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
    /// What moved the score, most important first.
    why: Vec<Why>,
    /// Ids of the first flows behind it, at most 256.
    flow_ids: Vec<String>,
}

/// A feature that moved the score.
#[derive(Debug, Serialize, ToSchema)]
pub struct Why {
    /// Its name in the catalogue (`weir features`).
    #[schema(example = "Flow Pkts/s")]
    feature: String,
    /// What it was and what it usually is, in words.
    text: String,
}

impl From<&Incident> for Alert {
    fn from(incident: &Incident) -> Self {
        let Incident { sources, targets, .. } = incident;
        Self {
            id: incident.id.to_string(),
            class: incident.class.name(),
            severity: incident.severity.name(),
            status: incident.status.name(),
            score: incident.score.value(),
            sources: addresses(sources),
            sources_total: sources.total,
            target: incident.target().as_ref().map(Address::to_string),
            targets: addresses(targets),
            targets_total: targets.total,
            target_port: incident.target_port,
            flows: incident.flows,
            packets: incident.packets,
            bytes: incident.bytes,
            first_packet: rfc3339(incident.first_us),
            last_packet: rfc3339(incident.last_us),
            detected_at: rfc3339(incident.detected_us),
            resolved_at: incident.resolved_us.map(rfc3339),
            why: incident.why.iter().map(Why::from).collect(),
            flow_ids: incident.flow_ids.iter().map(ToString::to_string).collect(),
        }
    }
}

impl From<&Reason> for Why {
    fn from(Reason { feature, text }: &Reason) -> Self {
        Self { feature: feature.clone(), text: text.clone() }
    }
}

fn addresses(hosts: &Hosts) -> Vec<String> {
    hosts.listed.iter().map(Address::to_string).collect()
}

/// RFC 3339 with microseconds; a time beyond all calendars is their end.
#[must_use]
pub fn rfc3339(time_us: i64) -> String {
    format!("{:.6}", Timestamp::from_microsecond(time_us).unwrap_or(Timestamp::MAX))
}
