//! What is to be told, to whom, and what became of it.

use std::path::Path;
use std::sync::Arc;

use super::Error;
use super::database::Database;
use crate::incident::{Digest, Incident, News, SinkName};

/// Whether an entry is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryState {
    /// It is, as soon as the sink takes it.
    Waiting,
    /// The sink has refused it for good, or refused an earlier one of the same incident.
    Parked,
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

/// A connection that empties the outbox. It works beside the engine's own.
#[derive(Debug)]
pub struct Outbox(Database);

impl Outbox {
    /// Opens a database that an engine has made.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Database::open(path).map(Self)
    }

    /// The oldest entries that `sink` is to be told of, in order, at most `limit`; growth only where
    /// it was put in before `growth_before_us` of the wall clock.
    pub fn next(
        &self,
        sink: SinkName,
        growth_before_us: i64,
        limit: usize,
    ) -> Result<Vec<Entry>, Error> {
        unimplemented!("{sink:?} {growth_before_us} {limit}")
    }

    /// How much `sink` is behind.
    pub fn depth(&self, sink: SinkName) -> Result<Depth, Error> {
        unimplemented!("{sink:?}")
    }

    /// The sink has taken `entries`, all of one sink; `handle` is what it calls its message on their
    /// incident. What has grown since they were read waits on.
    pub fn delivered(&mut self, entries: &[Entry], handle: Option<&str>) -> Result<(), Error> {
        unimplemented!("{entries:?} {handle:?}")
    }

    /// The sink has not taken `entries`, and may another time.
    pub fn failed(&mut self, entries: &[Entry], error: &str) -> Result<(), Error> {
        unimplemented!("{entries:?} {error:?}")
    }

    /// The sink has refused an entry for good: it is parked, and all that wait of its incident.
    pub fn park(&mut self, entry: &Entry, error: &str) -> Result<(), Error> {
        unimplemented!("{entry:?} {error}")
    }

    /// All that waits for `sink` in one, and the last entry that it stands for.
    pub fn digest(&self, sink: SinkName) -> Result<Option<(Digest, i64)>, Error> {
        unimplemented!("{sink:?}")
    }

    /// The sink has taken a digest of all that waited up to entry `through`.
    pub fn digested(&mut self, sink: SinkName, through: i64) -> Result<(), Error> {
        unimplemented!("{sink:?} {through}")
    }
}
