//! Incidents as the API and other verbs read them, beside a running engine.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use rusqlite::named_params;

use super::database::Database;
use super::view::id;
use super::{Error, row};
use crate::detect::Class;
use crate::incident::{Incident, IncidentId, Severity, Status};

/// A connection that only reads. It never waits for the engine, nor the engine for it.
#[derive(Debug)]
pub struct Reader(pub(super) Database);

/// Which incidents are asked for; those that fit everything said.
#[derive(Debug, Clone, Copy, Default)]
pub struct Query {
    /// In this state of life.
    pub status: Option<Status>,
    /// At least so urgent.
    pub severity: Option<Severity>,
    /// Of this class.
    pub class: Option<Class>,
    /// With a packet at or after this time, in µs since the epoch.
    pub since_us: Option<i64>,
    /// Older than the one this stands for.
    pub after: Option<Cursor>,
    /// At most so many.
    pub limit: usize,
}

/// Incidents, newest first, and where the next ones begin if there are more.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Those asked for.
    pub incidents: Vec<Incident>,
    /// What to ask for next.
    pub next: Option<Cursor>,
}

/// A place between two incidents, which stays where it is when others come or change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    detected_us: i64,
    id: IncidentId,
}

impl From<&Incident> for Cursor {
    fn from(incident: &Incident) -> Self {
        Self { detected_us: incident.detected_us, id: incident.id }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.detected_us, self.id)
    }
}

/// The text is no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a cursor as it was handed out")]
pub struct NoCursor;

impl FromStr for Cursor {
    type Err = NoCursor;

    fn from_str(text: &str) -> Result<Self, NoCursor> {
        let (detected, id) = text.split_once('.').ok_or(NoCursor)?;
        let detected_us = detected.parse().map_err(|_| NoCursor)?;
        let id = u64::from_str_radix(id, 16).map_err(|_| NoCursor)?;
        Ok(Self { detected_us, id: IncidentId(id) })
    }
}

impl Reader {
    /// Opens a database that an engine has made.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Database::open_for_reading(path).map(Self)
    }

    /// Incidents that fit `query`, newest first by the time they were detected.
    pub fn incidents(&self, query: &Query) -> Result<Page, Error> {
        self.page(query).map_err(|source| self.0.failed("read incidents from", source))
    }

    /// One incident.
    pub fn incident(&self, id: IncidentId) -> Result<Option<Incident>, Error> {
        let found = row::find(&self.0.connection, id);
        found.map_err(|source| self.0.failed("read an incident from", source))
    }

    /// Incidents that go on, and those that were over at `since_us` of packet time or later, oldest
    /// first: what an engine goes on with after a restart. They come without marks, as the engine
    /// knows them, and are resolved where somebody has said so.
    pub fn standing_incidents(&self, since_us: i64) -> Result<Vec<Incident>, Error> {
        let read = || {
            let select = format!(
                "{} WHERE status IN ('open', 'acknowledged') \
                 OR coalesce(resolved_us, last_us) >= ?1 ORDER BY detected_us, id",
                *row::SELECT
            );
            let mut select = self.0.connection.prepare_cached(&select)?;
            let rows = select.query_map([since_us], row::read)?;
            rows.map(|incident| incident.map(without_marks)).collect::<Result<_, _>>()
        };
        read().map_err(|source| self.0.failed("read open incidents from", source))
    }

    /// Incidents whose id begins with `prefix`, at most 10 and none of an empty one: where it is one,
    /// that is meant.
    pub fn named(&self, prefix: &str) -> Result<Vec<IncidentId>, Error> {
        let is_prefix =
            (1..=16).contains(&prefix.len()) && prefix.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_prefix {
            return Ok(Vec::new());
        }
        // Behind every id that begins so: ids consist of digits and letters up to `f`.
        let select = "SELECT id FROM incidents WHERE id >= ?1 AND id < ?1 || 'g' \
             ORDER BY id LIMIT 10";
        self.0.read("read alerts from", |transaction| {
            let mut select = transaction.prepare_cached(select)?;
            select.query_map([prefix.to_ascii_lowercase()], |row| id(row, 0))?.collect()
        })
    }

    fn page(&self, query: &Query) -> rusqlite::Result<Page> {
        let Query { status, severity, class, since_us, after, limit } = query;
        // A status alone narrows the search by its index; behind `OR` it would not.
        let by_status = if status.is_some() { "status = :status" } else { ":status IS NULL" };
        let select = format!(
            "{} WHERE {by_status} AND (:class IS NULL OR class = :class) \
             AND (:urgency IS NULL OR urgency >= :urgency) AND (:since IS NULL OR last_us >= :since) \
             AND (detected_us, id) < (:detected, :id) \
             ORDER BY detected_us DESC, id DESC LIMIT :limit",
            *row::SELECT
        );
        let mut select = self.0.connection.prepare_cached(&select)?;
        let rows = select.query_map(
            named_params! {
                ":status": status.map(Status::name),
                ":urgency": severity.map(|severity| severity as i64),
                ":class": class.map(Class::name),
                ":since": since_us,
                ":detected": after.map_or(i64::MAX, |cursor| cursor.detected_us),
                // Behind every id, which begins with a digit or a letter up to `f`.
                ":id": after.map_or_else(|| "g".to_owned(), |cursor| cursor.id.to_string()),
                ":limit": i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX),
            },
            row::read,
        )?;
        let mut incidents = rows.collect::<Result<Vec<_>, _>>()?;
        let has_more = incidents.len() > *limit;
        incidents.truncate(*limit);
        let next = incidents.last().filter(|_| has_more).map(Cursor::from);
        Ok(Page { incidents, next })
    }
}

/// The incident by traffic, over where somebody has said so.
fn without_marks(incident: Incident) -> Incident {
    let status = match incident.status {
        Status::Open | Status::Acknowledged => Status::Open,
        Status::Resolved => Status::Resolved,
    };
    Incident {
        status,
        acknowledged: None,
        resolved_by: None,
        feedback: None,
        muted_by: None,
        ..incident
    }
}
