//! Incidents as the API and other verbs read them, beside a running engine.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use rusqlite::{OptionalExtension, named_params};

use super::database::Database;
use super::{Depth, Entry, Error, Mute, row};
use crate::detect::Class;
use crate::incident::{FlowSpan, Incident, IncidentId, Marks, SinkName, Status};

/// A connection that only reads. It never waits for the engine, nor the engine for it.
#[derive(Debug)]
pub struct Reader(Database);

/// Which incidents are asked for; those that fit everything said.
#[derive(Debug, Clone, Copy, Default)]
pub struct Query {
    /// In this state of life.
    pub status: Option<Status>,
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
        let select = format!("{} WHERE id = ?1", row::SELECT);
        let found = self.0.connection.query_row(&select, [id.to_string()], row::read).optional();
        found.map_err(|source| self.0.failed("read an incident from", source))
    }

    /// Incidents that go on, and those that were over at `since_us` of packet time or later, oldest
    /// first: what an engine goes on with after a restart.
    pub fn standing_incidents(&self, since_us: i64) -> Result<Vec<Incident>, Error> {
        let read = || {
            let select = format!(
                "{} WHERE status = ?1 OR resolved_us >= ?2 ORDER BY detected_us, id",
                row::SELECT
            );
            let mut select = self.0.connection.prepare_cached(&select)?;
            select.query_map((Status::Open.name(), since_us), row::read)?.collect::<Result<_, _>>()
        };
        read().map_err(|source| self.0.failed("read open incidents from", source))
    }

    /// Which incident an id, or the beginning of one, means; none where it fits none or several.
    pub fn named(&self, prefix: &str) -> Result<Vec<IncidentId>, Error> {
        unimplemented!("{prefix}")
    }

    /// Incidents on which people or mutes have acted after the `since`th time, oldest first, and how
    /// often that was so far.
    pub fn marked(&self, since: i64) -> Result<(Vec<(IncidentId, Marks)>, i64), Error> {
        unimplemented!("{since}")
    }

    /// Flows of an incident whose packets may be found.
    pub fn spans(&self, id: IncidentId) -> Result<Vec<FlowSpan>, Error> {
        unimplemented!("{id}")
    }

    /// Mutes, the newest first; those that have ended too where `all`.
    pub fn mutes(&self, all: bool) -> Result<Vec<Mute>, Error> {
        unimplemented!("{all}")
    }

    /// Entries of the outbox after `after`, in order, at most `limit`.
    pub fn outbox(&self, after: i64, limit: usize) -> Result<Vec<Entry>, Error> {
        unimplemented!("{after} {limit}")
    }

    /// How much each sink that is told, or was, is behind.
    pub fn sinks(&self) -> Result<Vec<(SinkName, Depth)>, Error> {
        unimplemented!()
    }

    /// A number that changes when another connection has written.
    pub fn version(&self) -> Result<i64, Error> {
        unimplemented!()
    }

    fn page(&self, query: &Query) -> rusqlite::Result<Page> {
        let Query { status, class, since_us, after, limit } = query;
        // A status alone narrows the search by its index; behind `OR` it would not.
        let by_status = if status.is_some() { "status = :status" } else { ":status IS NULL" };
        let select = format!(
            "{} WHERE {by_status} AND (:class IS NULL OR class = :class) \
             AND (:since IS NULL OR last_us >= :since) AND (detected_us, id) < (:detected, :id) \
             ORDER BY detected_us DESC, id DESC LIMIT :limit",
            row::SELECT
        );
        let mut select = self.0.connection.prepare_cached(&select)?;
        let rows = select.query_map(
            named_params! {
                ":status": status.map(Status::name),
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
