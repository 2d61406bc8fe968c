//! An incident as a row: columns for what is asked for, JSON for lists.
//!
//! What the traffic says is written here; the columns of marks belong to [`super::mark`], and are
//! read with the rest.

use std::net::IpAddr;
use std::sync::LazyLock;

use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::body::{HostsText, ReasonText, bad, json, parsed, severity};
use super::mark;
use crate::detect::{Class, Reason, Score, Weight};
use crate::flow::FlowId;
use crate::incident::{Incident, IncidentId, Names, ProcessSeen, Status};

/// What the traffic says of an incident, in the order in which it is written and read.
const COLUMNS: [&str; 23] = [
    "id",
    "class",
    "severity",
    "traffic",
    "score",
    "pivot",
    "sources",
    "targets",
    "target_port",
    "flows",
    "packets",
    "bytes",
    "first_us",
    "last_us",
    "detected_us",
    "resolved_us",
    "why",
    "flow_ids",
    "reopened",
    "related",
    "names",
    "processes",
    "weight",
];

/// Reads the columns that [`read`] takes, in its order.
pub(super) static SELECT: LazyLock<String> =
    LazyLock::new(|| format!("SELECT {}, {} FROM incidents", COLUMNS.join(", "), mark::COLUMNS));

/// Writes one incident over another state of it, and nothing where the state is the same.
static UPSERT: LazyLock<String> = LazyLock::new(|| {
    let names = COLUMNS.join(", ");
    let values = (2..COLUMNS.len() + 2).map(|at| format!("?{at}")).collect::<Vec<_>>().join(", ");
    let set = COLUMNS.map(|name| format!("{name} = excluded.{name}")).join(", ");
    let new = COLUMNS.map(|name| format!("excluded.{name}")).join(", ");
    format!(
        "INSERT INTO incidents (written_us, {names}) VALUES (?1, {values}) ON CONFLICT (id) \
         DO UPDATE SET written_us = ?1, {set} WHERE ({names}) IS NOT ({new})"
    )
});

/// Writes what the traffic says of an incident; whether that is anything new.
pub(super) fn write(
    transaction: &Transaction<'_>,
    incident: &Incident,
    now_us: i64,
) -> rusqlite::Result<bool> {
    let Incident { id, class, severity, status, score, pivot, sources, targets, .. } = incident;
    // That somebody has taken it on is a mark.
    let traffic = if *status == Status::Resolved { Status::Resolved } else { Status::Open };
    let written = transaction.prepare_cached(&UPSERT)?.execute(params![
        now_us,
        id.to_string(),
        class.name(),
        severity.name(),
        traffic.name(),
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
        json(&incident.why.iter().map(ReasonText::from).collect::<Vec<_>>())?,
        json(&incident.flow_ids.iter().map(FlowId::to_string).collect::<Vec<_>>())?,
        incident.reopened,
        json(&incident.related.iter().map(IncidentId::to_string).collect::<Vec<_>>())?,
        json(&incident.names)?,
        json(&incident.processes)?,
        incident.weight.value(),
    ])?;
    Ok(written > 0)
}

/// Reads the incident of one row of [`SELECT`], by traffic and marks.
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Incident> {
    Ok(by_traffic(row)?.marked(&mark::read(row, COLUMNS.len())?))
}

/// Reads the incident of one row of [`SELECT`], by traffic alone.
fn by_traffic(row: &Row<'_>) -> rusqlite::Result<Incident> {
    let name = |at| row.get::<_, String>(at);
    let number = |at| row.get::<_, i64>(at).map(|number| number.try_into().unwrap_or(0));
    let text = |at| Ok::<_, rusqlite::Error>(row.get_ref(at)?.as_str()?);
    let why = parsed::<Vec<ReasonText>>(text(16)?, 16)?;
    let flow_ids = parsed::<Vec<String>>(text(17)?, 17)?;
    let related = parsed::<Vec<String>>(text(19)?, 19)?;
    Ok(Incident {
        id: IncidentId(bits(&name(0)?, 0)?),
        class: Class::named(&name(1)?).ok_or_else(|| bad(1, "unknown class"))?,
        severity: severity(&name(2)?).ok_or_else(|| bad(2, "unknown severity"))?,
        status: Status::named(&name(3)?).ok_or_else(|| bad(3, "unknown status"))?,
        score: Score::new(row.get(4)?),
        weight: Weight::nats(row.get(22)?),
        pivot: name(5)?.parse::<IpAddr>().map_err(|error| bad(5, error))?.into(),
        sources: parsed::<HostsText>(text(6)?, 6)?.into(),
        targets: parsed::<HostsText>(text(7)?, 7)?.into(),
        target_port: row.get(8)?,
        flows: number(9)?,
        packets: number(10)?,
        bytes: number(11)?,
        first_us: row.get(12)?,
        last_us: row.get(13)?,
        detected_us: row.get(14)?,
        resolved_us: row.get(15)?,
        reopened: row.get(18)?,
        acknowledged: None,
        resolved_by: None,
        feedback: None,
        muted_by: None,
        related: related.iter().map(|id| bits(id, 19).map(IncidentId)).collect::<Result<_, _>>()?,
        why: why.into_iter().map(Reason::from).collect(),
        flow_ids: flow_ids.iter().map(|id| bits(id, 17).map(FlowId)).collect::<Result<_, _>>()?,
        names: parsed::<Names>(text(20)?, 20)?,
        processes: parsed::<Vec<ProcessSeen>>(text(21)?, 21)?,
    })
}

/// One incident, by traffic and marks.
pub(super) fn find(
    connection: &rusqlite::Connection,
    id: IncidentId,
) -> rusqlite::Result<Option<Incident>> {
    let select = format!("{} WHERE id = ?1", *SELECT);
    connection.prepare_cached(&select)?.query_row([id.to_string()], read).optional()
}

/// `SQLite` counts in `i64`; nothing that is counted comes near its end.
fn count(number: u64) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

/// An identity as it is written.
pub(super) fn bits(hex: &str, at: usize) -> rusqlite::Result<u64> {
    u64::from_str_radix(hex, 16).map_err(|error| bad(at, error))
}
