//! Alerts back to incidents. They come from a database that others write too: whatever they hold, they
//! are an incident within its bounds or an error.

use std::net::IpAddr;

use thiserror::Error;

use super::json::{Alert, ProcessSeenText};
use super::record::{Feedback, Hosts, Incident, IncidentId, Mark, MuteId, Severity, Status};
use super::time::parse_rfc3339;
use crate::detect::{Class, Reason, Score, Weight};
use crate::flow::FlowId;
use crate::packet::Address;

/// How many reasons are read.
const REASONS: usize = 16;

/// How much of a value is shown, in characters.
const SHOWN: usize = 64;

/// Why an alert is no incident.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AlertError {
    /// A class, severity or status of a name that there is not.
    #[error("reading an alert: there is no {member} {value:?}")]
    Name {
        /// Which member.
        member: &'static str,
        /// The beginning of its value.
        value: String,
    },
    /// What is no IP address.
    #[error("reading an alert: {member}: {value:?} is no address")]
    Address {
        /// Which member.
        member: &'static str,
        /// The beginning of its value.
        value: String,
    },
    /// What is no time by RFC 3339.
    #[error("reading an alert: {member}: {value:?} is no time by RFC 3339")]
    Time {
        /// Which member.
        member: &'static str,
        /// The beginning of its value.
        value: String,
    },
    /// What is not sixteen hexadecimal digits.
    #[error("reading an alert: {member}: {value:?} is not sixteen hexadecimal digits")]
    Id {
        /// Which member.
        member: &'static str,
        /// The beginning of its value.
        value: String,
    },
}

impl TryFrom<Alert> for Incident {
    type Error = AlertError;

    /// The incident that was written, but for the names of the features behind its reasons. Of lists
    /// that are too long the beginning is taken; who without when is left out.
    fn try_from(alert: Alert) -> Result<Self, AlertError> {
        let named = |member, value: &str| AlertError::Name { member, value: shown(value) };
        let Alert { class, severity, status, .. } = &alert;
        let ids = |member, texts: &[String], most| -> Result<Vec<u64>, AlertError> {
            texts.iter().take(most).map(|text| id(member, text)).collect()
        };
        Ok(Self {
            id: IncidentId(id("id", &alert.id)?),
            class: Class::named(class).ok_or_else(|| named("class", class))?,
            severity: Severity::named(severity).ok_or_else(|| named("severity", severity))?,
            status: Status::named(status).ok_or_else(|| named("status", status))?,
            score: score(alert.score),
            weight: Weight::nats(alert.weight),
            pivot: address("pivot", &alert.pivot)?,
            sources: hosts("sources", &alert.sources, alert.source_count)?,
            targets: hosts("targets", &alert.targets, alert.target_count)?,
            target_port: alert.target_port,
            flows: alert.flows,
            packets: alert.packets,
            bytes: alert.bytes,
            first_us: time("first_packet", &alert.first_packet)?,
            last_us: time("last_packet", &alert.last_packet)?,
            detected_us: time("detected_at", &alert.detected_at)?,
            resolved_us: moment("resolved_at", alert.resolved_at.as_ref())?,
            reopened: alert.reopened,
            acknowledged: mark(
                alert.acknowledged_by,
                moment("acknowledged_at", alert.acknowledged_at.as_ref())?,
            ),
            resolved_by: mark(
                alert.resolved_by,
                moment("resolved_by_at", alert.resolved_by_at.as_ref())?,
            ),
            feedback: alert
                .feedback
                .as_deref()
                .and_then(Feedback::named)
                .zip(mark(alert.feedback_by, moment("feedback_at", alert.feedback_at.as_ref())?)),
            muted_by: alert.muted_by.map(MuteId),
            related: ids("related", &alert.related, Self::RELATED)?
                .into_iter()
                .map(IncidentId)
                .collect(),
            why: alert.why.into_iter().take(REASONS).map(reason).collect(),
            flow_ids: ids("flow_ids", &alert.flow_ids, Self::FLOW_IDS)?
                .into_iter()
                .map(FlowId)
                .collect(),
            names: alert.names,
            processes: alert
                .processes
                .into_iter()
                .take(Self::PROCESSES)
                .map(ProcessSeenText::seen)
                .collect(),
        })
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a score is rounded to 1e-4")]
fn score(value: f64) -> Score {
    Score::new(value as f32)
}

const fn reason(text: String) -> Reason {
    Reason { feature: String::new(), text }
}

fn mark(by: Option<String>, at_us: Option<i64>) -> Option<Mark> {
    Some(Mark { by: by?, at_us: at_us? })
}

fn address(member: &'static str, text: &str) -> Result<Address, AlertError> {
    let found = text.parse::<IpAddr>().ok().map(Address::from);
    found.ok_or_else(|| AlertError::Address { member, value: shown(text) })
}

fn hosts(member: &'static str, texts: &[String], total: u64) -> Result<Hosts, AlertError> {
    let listed = texts.iter().take(Hosts::LISTED).map(|text| address(member, text));
    let listed = listed.collect::<Result<Vec<_>, _>>()?;
    Ok(Hosts { total: total.max(listed.len() as u64), listed })
}

fn time(member: &'static str, text: &str) -> Result<i64, AlertError> {
    parse_rfc3339(text).ok_or_else(|| AlertError::Time { member, value: shown(text) })
}

fn moment(member: &'static str, text: Option<&String>) -> Result<Option<i64>, AlertError> {
    text.map(|text| time(member, text)).transpose()
}

fn id(member: &'static str, text: &str) -> Result<u64, AlertError> {
    let is_id = text.len() == 16 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    let id = is_id.then(|| u64::from_str_radix(text, 16).ok()).flatten();
    id.ok_or_else(|| AlertError::Id { member, value: shown(text) })
}

fn shown(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}
