//! The two ends of a worker: what waits for a sink, and the sink.

use std::error::Error;

use jiff::Timestamp;

use crate::incident::{Digest, Incident, SinkName, Status};
use crate::notify::{Answer, Manner, Notice, Sink};
use crate::store::{self, Cursor, Depth, Entry, Outbox, Page, Query, Reader};

/// What waits for one sink. Every call may wait for the disk.
pub(super) trait Backlog: Send + 'static {
    /// Why the database did not do it.
    type Error: Error + Send + 'static;

    /// The wall clock by which entries are dated, in µs since the epoch.
    fn now_us(&self) -> i64;

    /// The oldest entries, growth only where it was put in before `growth_before_us`.
    fn next(&self, growth_before_us: i64, limit: usize) -> Result<Vec<Entry>, Self::Error>;

    /// How much waits.
    fn depth(&self) -> Result<Depth, Self::Error>;

    /// The sink has taken them.
    fn delivered(&mut self, entries: &[Entry], handle: Option<&str>) -> Result<(), Self::Error>;

    /// It has not, and may another time.
    fn failed(&mut self, entries: &[Entry], why: &str) -> Result<(), Self::Error>;

    /// It never will.
    fn park(&mut self, entry: &Entry, why: &str) -> Result<(), Self::Error>;

    /// All that waits in one, and the last entry that it stands for.
    fn digest(&self) -> Result<Option<(Digest, i64)>, Self::Error>;

    /// The sink has taken a digest of all up to entry `through`.
    fn digested(&mut self, through: i64) -> Result<(), Self::Error>;

    /// Incidents of this status, in pages.
    fn incidents(
        &self,
        status: Status,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page, Self::Error>;
}

/// The outbox of one sink.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) sink: SinkName,
    pub(super) outbox: Outbox,
    pub(super) reader: Reader,
}

impl Backlog for Kept {
    type Error = store::Error;

    fn now_us(&self) -> i64 {
        Timestamp::now().as_microsecond()
    }

    fn next(&self, growth_before_us: i64, limit: usize) -> Result<Vec<Entry>, Self::Error> {
        self.outbox.next(self.sink, growth_before_us, limit)
    }

    fn depth(&self) -> Result<Depth, Self::Error> {
        self.outbox.depth(self.sink)
    }

    fn delivered(&mut self, entries: &[Entry], handle: Option<&str>) -> Result<(), Self::Error> {
        self.outbox.delivered(entries, handle)
    }

    fn failed(&mut self, entries: &[Entry], why: &str) -> Result<(), Self::Error> {
        self.outbox.failed(entries, why)
    }

    fn park(&mut self, entry: &Entry, why: &str) -> Result<(), Self::Error> {
        self.outbox.park(entry, why)
    }

    fn digest(&self) -> Result<Option<(Digest, i64)>, Self::Error> {
        self.outbox.digest(self.sink)
    }

    fn digested(&mut self, through: i64) -> Result<(), Self::Error> {
        self.outbox.digested(self.sink, through)
    }

    fn incidents(
        &self,
        status: Status,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page, Self::Error> {
        let status = Some(status);
        self.reader.incidents(&Query { status, after, limit, ..Query::default() })
    }
}

/// Somebody who is told.
pub(super) trait Addressee: Send + Sync + 'static {
    /// Its name.
    fn name(&self) -> SinkName;

    /// How it wants to be told.
    fn manner(&self) -> Manner;

    /// Tells it of the next changes.
    fn tell(&self, notices: &[Notice<'_>]) -> impl Future<Output = Answer> + Send;

    /// Tells it of many at once.
    fn digest(&self, digest: &Digest) -> impl Future<Output = Answer> + Send;

    /// Tells it again of what is open.
    fn repeat(&self, open: &[Incident]) -> impl Future<Output = Answer> + Send;
}

impl Addressee for Sink {
    fn name(&self) -> SinkName {
        self.name()
    }

    fn manner(&self) -> Manner {
        self.manner()
    }

    fn tell(&self, notices: &[Notice<'_>]) -> impl Future<Output = Answer> + Send {
        self.tell(notices)
    }

    fn digest(&self, digest: &Digest) -> impl Future<Output = Answer> + Send {
        self.digest(digest)
    }

    fn repeat(&self, open: &[Incident]) -> impl Future<Output = Answer> + Send {
        self.repeat(open)
    }
}
