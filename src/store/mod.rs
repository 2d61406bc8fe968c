//! The edge towards the database: incidents, the accounts of the API, and its signing key.
//!
//! One `SQLite` file with a write-ahead log. [`Store`] is the engine's own connection: it alone
//! writes incidents, and a lock keeps a second engine out. [`Reader`] and [`Accounts`] have
//! connections of their own and work beside it, in this process or another. What an incident is
//! belongs to [`crate::incident`], when it is written to [`crate::engine`]; nothing here starts a
//! thread, and every call may wait for the disk.
//!
//! What was committed is there after the process was killed, because the kernel holds it, and after
//! the machine lost power as far as the disk keeps its word: incidents are few and written in
//! batches, so every commit waits for the disk (`synchronous = FULL`).

mod account;
mod database;
mod error;
mod lock;
mod password;
mod reader;
mod row;
mod schema;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, TransactionBehavior};

pub use account::{Accounts, Role, User, UserName};
pub use database::give_folder;
pub use error::{Error, Said};
pub use password::PasswordHash;
pub use reader::{Cursor, Page, Query, Reader};

use self::database::Database;
use self::lock::Lock;
use crate::incident::Incident;

/// The engine's connection, the only one that writes incidents.
#[derive(Debug)]
pub struct Store {
    database: Database,
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
        Ok(Self { database, _lock: lock })
    }

    /// Where the database is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.database.path
    }

    /// Writes all of `incidents` or, where it fails, none; to write them again changes nothing.
    pub fn apply(&mut self, incidents: &[Arc<Incident>]) -> Result<(), Error> {
        let written = write(&mut self.database.connection, incidents);
        written.map_err(|source| self.database.failed("write incidents to", source))
    }
}

fn write(connection: &mut Connection, incidents: &[Arc<Incident>]) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    {
        let mut upsert = transaction.prepare_cached(row::UPSERT)?;
        for incident in incidents {
            row::write(&mut upsert, incident)?;
        }
    }
    transaction.commit()
}
