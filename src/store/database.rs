//! A connection to the database file, made only where the file is what it should be.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, fchown, lchown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;
use nix::unistd::{AccessFlags, access, geteuid};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use super::{Error, schema};
use crate::settings::Invoker;

/// What marks a database as Weir's: `Weir` in ASCII.
const APPLICATION_ID: i32 = 0x5765_6972;

/// How long a connection waits for another one that writes.
const WAIT: Duration = Duration::from_secs(5);

/// The write-ahead log shrinks to this many bytes once its content is in the database.
const LARGEST_LOG: i64 = 8 << 20;

/// Statements that a connection keeps ready: a few more than the most that one needs.
const STATEMENTS: usize = 64;

/// Why a transaction is undone.
#[derive(Debug)]
pub(super) enum Stop {
    /// What was wanted cannot be done.
    Refused(Error),
    /// The database failed.
    Failed(rusqlite::Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error)
    }
}

/// An open database.
#[derive(Debug)]
pub(super) struct Database {
    pub(super) path: PathBuf,
    pub(super) connection: Connection,
    /// The version found; 0 where the file is empty.
    pub(super) version: u32,
}

impl Database {
    /// Opens the database for reading and writing; makes an empty one where there is none.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        make_file(path)?;
        let database = Self::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        database.prepare().map_err(|source| database.failed("open", source))?;
        database.use_log()?;
        Ok(database)
    }

    /// Opens a database that is there for reading alone.
    pub(super) fn open_for_reading(path: &Path) -> Result<Self, Error> {
        Self::connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?.of_this_version()
    }

    /// Opens a database that is there for reading and writing.
    pub(super) fn open_made(path: &Path) -> Result<Self, Error> {
        let database = Self::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?.of_this_version()?;
        database.prepare().map_err(|source| database.failed("open", source))?;
        Ok(database)
    }

    fn of_this_version(self) -> Result<Self, Error> {
        let (found, known) = (self.version, schema::version());
        if found == known { Ok(self) } else { Err(Error::Older { path: self.path, found, known }) }
    }

    /// Does `work` in one transaction: all of it or, where it stops, nothing.
    pub(super) fn write<T>(
        &mut self,
        doing: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Stop>,
    ) -> Result<T, Error> {
        let worked = || {
            let behavior = TransactionBehavior::Immediate;
            let transaction = self.connection.transaction_with_behavior(behavior)?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        };
        worked().map_err(|stop| match stop {
            Stop::Refused(error) => error,
            Stop::Failed(source) => self.failed(doing, source),
        })
    }

    /// Reads with `work` what belongs together, whoever writes meanwhile.
    pub(super) fn read<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        let read = || work(&self.connection.unchecked_transaction()?);
        read().map_err(|source| self.failed(doing, source))
    }

    /// Connects to a file that must be there, and refuses what Weir has not written, or a newer one.
    fn connect(path: &Path, mode: OpenFlags) -> Result<Self, Error> {
        let needed = if mode == OpenFlags::SQLITE_OPEN_READ_ONLY {
            AccessFlags::R_OK
        } else {
            AccessFlags::R_OK | AccessFlags::W_OK
        };
        // SQLite would only say that it is unable to open the file.
        access(path, needed).map_err(|error| match error {
            Errno::ENOENT => Error::Missing { path: path.to_owned() },
            _ => {
                Error::File { doing: "open database", path: path.to_owned(), source: error.into() }
            }
        })?;
        let flags = mode | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(|source| {
            Error::Sqlite { doing: "open", path: path.to_owned(), source: source.into() }
        })?;
        let mut database = Self { path: path.to_owned(), connection, version: 0 };
        let looked = database.look().map_err(|source| database.failed("open", source))?;
        database.version = looked.version;
        let known = schema::version();
        if looked.is_foreign() {
            return Err(Error::NotOurs {
                path: path.to_owned(),
                found: "a database of another program",
            });
        }
        if looked.version > known {
            return Err(Error::Newer { path: path.to_owned(), found: looked.version, known });
        }
        let closes = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
        let set = database.connection.set_db_config(closes, false);
        set.map_err(|source| database.failed("open", source))?;
        Ok(database)
    }

    /// What the file says it is. Should the connection be closed after that, it leaves the file alone.
    fn look(&self) -> rusqlite::Result<Looked> {
        self.connection.busy_timeout(WAIT)?;
        self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        let number = |query| self.connection.query_row(query, [], |row| row.get::<_, i32>(0));
        Ok(Looked {
            version: number("PRAGMA user_version")?.cast_unsigned(),
            application: number("PRAGMA application_id")?,
            tables: number("SELECT count(*) FROM sqlite_schema")?,
        })
    }

    fn prepare(&self) -> rusqlite::Result<()> {
        self.connection.set_prepared_statement_cache_capacity(STATEMENTS);
        self.connection.pragma_update(None, "synchronous", "FULL")?;
        self.connection.pragma_update(None, "foreign_keys", true)?;
        self.connection.pragma_update(None, "journal_size_limit", LARGEST_LOG)
    }

    fn use_log(&self) -> Result<(), Error> {
        let mode: String = self
            .connection
            .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))
            .map_err(|source| self.failed("open", source))?;
        if mode == "wal" { Ok(()) } else { Err(Error::Journal { path: self.path.clone(), mode }) }
    }

    /// Reads every page once and refuses a database that contradicts itself.
    pub(super) fn check_pages(&self) -> Result<(), Error> {
        let said: String = self
            .connection
            .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
            .map_err(|source| self.failed("read", source))?;
        if said == "ok" {
            return Ok(());
        }
        // The first line names the table, further ones the place.
        let what = said.lines().collect::<Vec<_>>().join(": ");
        Err(Error::Damaged { path: self.path.clone(), what })
    }

    /// The error for what `SQLite` said while something was being done.
    pub(super) fn failed(&self, doing: &'static str, source: rusqlite::Error) -> Error {
        let path = self.path.clone();
        match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Error::NotOurs { path, found: "no SQLite database" },
            Some(ErrorCode::DatabaseCorrupt) => Error::Damaged { path, what: source.to_string() },
            _ => Error::Sqlite { doing, path, source: source.into() },
        }
    }

    /// Marks an empty database as Weir's.
    pub(super) fn mark(connection: &Connection) -> rusqlite::Result<()> {
        connection.pragma_update(None, "application_id", APPLICATION_ID)
    }
}

/// What a database says of itself.
struct Looked {
    version: u32,
    application: i32,
    tables: i32,
}

impl Looked {
    fn is_foreign(&self) -> bool {
        let is_empty = self.application == 0 && self.version == 0 && self.tables == 0;
        self.application != APPLICATION_ID && !is_empty
    }
}

/// Makes the folder of the database for the user that root is about to become, who may not make one
/// there. Only where it is missing and what holds it is not: the rest is the administrator's. Does
/// nothing for whoever is not root.
pub fn give_folder(path: &Path, heir: Invoker) -> Result<(), Error> {
    let named = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let Some(folder) = named.filter(|_| geteuid().is_root()) else {
        return Ok(());
    };
    match DirBuilder::new().mode(0o700).create(folder) {
        // Should somebody have put a link in its place, the link is given.
        Ok(()) => lchown(folder, Some(heir.uid), Some(heir.gid)),
        Err(error) if matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::NotFound) => {
            Ok(())
        }
        Err(error) => Err(error),
    }
    .map_err(|source| Error::File { doing: "make folder", path: folder.to_owned(), source })
}

/// Makes the folder of the database for its owner alone, where there is none.
pub(super) fn make_folder(path: &Path) -> Result<(), Error> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.map_or(Ok(()), |folder| {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|source| Error::File {
            doing: "make folder",
            path: folder.to_owned(),
            source,
        })
    })
}

/// Makes an empty file for its owner alone where there is none; the files that `SQLite` puts beside
/// it take after it. One that is there is not opened: to close it again would end the locks that
/// other connections of this process hold on it.
fn make_file(path: &Path) -> Result<(), Error> {
    make_folder(path)?;
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(file) => leave_to_owner(path, &file),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
    .map_err(|source| Error::File { doing: "make database", path: path.to_owned(), source })
}

/// Gives the file at `path`, just made, to whom the folder that holds it belongs: what root does must
/// not keep out an engine that has given up root. Does nothing for whoever is not root.
pub(super) fn leave_to_owner(path: &Path, file: &File) -> io::Result<()> {
    let named = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if !geteuid().is_root() {
        return Ok(());
    }
    let owner = named.unwrap_or_else(|| Path::new(".")).metadata()?;
    fchown(file, Some(owner.uid()), Some(owner.gid()))
}
