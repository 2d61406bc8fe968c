//! The ledger as JSON, version 1.

use serde::{Deserialize, Serialize};

use super::{LONGEST, Ledger, LedgerValue, ValueState};
use crate::incident::{IncidentId, parse_rfc3339, rfc3339};
use crate::respond::plan::{Operation, Owner};
use crate::respond::{Burst, Controller, Limit};

const VERSION: u64 = 1;

/// Values, and owners of a value, at most.
const MOST: usize = 32;

#[derive(Serialize, Deserialize)]
struct Written {
    version: u64,
    controller: String,
    limit: WrittenLimit,
    by: String,
    reason: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    incident: Option<String>,
    since: String,
    until: String,
    values: Vec<WrittenValue>,
}

#[derive(Serialize, Deserialize)]
struct WrittenLimit {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rps: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rpm: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    connections: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    burst: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    burst_multiplier: Option<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    allowlist: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct WrittenValue {
    field: String,
    value: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    owners: Vec<WrittenOwner>,
    state: ValueState,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WrittenOwner {
    manager: String,
    operation: Operation,
    api_version: String,
}

/// What is read first: a newer version may have other fields.
#[derive(Deserialize)]
struct Version {
    version: u64,
}

/// Reads what [`write`] has written, and nothing else.
pub(super) fn read(text: &str) -> Result<Ledger, String> {
    if text.len() > LONGEST {
        return Err(format!("it has {} bytes, and Weir writes at most {LONGEST}", text.len()));
    }
    let Version { version } =
        serde_json::from_str(text).map_err(|error| format!("it is no ledger: {error}"))?;
    if version != VERSION {
        return Err(format!("it has version {version}, and this Weir reads version {VERSION}"));
    }
    let written: Written =
        serde_json::from_str(text).map_err(|error| format!("it is no ledger: {error}"))?;
    ledger(written).ok_or_else(|| "it holds what Weir does not write".to_owned())
}

fn ledger(written: Written) -> Option<Ledger> {
    let Written { controller, limit, by, reason, incident, since, until, values, .. } = written;
    let controller = Controller::named(&controller)?;
    let incident = match incident {
        Some(text) => Some(IncidentId(u64::from_str_radix(&text, 16).ok()?)),
        None => None,
    };
    if values.len() > MOST {
        return None;
    }
    let values = values.into_iter().map(|written| value(written, controller));
    Some(Ledger {
        controller,
        limit: limit_of(limit)?,
        by,
        reason,
        incident,
        since_us: parse_rfc3339(&since)?,
        until_us: parse_rfc3339(&until)?,
        values: values.collect::<Option<_>>()?,
    })
}

fn limit_of(written: WrittenLimit) -> Option<Limit> {
    let WrittenLimit { rps, rpm, connections, burst, burst_multiplier, allowlist } = written;
    let burst = burst.map(Burst::Requests).or_else(|| burst_multiplier.map(Burst::Multiplier));
    let allowlist = allowlist.iter().map(|network| network.parse().ok());
    let allowlist = allowlist.collect::<Option<_>>()?;
    Limit { rps, rpm, connections, burst, allowlist }.checked().ok()
}

fn value(written: WrittenValue, controller: Controller) -> Option<LedgerValue> {
    let WrittenValue { field, value, previous, owners, state } = written;
    // Whoever forges a ledger must not make Weir write other fields under other names.
    if !controller.annotations().contains(&field.as_str()) || owners.len() > MOST {
        return None;
    }
    let owners = owners.into_iter().map(|owner| {
        let WrittenOwner { operation, manager, api_version } = owner;
        Owner { operation, manager, api_version }
    });
    Some(LedgerValue { field, wanted: value, previous, owners: owners.collect(), state })
}

/// The ledger as the annotation holds it.
pub(super) fn write(ledger: &Ledger) -> String {
    let Limit { rps, rpm, connections, burst, allowlist } = &ledger.limit;
    let (requests, multiplier) = match burst {
        Some(Burst::Requests(requests)) => (Some(*requests), None),
        Some(Burst::Multiplier(times)) => (None, Some(*times)),
        None => (None, None),
    };
    let owner = |owner: &Owner| WrittenOwner {
        manager: owner.manager.clone(),
        operation: owner.operation,
        api_version: owner.api_version.clone(),
    };
    let value = |value: &LedgerValue| WrittenValue {
        field: value.field.clone(),
        value: value.wanted.clone(),
        previous: value.previous.clone(),
        owners: value.owners.iter().map(owner).collect(),
        state: value.state,
    };
    let written = Written {
        version: VERSION,
        controller: ledger.controller.name().to_owned(),
        limit: WrittenLimit {
            rps: *rps,
            rpm: *rpm,
            connections: *connections,
            burst: requests,
            burst_multiplier: multiplier,
            allowlist: allowlist.iter().map(ToString::to_string).collect(),
        },
        by: ledger.by.clone(),
        reason: ledger.reason.clone(),
        incident: ledger.incident.map(|id| id.to_string()),
        since: rfc3339(ledger.since_us),
        until: rfc3339(ledger.until_us),
        values: ledger.values.iter().map(value).collect(),
    };
    // Text, numbers and lists: nothing of it can fail to be written.
    serde_json::to_string(&written).unwrap_or_default()
}
