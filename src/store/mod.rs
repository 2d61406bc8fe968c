//! The edge towards the database: incidents and what people make of them, what is to be told of them
//! and to whom, the accounts of the API and its signing key, and a record of who did what.
//!
//! One `SQLite` file with a write-ahead log. [`Store`] is the engine's own connection: it alone
//! writes what the traffic says, and a lock keeps a second engine out. [`Actions`] (people), [`Outbox`]
//! (who tells the sinks), [`Reader`] and [`Accounts`] have connections of their own and work beside
//! it, in this process or another. Each change is one transaction with all that follows from it: what
//! is to be told, to whom, and the audit record.
//!
//! What an incident is belongs to [`crate::incident`], when it is written and told to
//! [`crate::engine`], how it is told to [`crate::notify`]; nothing here starts a thread, and every
//! call may wait for the disk.
//!
//! What was committed is there after the process was killed, because the kernel holds it, and after
//! the machine lost power as far as the disk keeps its word: incidents are few and written in
//! batches, so every commit waits for the disk (`synchronous = FULL`).

mod account;
mod action;
mod announce;
mod apply;
mod audit;
mod baseline;
mod body;
mod database;
mod digest;
mod error;
mod lock;
mod mark;
mod mute;
mod outbox;
mod password;
mod reader;
mod retention;
mod row;
mod schema;
#[cfg(test)]
mod tests;
mod text;
mod view;

use std::path::Path;
use std::sync::Arc;

pub use account::{Accounts, Role, User, UserName};
pub use action::{Actions, By, NewMute, Which};
pub use audit::{AuditRecord, Verified};
pub use baseline::{Accepting, Forgetting, Lesson, Origin};
pub use database::give_folder;
pub use error::{Error, Said};
pub use mute::Mute;
pub use outbox::{Depth, Entry, EntryState, Outbox};
pub use password::PasswordHash;
pub use reader::{Cursor, Page, Query, Reader};
pub use retention::{Pruned, Retention};

use self::database::Database;
use self::lock::Lock;
use self::mute::Mutes;
use crate::incident::{Deed, FlowSpan, Incident, IncidentId, SinkName};

/// A sink that is told of incidents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recipient {
    /// Which.
    pub sink: SinkName,
    /// Whether it is also told that counts have grown.
    pub takes_growth: bool,
    /// Whether mutes keep incidents from it. A list of all incidents shows the muted ones as such.
    pub heeds_mutes: bool,
}

/// An event of Tetragon that touches an incident.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Witness {
    /// Which incident.
    pub incident: IncidentId,
    /// What the process did of which it tells.
    pub deed: Deed,
    /// When it happened, in µs since the epoch.
    pub at_us: i64,
    /// The whole of it, as Tetragon's JSON export has it.
    pub event: String,
}

impl Witness {
    /// How many are kept of an incident; the first ones stay. The last half of the room is for those that
    /// tell of programs that were started where it struck.
    pub const OF_AN_INCIDENT: u32 = 32;
}

/// What the engine has found, to be written at once.
#[derive(Debug, Clone, Copy, Default)]
pub struct Changes<'a> {
    /// Incidents in their newest state by traffic.
    pub incidents: &'a [Arc<Incident>],
    /// Flows of them; a later span of a flow replaces an earlier one.
    pub spans: &'a [(IncidentId, FlowSpan)],
    /// Events that touch them; those of an incident that is not in the database are left out.
    pub events: &'a [Witness],
}

impl<'a> Changes<'a> {
    /// Incidents alone.
    #[must_use]
    pub const fn of(incidents: &'a [Arc<Incident>]) -> Self {
        Self { incidents, spans: &[], events: &[] }
    }
}

/// The engine's connection, the only one that writes incidents.
#[derive(Debug)]
pub struct Store {
    database: Database,
    mutes: Mutes,
    /// Held as long as the connection is open.
    _lock: Lock,
}

impl Store {
    /// Opens the database at `path` for the only engine on it, and makes or upgrades it first where
    /// that is needed. Every page is read once, so that damage is found now and not by an incident.
    pub fn open(path: &Path) -> Result<Self, Error> {
        database::make_folder(path)?;
        let lock = Lock::take(path)?;
        let mut database = Database::open(path)?;
        schema::migrate(&mut database)?;
        database.check_pages()?;
        Ok(Self { database, mutes: Mutes::default(), _lock: lock })
    }

    /// Where the database is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.database.path
    }

    /// Says who is told from now on; those open are told to whoever was not told before, or otherwise.
    pub fn tell(&mut self, recipients: &[Recipient]) -> Result<(), Error> {
        self.database
            .write("say who is told in", |transaction| Ok(apply::tell(transaction, recipients)?))
    }

    /// Writes all of `changes` or, where it fails, none, with what is to be told of them; to write
    /// them again changes nothing. Flows of an incident that is not in the database are left out.
    pub fn apply(&mut self, changes: &Changes<'_>) -> Result<(), Error> {
        let Self { database, mutes, .. } = self;
        let written = database.write("write incidents to", |transaction| {
            Ok(apply::apply(transaction, mutes, changes)?)
        });
        if written.is_err() {
            // What was read of a transaction that is undone may never have been.
            self.mutes = Mutes::default();
        }
        written
    }
}
