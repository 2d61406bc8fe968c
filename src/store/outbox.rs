//! What is to be told, to whom, and what became of it.
//!
//! Entries come in with what they tell of, in one transaction ([`super::announce`]). Of one incident
//! a sink is told in order, and a later entry stands for the growth that waited before it. When it is
//! told, and how often it is tried, belongs to [`crate::engine`].

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::announce::sink;
use super::body::{self, bad};
use super::database::Database;
use super::{Error, digest, text};
use crate::incident::{Digest, Incident, News, SinkName};

/// Whether an entry is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryState {
    /// It is, as soon as the sink takes it.
    Waiting,
    /// The sink has refused it for good, or refused an earlier one of the same incident.
    Parked,
}

impl EntryState {
    /// Its name everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Parked => "parked",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::Waiting, Self::Parked].into_iter().find(|state| state.name() == name)
    }
}

/// One change of an incident that a sink is to be told of.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its place in the order of all entries; never used twice.
    pub seq: i64,
    /// Who is to be told.
    pub sink: SinkName,
    /// What has happened.
    pub news: News,
    /// The incident as it was then, without the ids of its flows.
    pub incident: Arc<Incident>,
    /// Changes that it stands for: those of one incident that only grew are told as one.
    pub stands_for: u64,
    /// Whether it is to be told.
    pub state: EntryState,
    /// How often it was tried.
    pub attempts: u32,
    /// What the sink said last.
    pub error: Option<String>,
    /// When it was put in, by the wall clock, in µs since the epoch.
    pub created_us: i64,
    /// What the sink calls its message on this incident, if it has one and was told before.
    pub handle: Option<String>,
}

/// How much a sink is behind, and how it has done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Depth {
    /// Entries that wait.
    pub waiting: u64,
    /// Those of them that are more than growth.
    pub turns: u64,
    /// Entries that the sink refused, and those behind them.
    pub parked: u64,
    /// When the oldest of those that wait was put in, in µs since the epoch.
    pub oldest_us: Option<i64>,
    /// Entries delivered, ever.
    pub delivered: u64,
    /// Entries that a digest stood for, ever.
    pub digested: u64,
    /// When the sink last took something, in µs since the epoch.
    pub last_success_us: Option<i64>,
    /// What it said when it last did not, and when.
    pub last_error: Option<(i64, String)>,
}

/// Reads the columns that [`Entry::read`] takes, in its order.
pub(super) const SELECT: &str = "SELECT seq, outbox.sink, news, body, stands_for, state, attempts, \
    error, created_us, handle FROM outbox LEFT JOIN told USING (incident, sink)";

impl Entry {
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let text = |at| Ok::<_, rusqlite::Error>(row.get_ref(at)?.as_str()?);
        Ok(Self {
            seq: row.get(0)?,
            sink: sink(row, 1)?,
            news: News::named(text(2)?).ok_or_else(|| bad(2, "unknown news"))?,
            incident: Arc::new(body::read(text(3)?, 3)?),
            stands_for: row.get::<_, i64>(4)?.try_into().unwrap_or(1),
            state: EntryState::named(text(5)?).ok_or_else(|| bad(5, "unknown state"))?,
            attempts: row.get(6)?,
            error: row.get(7)?,
            created_us: row.get(8)?,
            handle: row.get(9)?,
        })
    }
}

/// A connection that empties the outbox. It works beside the engine's own.
#[derive(Debug)]
pub struct Outbox(Database);

impl Outbox {
    /// Opens a database that an engine has made.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Database::open_made(path).map(Self)
    }

    /// The oldest entries that `sink` is to be told of, in order, at most `limit`; growth only where
    /// it was put in before `growth_before_us` of the wall clock.
    pub fn next(
        &self,
        sink: SinkName,
        growth_before_us: i64,
        limit: usize,
    ) -> Result<Vec<Entry>, Error> {
        // Growth put in later than now was so before the clock was set back: it has waited enough.
        let select = format!(
            "{SELECT} WHERE outbox.sink = ?1 AND state = 'waiting' \
             AND (news <> 'grown' OR created_us < ?2 OR created_us > ?3) ORDER BY seq LIMIT ?4"
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let asked = params![sink.name(), growth_before_us, now_us(), limit];
        let read = || {
            let mut select = self.0.connection.prepare_cached(&select)?;
            select.query_map(asked, Entry::read)?.collect::<Result<_, _>>()
        };
        read().map_err(|source| self.0.failed("read the outbox of", source))
    }

    /// How much `sink` is behind.
    pub fn depth(&self, sink: SinkName) -> Result<Depth, Error> {
        self.0.read("read the outbox of", |transaction| depth(transaction, sink))
    }

    /// The sink has taken `entries`, all of one sink; `handle` is what it calls its message on their
    /// incident. What has grown since they were read waits on.
    pub fn delivered(&mut self, entries: &[Entry], handle: Option<&str>) -> Result<(), Error> {
        self.0.write("take what was delivered out of", |transaction| {
            let now_us = now_us();
            for entry in entries {
                take_out(transaction, entry, now_us)?;
                let keep = "UPDATE told SET handle = ?3 \
                     WHERE incident = ?1 AND sink = ?2 AND ?3 IS NOT NULL";
                let of = params![entry.incident.id.to_string(), entry.sink.name(), handle];
                transaction.prepare_cached(keep)?.execute(of)?;
                let count = "UPDATE recipients SET delivered = delivered + 1, \
                     last_success_us = ?2 WHERE sink = ?1";
                let of = params![entry.sink.name(), now_us];
                transaction.prepare_cached(count)?.execute(of)?;
            }
            Ok(())
        })
    }

    /// The sink has not taken `entries`, and may another time.
    pub fn failed(&mut self, entries: &[Entry], error: &str) -> Result<(), Error> {
        self.0.write("write what a sink said to", |transaction| {
            Ok(entries.iter().try_for_each(|entry| said(transaction, entry, error))?)
        })
    }

    /// The sink has refused an entry for good: it is parked, and all that wait of its incident. Where
    /// the incident has grown since the entry was read, the sink is asked again.
    pub fn park(&mut self, entry: &Entry, error: &str) -> Result<(), Error> {
        self.0.write("park an entry of", |transaction| {
            said(transaction, entry, error)?;
            let park = "UPDATE outbox SET state = 'parked' WHERE incident = ?1 AND sink = ?2 \
                 AND EXISTS (SELECT 1 FROM outbox WHERE seq = ?3)";
            let of = params![entry.incident.id.to_string(), entry.sink.name(), entry.seq];
            transaction.execute(park, of)?;
            Ok(())
        })
    }

    /// All that waits for `sink` in one, and the last entry that it stands for.
    pub fn digest(&self, sink: SinkName) -> Result<Option<(Digest, i64)>, Error> {
        self.0.read("read the outbox of", |transaction| digest::of(transaction, sink))
    }

    /// The sink has taken a digest of all that waited up to entry `through`.
    pub fn digested(&mut self, sink: SinkName, through: i64) -> Result<(), Error> {
        self.0.write("take what a digest told out of", |transaction| {
            let delete = "DELETE FROM outbox WHERE sink = ?1 AND state = 'waiting' AND seq <= ?2";
            let entries = transaction.execute(delete, params![sink.name(), through])?;
            let count = "UPDATE recipients SET digested = digested + ?2, last_success_us = ?3 \
                 WHERE sink = ?1";
            let entries = i64::try_from(entries).unwrap_or(i64::MAX);
            transaction.execute(count, params![sink.name(), entries, now_us()])?;
            Ok(())
        })
    }
}

/// Takes out an entry that was delivered. Where the incident has changed meanwhile, another stands
/// for it already and now stands for less; what has grown begins to wait.
fn take_out(transaction: &Transaction<'_>, entry: &Entry, now_us: i64) -> rusqlite::Result<()> {
    let delete = "DELETE FROM outbox WHERE seq = ?1";
    if transaction.prepare_cached(delete)?.execute([entry.seq])? > 0 {
        return Ok(());
    }
    let update = "UPDATE outbox SET stands_for = max(1, stands_for - ?4), \
         created_us = CASE news WHEN 'grown' THEN ?5 ELSE created_us END \
         WHERE seq = (SELECT min(seq) FROM outbox WHERE incident = ?1 AND sink = ?2 AND seq > ?3)";
    transaction.prepare_cached(update)?.execute(params![
        entry.incident.id.to_string(),
        entry.sink.name(),
        entry.seq,
        i64::try_from(entry.stands_for).unwrap_or(i64::MAX),
        now_us,
    ])?;
    Ok(())
}

/// Keeps what a sink said of an entry that it did not take.
fn said(transaction: &Transaction<'_>, entry: &Entry, error: &str) -> rusqlite::Result<()> {
    let error = text::plain(error, text::SAYING);
    let update = "UPDATE outbox SET attempts = attempts + 1, error = ?2 WHERE seq = ?1";
    transaction.prepare_cached(update)?.execute(params![entry.seq, error])?;
    let update = "UPDATE recipients SET last_error_us = ?2, last_error = ?3 WHERE sink = ?1";
    let of = params![entry.sink.name(), now_us(), error];
    transaction.prepare_cached(update)?.execute(of)?;
    Ok(())
}

/// How much `sink` is behind.
pub(super) fn depth(connection: &Connection, sink: SinkName) -> rusqlite::Result<Depth> {
    let number = |row: &Row<'_>, at| row.get::<_, i64>(at).map(|n| n.try_into().unwrap_or(0));
    let select = "SELECT count(*) FILTER (WHERE state = 'waiting'), \
         count(*) FILTER (WHERE state = 'waiting' AND news <> 'grown'), \
         count(*) FILTER (WHERE state = 'parked'), \
         min(created_us) FILTER (WHERE state = 'waiting') FROM outbox WHERE sink = ?1";
    let counted = |row: &Row<'_>| {
        Ok(Depth {
            waiting: number(row, 0)?,
            turns: number(row, 1)?,
            parked: number(row, 2)?,
            oldest_us: row.get(3)?,
            ..Depth::default()
        })
    };
    let counted = connection.prepare_cached(select)?.query_row([sink.name()], counted)?;
    let select = "SELECT delivered, digested, last_success_us, last_error_us, last_error \
         FROM recipients WHERE sink = ?1";
    let done = |row: &Row<'_>| {
        Ok(Depth {
            delivered: number(row, 0)?,
            digested: number(row, 1)?,
            last_success_us: row.get(2)?,
            last_error: row.get::<_, Option<_>>(3)?.zip(row.get(4)?),
            ..counted.clone()
        })
    };
    let done = connection.prepare_cached(select)?.query_row([sink.name()], done).optional()?;
    Ok(done.unwrap_or(counted))
}

fn now_us() -> i64 {
    Timestamp::now().as_microsecond()
}
