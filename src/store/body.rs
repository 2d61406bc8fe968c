//! An incident as JSON: the whole of it in an entry of the outbox, the lists of it in a row.

use std::net::IpAddr;

use rusqlite::types::Type;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::detect::{Class, Reason, Score, Weight};
use crate::incident::{
    Feedback, Hosts, Incident, IncidentId, Mark, MuteId, Names, ProcessSeen, Severity, Status,
};
use crate::packet::Address;

/// [`Hosts`] in JSON.
#[derive(Serialize, Deserialize)]
pub(super) struct HostsText {
    listed: Vec<IpAddr>,
    total: u64,
}

impl From<&Hosts> for HostsText {
    fn from(hosts: &Hosts) -> Self {
        Self {
            listed: hosts.listed.iter().copied().map(IpAddr::from).collect(),
            total: hosts.total,
        }
    }
}

impl From<HostsText> for Hosts {
    fn from(text: HostsText) -> Self {
        Self { listed: text.listed.into_iter().map(Address::from).collect(), total: text.total }
    }
}

/// [`Reason`] in JSON.
#[derive(Serialize, Deserialize)]
pub(super) struct ReasonText {
    feature: String,
    text: String,
}

impl From<&Reason> for ReasonText {
    fn from(Reason { feature, text }: &Reason) -> Self {
        Self { feature: feature.clone(), text: text.clone() }
    }
}

impl From<ReasonText> for Reason {
    fn from(ReasonText { feature, text }: ReasonText) -> Self {
        Self { feature, text }
    }
}

/// [`Mark`] in JSON.
#[derive(Serialize, Deserialize)]
struct MarkText {
    by: String,
    at_us: i64,
}

impl From<&Mark> for MarkText {
    fn from(Mark { by, at_us }: &Mark) -> Self {
        Self { by: by.clone(), at_us: *at_us }
    }
}

impl From<MarkText> for Mark {
    fn from(MarkText { by, at_us }: MarkText) -> Self {
        Self { by, at_us }
    }
}

/// [`Incident`] in JSON, without the ids of its flows.
#[derive(Serialize, Deserialize)]
struct Body {
    id: String,
    class: String,
    severity: String,
    status: String,
    /// In its four decimals.
    score: String,
    /// In nats; entries of earlier versions have none.
    #[serde(default)]
    weight: f64,
    pivot: IpAddr,
    sources: HostsText,
    targets: HostsText,
    target_port: Option<u16>,
    flows: u64,
    packets: u64,
    bytes: u64,
    first_us: i64,
    last_us: i64,
    detected_us: i64,
    resolved_us: Option<i64>,
    reopened: u32,
    acknowledged: Option<MarkText>,
    resolved_by: Option<MarkText>,
    #[serde(default)]
    feedback: Option<(String, MarkText)>,
    muted_by: Option<i64>,
    related: Vec<String>,
    why: Vec<ReasonText>,
    /// Entries of earlier versions have none.
    #[serde(default)]
    names: Names,
    #[serde(default)]
    processes: Vec<ProcessSeen>,
}

impl From<&Incident> for Body {
    fn from(incident: &Incident) -> Self {
        Self {
            id: incident.id.to_string(),
            class: incident.class.name().into(),
            severity: incident.severity.name().into(),
            status: incident.status.name().into(),
            score: incident.score.to_string(),
            weight: incident.weight.value(),
            pivot: incident.pivot.into(),
            sources: (&incident.sources).into(),
            targets: (&incident.targets).into(),
            target_port: incident.target_port,
            flows: incident.flows,
            packets: incident.packets,
            bytes: incident.bytes,
            first_us: incident.first_us,
            last_us: incident.last_us,
            detected_us: incident.detected_us,
            resolved_us: incident.resolved_us,
            reopened: incident.reopened,
            acknowledged: incident.acknowledged.as_ref().map(MarkText::from),
            resolved_by: incident.resolved_by.as_ref().map(MarkText::from),
            feedback: incident
                .feedback
                .as_ref()
                .map(|(said, mark)| (said.name().into(), mark.into())),
            muted_by: incident.muted_by.map(|MuteId(id)| id),
            related: incident.related.iter().map(IncidentId::to_string).collect(),
            why: incident.why.iter().map(ReasonText::from).collect(),
            names: incident.names.clone(),
            processes: incident.processes.clone(),
        }
    }
}

impl Body {
    /// The incident, or which part of it says nothing that is known.
    fn incident(self) -> Result<Incident, &'static str> {
        let id = |hex: &str| u64::from_str_radix(hex, 16).map(IncidentId).map_err(|_| "id");
        Ok(Incident {
            id: id(&self.id)?,
            class: Class::named(&self.class).ok_or("class")?,
            severity: severity(&self.severity).ok_or("severity")?,
            status: Status::named(&self.status).ok_or("status")?,
            score: Score::new(self.score.parse().map_err(|_| "score")?),
            weight: Weight::nats(self.weight),
            pivot: self.pivot.into(),
            sources: self.sources.into(),
            targets: self.targets.into(),
            target_port: self.target_port,
            flows: self.flows,
            packets: self.packets,
            bytes: self.bytes,
            first_us: self.first_us,
            last_us: self.last_us,
            detected_us: self.detected_us,
            resolved_us: self.resolved_us,
            reopened: self.reopened,
            acknowledged: self.acknowledged.map(Mark::from),
            resolved_by: self.resolved_by.map(Mark::from),
            feedback: self
                .feedback
                .and_then(|(said, mark)| Some((Feedback::named(&said)?, mark.into()))),
            muted_by: self.muted_by.map(MuteId),
            related: self.related.iter().map(|hex| id(hex)).collect::<Result<_, _>>()?,
            why: self.why.into_iter().map(Reason::from).collect(),
            flow_ids: Vec::new(),
            names: self.names,
            processes: self.processes,
        })
    }
}

/// What an entry says of an incident.
pub(super) fn write(incident: &Incident) -> rusqlite::Result<String> {
    json(&Body::from(incident))
}

/// The incident that an entry tells of; `at` is the column it stands in.
pub(super) fn read(text: &str, at: usize) -> rusqlite::Result<Incident> {
    let body: Body = parsed(text, at)?;
    body.incident().map_err(|part| bad(at, format!("unknown {part}")))
}

pub(super) fn json(value: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

pub(super) fn parsed<T: DeserializeOwned>(text: &str, at: usize) -> rusqlite::Result<T> {
    serde_json::from_str(text).map_err(|error| bad(at, error))
}

pub(super) fn severity(name: &str) -> Option<Severity> {
    Severity::ALL.into_iter().find(|severity| severity.name() == name)
}

/// The column does not hold what was written to it.
pub(super) fn bad(
    at: usize,
    what: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(at, Type::Text, what.into())
}
