//! How the database is laid out, as numbered steps from the empty file to now.
//!
//! A step that was released is never changed: what is to be different is a further step. The number
//! of steps taken is the version of a database, kept by `SQLite` in `user_version`.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::Error;
use super::database::{self, Database};
use super::lock::Lock;

/// The steps in order; the first makes version 1.
const STEPS: [&str; 5] = [
    include_str!("schema/1.sql"),
    include_str!("schema/2.sql"),
    include_str!("schema/3.sql"),
    include_str!("schema/4.sql"),
    include_str!("schema/5.sql"),
];

/// The newest version.
#[expect(clippy::cast_possible_truncation, reason = "there are a handful of steps")]
pub(super) const fn version() -> u32 {
    STEPS.len() as u32
}

/// Opens the database at `path`, and makes or upgrades it first where no engine is at work on it.
pub(super) fn open_newest(path: &Path) -> Result<Database, Error> {
    database::make_folder(path)?;
    let mut database = Database::open(path)?;
    if database.version != version() {
        let _lock = Lock::take(path)?;
        migrate(&mut database)?;
    }
    Ok(database)
}

/// Takes the steps that are missing, all or none. The caller holds the lock, or the database is as
/// new as it can be.
pub(super) fn migrate(database: &mut Database) -> Result<(), Error> {
    if database.version == version() {
        return Ok(());
    }
    let taken = take_steps(&mut database.connection);
    database.version = taken.map_err(|source| database.failed("upgrade", source))?;
    Ok(())
}

fn take_steps(connection: &mut Connection) -> rusqlite::Result<u32> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have been faster.
    let taken: u32 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    for step in STEPS.iter().skip(taken as usize) {
        transaction.execute_batch(step)?;
    }
    Database::mark(&transaction)?;
    transaction.pragma_update(None, "user_version", version())?;
    transaction.commit()?;
    Ok(version())
}
