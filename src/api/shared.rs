//! The list of alerts that several Weirs and older clients share in Firebase, one page as it is sent.
//!
//! What a Weir has written is filtered like an incident. What an older client has written has no
//! more than a message, a status and a time: it is let through where nothing else is asked for.

use std::str::FromStr;
use std::time::Duration;

use serde_json::Value;
use tokio::time::timeout;

use super::error::Problem;
use super::listing::{LARGEST, Listing, MOST_LOOKED_AT, Spot};
use crate::filter::{Filter, Subject};
use crate::incident::{Alert, Incident, parse_rfc3339};
use crate::notify::{Error, FirebaseList, Place};
use crate::store::Query;

/// How long the list may take to answer before the local one does.
const PATIENCE: Duration = Duration::from_secs(3);

/// Where a page of the shared list begins: behind the record at a place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SharedCursor(pub(super) Place);

impl std::fmt::Display for SharedCursor {
    /// Hexadecimal, because what others have written may be anything.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Place { timestamp, key } = &self.0;
        let text = Value::from(vec![timestamp.clone(), Value::from(key.as_str())]).to_string();
        f.write_str("s")?;
        text.bytes().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for SharedCursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let hex = text.strip_prefix('s').ok_or(())?.as_bytes();
        let byte = |pair: &[u8]| {
            let pair = std::str::from_utf8(pair).map_err(|_| ())?;
            u8::from_str_radix(pair, 16).map_err(|_| ())
        };
        let bytes = hex.chunks(2).map(byte).collect::<Result<Vec<_>, ()>>()?;
        let (timestamp, key) = serde_json::from_slice(&bytes).map_err(|_| ())?;
        Ok(Self(Place { timestamp, key }))
    }
}

/// Why there is no page of the shared list.
pub(super) enum Lacking {
    /// It does not answer, for this reason.
    List(String),
    /// The page cannot be made.
    Problem(Problem),
}

impl From<Error> for Lacking {
    fn from(error: Error) -> Self {
        Self::List(error.to_string())
    }
}

impl From<serde_json::Error> for Lacking {
    fn from(error: serde_json::Error) -> Self {
        Self::Problem(error.into())
    }
}

/// The first alerts of the list, behind `after`, that `query` asks for and `filter` lets through.
pub(super) async fn read(
    list: &FirebaseList,
    after: Option<SharedCursor>,
    query: &Query,
    filter: &Filter,
) -> Result<Listing, Lacking> {
    let reading = fill(list, after.map(|cursor| cursor.0), query, filter);
    timeout(PATIENCE, reading).await.unwrap_or_else(|_| {
        Err(Lacking::List(format!("no answer within {} s", PATIENCE.as_secs())))
    })
}

async fn fill(
    list: &FirebaseList,
    mut after: Option<Place>,
    query: &Query,
    filter: &Filter,
) -> Result<Listing, Lacking> {
    let mut listing = Listing::default();
    let mut looked_at = 0;
    loop {
        let records = list.list(after.as_ref(), FirebaseList::MOST).await?;
        let is_last = records.len() < FirebaseList::MOST;
        for (at, (key, record)) in records.iter().enumerate() {
            if is_asked_for(record, query, filter) {
                listing.push(&told(key, record))?;
            }
            looked_at += 1;
            let is_full = listing.alerts == query.limit || listing.json.len() >= LARGEST;
            if is_full || looked_at == MOST_LOOKED_AT {
                let has_more = !(is_last && at + 1 == records.len());
                let place = SharedCursor(Place::of(key, record));
                listing.next = has_more.then_some(Spot::Shared(place));
                return Ok(listing.closed());
            }
        }
        let Some((key, record)) = records.last().filter(|_| !is_last) else {
            return Ok(listing.closed());
        };
        after = Some(Place::of(key, record));
    }
}

/// The record with its key as its id, unless it has one.
fn told(key: &str, record: &Value) -> Value {
    let mut record = record.clone();
    if let Value::Object(members) = &mut record {
        members.entry("id").or_insert_with(|| key.into());
    }
    record
}

/// A record of an older client: it has nothing that a filter can be about.
struct Older;

impl Subject for Older {}

fn is_asked_for(record: &Value, query: &Query, filter: &Filter) -> bool {
    if !record.is_object() {
        return false;
    }
    let alert = serde_json::from_value::<Alert>(record.clone()).ok();
    match alert.and_then(|alert| Incident::try_from(alert).ok()) {
        Some(incident) => {
            query.status.is_none_or(|status| incident.status == status)
                && query.class.is_none_or(|class| incident.class == class)
                && query.severity.is_none_or(|least| incident.severity >= least)
                && query.since_us.is_none_or(|since_us| incident.last_us >= since_us)
                && filter.matches(&incident, incident.last_us)
        }
        None => {
            (query.status, query.class, query.severity) == (None, None, None)
                && query.since_us.is_none_or(|since_us| time_us(record) >= Some(since_us))
                && filter.matches(&Older, 0)
        }
    }
}

/// When an older client has written a record: RFC 3339, or a number of seconds or milliseconds.
fn time_us(record: &Value) -> Option<i64> {
    /// Seconds of later years are milliseconds of 1970.
    const LARGEST_SECOND: f64 = 1e11;
    match record.get("timestamp")? {
        Value::String(text) => parse_rfc3339(text),
        Value::Number(number) => {
            let number = number.as_f64()?;
            let us = if number.abs() < LARGEST_SECOND { number * 1e6 } else { number * 1e3 };
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a float is cut to the ends of i64"
            )]
            Some(us as i64)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_was_handed_out() {
        for (timestamp, key) in [(json!("2026-11-25T08:00:00Z"), "-Nx"), (json!(1.5), "\u{7f}é\"")]
        {
            let cursor = SharedCursor(Place { timestamp, key: key.into() });
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        for text in ["", "s", "s5", "szz", "s5b", "7.00ff", "s\u{e9}\u{e9}"] {
            assert_eq!(text.parse::<SharedCursor>(), Err(()), "{text}");
        }
    }

    #[test]
    fn a_record_of_an_older_client_is_let_through_where_only_a_time_is_asked_for() {
        let record = json!({ "message": "flood", "status": "unread", "timestamp": 1_600_000_000 });
        let all = Filter::default();
        let since = |since_us| Query { since_us: Some(since_us), ..Query::default() };
        assert!(is_asked_for(&record, &Query::default(), &all));
        assert!(is_asked_for(&record, &since(1_600_000_000_000_000), &all));
        assert!(!is_asked_for(&record, &since(1_600_000_000_000_001), &all));
        assert!(!is_asked_for(&record, &Query::default(), &Filter::parse("class:scan").unwrap()));
        let status = Query { status: Some(crate::incident::Status::Open), ..Query::default() };
        assert!(!is_asked_for(&record, &status, &all));
        assert!(!is_asked_for(&json!("unread"), &Query::default(), &all));
    }
}
