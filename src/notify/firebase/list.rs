//! The list of alerts in Firebase, as every client has written it, newest first.
//!
//! Records come as they are: those of older clients have keys that Firebase made and but few members.
//! What they mean to a reader belongs to [`crate::api`].

use std::cmp::Ordering;
use std::fmt;

use serde_json::{Map, Value};
use tokio::time::Instant;

use super::ALERTS;
use super::database::Database;
use crate::notify::Error;
use crate::notify::http::{Failure, WHOLE};
use crate::settings::{Environment, Settings};

/// The largest answer that is read.
const LARGEST: usize = 2 << 20;

/// The member that the list is sorted by.
const TIMESTAMP: &str = "timestamp";

/// Where in the list a record is: Firebase sorts by the timestamp, and by key where those are equal.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// The timestamp as it was written: a number, a text, or nothing.
    pub timestamp: Value,
    /// The key.
    pub key: String,
}

impl Place {
    /// The place of the record under `key`.
    #[must_use]
    pub fn of(key: &str, record: &Value) -> Self {
        let timestamp = record.get(TIMESTAMP).cloned().unwrap_or_default();
        Self { timestamp, key: key.into() }
    }

    /// Nulls, then false and true, then numbers, then texts (Firebase, "How query data is ordered").
    fn cmp(&self, other: &Self) -> Ordering {
        let (one, two) = (&self.timestamp, &other.timestamp);
        let of_one_kind = match (one, two) {
            (Value::Bool(one), Value::Bool(two)) => one.cmp(two),
            (Value::Number(one), Value::Number(two)) => {
                let (one, two) = (one.as_f64(), two.as_f64());
                one.partial_cmp(&two).unwrap_or(Ordering::Equal)
            }
            (Value::String(one), Value::String(two)) => one.cmp(two),
            _ => kind(one).cmp(&kind(two)),
        };
        of_one_kind.then_with(|| self.key.cmp(&other.key))
    }
}

const fn kind(timestamp: &Value) -> u8 {
    match timestamp {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) | Value::Object(_) => 4,
    }
}

/// The list of alerts in Firebase.
pub struct FirebaseList(Database);

impl fmt::Debug for FirebaseList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FirebaseList").finish_non_exhaustive()
    }
}

impl FirebaseList {
    /// The most records of one page.
    pub const MOST: usize = 256;

    /// The list in the database that the settings name, if they name one.
    pub fn new(settings: &Settings, environment: &Environment) -> Result<Option<Self>, Error> {
        Ok(Database::new(settings, environment)?.map(Self))
    }

    /// The newest records, or the newest of those behind a place, at most `limit` and
    /// [`FirebaseList::MOST`], within 15 s. Fewer mean that there are no more.
    pub async fn list(
        &self,
        before: Option<&Place>,
        limit: usize,
    ) -> Result<Vec<(String, Value)>, Error> {
        let limit = limit.clamp(1, Self::MOST);
        let deadline = Instant::now() + WHOLE;
        let mut asked = limit + usize::from(before.is_some());
        loop {
            let records = self.read(before, asked, deadline).await;
            let records = records.map_err(|failure| Error::List { why: failure.why().into() })?;
            let has_all = records.len() < asked;
            let page = page(records, before, limit);
            // Records of one and the same time may fill an answer without any that is behind.
            if has_all || page.len() == limit {
                return Ok(page);
            }
            asked *= 2;
        }
    }

    async fn read(
        &self,
        before: Option<&Place>,
        asked: usize,
        deadline: Instant,
    ) -> Result<Map<String, Value>, Failure> {
        let mut url = self.0.at(ALERTS);
        url.query_pairs_mut()
            .append_pair("orderBy", &format!("\"{TIMESTAMP}\""))
            .append_pair("limitToLast", &asked.to_string());
        if let Some(place) = before {
            url.query_pairs_mut().append_pair("endAt", &place.timestamp.to_string());
        }
        let reply = self.0.send(|| self.0.http.get(url.clone()), deadline, LARGEST).await?;
        match serde_json::from_slice(reply.body()) {
            Ok(Value::Object(records)) => Ok(records),
            // Nothing is written as null.
            Ok(Value::Null) => Ok(Map::new()),
            _ => Err(Failure::later("Firebase answered with no list of records")),
        }
    }
}

/// The newest `limit` of the records that are behind a place.
fn page(records: Map<String, Value>, before: Option<&Place>, limit: usize) -> Vec<(String, Value)> {
    let mut places: Vec<_> = records
        .into_iter()
        .filter(|(_, record)| record.is_object())
        .map(|(key, record)| (Place::of(&key, &record), record))
        .filter(|(place, _)| before.is_none_or(|before| place.cmp(before) == Ordering::Less))
        .collect();
    places.sort_by(|(one, _), (two, _)| two.cmp(one));
    places.truncate(limit);
    places.into_iter().map(|(place, record)| (place.key, record)).collect()
}
