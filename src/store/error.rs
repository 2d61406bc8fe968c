//! Why the database could not be opened, read or written.

use std::io;
use std::path::PathBuf;

use rusqlite::ErrorCode;

/// Why the database could not be opened, read or written, or an account not be changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder could not be made or opened.
    #[error("{doing} `{}`", path.display())]
    File {
        /// What was being done.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An engine works on the database already.
    #[error("open database `{}`: another weir works on it{}", path.display(), Process(*pid))]
    InUse {
        /// The database.
        path: PathBuf,
        /// Its process, if it has said.
        pid: Option<u32>,
    },
    /// There is no database yet.
    #[error("open database `{}`: it does not exist yet; `weir user add` makes it, and so does weir when it starts", path.display())]
    Missing {
        /// The database.
        path: PathBuf,
    },
    /// The file is something else.
    #[error("open database `{}`: it is {found}, and was left as it is", path.display())]
    NotOurs {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        found: &'static str,
    },
    /// A newer program made the database.
    #[error("open database `{}`: it has version {found}, and this weir knows versions up to {known}; it was left as it is", path.display())]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The newest version known here.
        known: u32,
    },
    /// An older program made the database, and the engine has not upgraded it yet.
    #[error("open database `{}`: it has version {found}, and {known} is needed; weir upgrades it when it starts", path.display())]
    Older {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The version needed.
        known: u32,
    },
    /// What the file holds contradicts itself.
    #[error("read database `{}`: it is damaged: {what}", path.display())]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What `SQLite` found.
        what: String,
    },
    /// The file system does not allow a write-ahead log.
    #[error("open database `{}`: its file system allows no write-ahead log, only mode `{mode}`", path.display())]
    Journal {
        /// The database.
        path: PathBuf,
        /// What is allowed.
        mode: String,
    },
    /// `SQLite` failed.
    #[error("{doing} database `{}`", path.display())]
    Sqlite {
        /// What was being done.
        doing: &'static str,
        /// The database.
        path: PathBuf,
        /// What `SQLite` said.
        source: Said,
    },
    /// A name that no user can have.
    #[error("name a user: expected 1 to 64 letters, digits, `.`, `_`, `@` and `-`")]
    Name,
    /// A password that no user can have.
    #[error(
        "set a password: expected {} to {} characters",
        super::PasswordHash::SHORTEST,
        super::PasswordHash::LONGEST
    )]
    Password,
    /// The password could not be hashed.
    #[error("hash a password")]
    Hash(#[source] argon2::password_hash::Error),
    /// The system gives no random numbers.
    #[error("draw random numbers")]
    Random(#[source] argon2::password_hash::rand_core::Error),
    /// There is no such incident.
    #[error("find alert {0}: there is none in the database")]
    NoIncident(crate::incident::IncidentId),
    /// Only what goes on can be taken on.
    #[error("acknowledge alert {0}: it is resolved")]
    Over(crate::incident::IncidentId),
    /// It is not known how much evidence it had.
    #[error(
        "accept what alert {0} was made of: an older weir found it and kept no weight of its evidence; \
         `weir baseline learn` learns it from a capture"
    )]
    NoWeight(crate::incident::IncidentId),
    /// It is not known which service it was about.
    #[error(
        "accept what alert {0} was made of: its flows are not in the database, and with them the service \
         that it was about; `weir baseline learn` learns it from a capture"
    )]
    NoPlace(crate::incident::IncidentId),
    /// More is accepted than is heeded.
    #[error(
        "accept evidence: at most {} are accepted, of classes and places together; \
         `weir baseline forget` makes room",
        crate::incident::Accepted::MOST
    )]
    FullBaseline,
    /// There is no such mute that goes on.
    #[error("end mute {0}: there is none that goes on")]
    NoMute(crate::incident::MuteId),
    /// A mute that would be none, or hide everything.
    #[error("mute alerts: {0}")]
    BadMute(String),
    /// There is no such entry.
    #[error("retry entry {0} of the outbox: it is not parked")]
    NoEntry(i64),
    /// There is a user of that name.
    #[error("add user `{0}`: there is one already")]
    Known(super::UserName),
    /// There is no user of that name.
    #[error("change user `{0}`: there is none")]
    Unknown(super::UserName),
    /// Without an admin nobody could let others in.
    #[error("remove user `{0}`: it is the last admin")]
    LastAdmin(super::UserName),
}

/// What `SQLite` said, without its cause, which only says the same again with a number.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Said(rusqlite::Error);

impl From<rusqlite::Error> for Said {
    fn from(error: rusqlite::Error) -> Self {
        Self(error)
    }
}

impl Said {
    /// The kind of failure, if it was one of the database.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        self.0.sqlite_error_code()
    }
}

/// A process in words, if it is known.
struct Process(Option<u32>);

impl std::fmt::Display for Process {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.map_or(Ok(()), |pid| write!(f, " (process {pid})"))
    }
}
