//! An incident as a row: columns for what is asked for, JSON for lists.

use std::error::Error;
use std::net::IpAddr;

use rusqlite::types::Type;
use rusqlite::{Row, Statement, params};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::detect::{Class, Reason, Score};
use crate::flow::FlowId;
use crate::incident::{Hosts, Incident, IncidentId, Severity, Status};
use crate::packet::Address;

/// Reads the columns that [`read`] takes, in its order.
pub(super) const SELECT: &str = "SELECT id, class, severity, status, score, pivot, sources, targets, \
    target_port, flows, packets, bytes, first_us, last_us, detected_us, resolved_us, why, flow_ids \
    FROM incidents";

/// Writes one incident, over an older state of it. Columns that later versions add are left alone.
pub(super) const UPSERT: &str = "INSERT INTO incidents (id, class, severity, status, score, pivot, \
    sources, targets, target_port, flows, packets, bytes, first_us, last_us, detected_us, \
    resolved_us, why, flow_ids) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18) \
    ON CONFLICT (id) DO UPDATE SET class = excluded.class, severity = excluded.severity, \
    status = excluded.status, score = excluded.score, pivot = excluded.pivot, \
    sources = excluded.sources, targets = excluded.targets, target_port = excluded.target_port, \
    flows = excluded.flows, packets = excluded.packets, bytes = excluded.bytes, \
    first_us = excluded.first_us, last_us = excluded.last_us, \
    detected_us = excluded.detected_us, resolved_us = excluded.resolved_us, why = excluded.why, \
    flow_ids = excluded.flow_ids";

/// [`Hosts`] in JSON.
#[derive(Serialize, Deserialize)]
struct HostsText {
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
struct ReasonText {
    feature: String,
    text: String,
}

/// Writes one incident through [`UPSERT`].
pub(super) fn write(upsert: &mut Statement<'_>, incident: &Incident) -> rusqlite::Result<()> {
    let Incident { id, class, severity, status, score, pivot, sources, targets, .. } = incident;
    let reason = |Reason { feature, text }: &Reason| ReasonText {
        feature: feature.clone(),
        text: text.clone(),
    };
    upsert.execute(params![
        id.to_string(),
        class.name(),
        severity.name(),
        status.name(),
        score.value(),
        pivot.to_string(),
        json(&HostsText::from(sources))?,
        json(&HostsText::from(targets))?,
        incident.target_port,
        count(incident.flows),
        count(incident.packets),
        count(incident.bytes),
        incident.first_us,
        incident.last_us,
        incident.detected_us,
        incident.resolved_us,
        json(&incident.why.iter().map(reason).collect::<Vec<_>>())?,
        json(&incident.flow_ids.iter().map(FlowId::to_string).collect::<Vec<_>>())?,
    ])?;
    Ok(())
}

/// Reads the incident of one row of [`SELECT`].
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Incident> {
    let name = |at| row.get::<_, String>(at);
    let number = |at| row.get::<_, i64>(at).map(|number| number.try_into().unwrap_or(0));
    let reason = |ReasonText { feature, text }| Reason { feature, text };
    let flow_ids = list::<Vec<String>>(row, 17)?;
    Ok(Incident {
        id: IncidentId(bits(&name(0)?, 0)?),
        class: Class::named(&name(1)?).ok_or_else(|| bad(1, "unknown class"))?,
        severity: severity(&name(2)?).ok_or_else(|| bad(2, "unknown severity"))?,
        status: Status::named(&name(3)?).ok_or_else(|| bad(3, "unknown status"))?,
        score: Score::new(row.get(4)?),
        pivot: name(5)?.parse::<IpAddr>().map_err(|error| bad(5, error))?.into(),
        sources: list::<HostsText>(row, 6)?.into(),
        targets: list::<HostsText>(row, 7)?.into(),
        target_port: row.get(8)?,
        flows: number(9)?,
        packets: number(10)?,
        bytes: number(11)?,
        first_us: row.get(12)?,
        last_us: row.get(13)?,
        detected_us: row.get(14)?,
        resolved_us: row.get(15)?,
        reopened: 0,
        acknowledged: None,
        resolved_by: None,
        muted_by: None,
        related: Vec::new(),
        why: list::<Vec<ReasonText>>(row, 16)?.into_iter().map(reason).collect(),
        flow_ids: flow_ids.iter().map(|id| bits(id, 17).map(FlowId)).collect::<Result<_, _>>()?,
    })
}

/// `SQLite` counts in `i64`; nothing that is counted comes near its end.
fn count(number: u64) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

fn json(value: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

fn list<T: DeserializeOwned>(row: &Row<'_>, at: usize) -> rusqlite::Result<T> {
    serde_json::from_str(row.get_ref(at)?.as_str()?).map_err(|error| bad(at, error))
}

fn bits(hex: &str, at: usize) -> rusqlite::Result<u64> {
    u64::from_str_radix(hex, 16).map_err(|error| bad(at, error))
}

fn severity(name: &str) -> Option<Severity> {
    Severity::ALL.into_iter().find(|severity| severity.name() == name)
}

/// The column does not hold what was written to it.
fn bad(at: usize, what: impl Into<Box<dyn Error + Send + Sync>>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(at, Type::Text, what.into())
}
