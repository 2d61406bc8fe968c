//! One engine a database: a lock that ends with the process that holds it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process;

use nix::fcntl::OFlag;

use super::Error;
use super::database::leave_to_owner;

/// The longest process number that is believed, in bytes.
const LONGEST_PID: u64 = 10;

/// The lock on a database. It stands on a file of its own beside the database, because to close the
/// database's own file would end the locks that `SQLite` holds on it.
#[derive(Debug)]
pub(super) struct Lock {
    /// The lock ends when this is closed, at the latest when the process dies.
    _file: File,
}

impl Lock {
    /// Takes the lock on the database at `path`, or says who has it.
    pub(super) fn take(path: &Path) -> Result<Self, Error> {
        let lock = beside(path);
        let failed = |doing| {
            let path = lock.clone();
            move |source| Error::File { doing, path, source }
        };
        let mut file = open(&lock).map_err(failed("open lock file"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::InUse { path: path.to_owned(), pid: pid(&file) });
            }
            Err(TryLockError::Error(source)) => return Err(failed("lock")(source)),
        }
        // A full disk must not keep the engine out: the number only helps to find the other.
        if file.set_len(0).is_ok() {
            write!(file, "{}", process::id()).ok();
        }
        Ok(Self { _file: file })
    }
}

/// Opens the lock file, and makes it first where there is none. A link in its place is refused: it
/// could lead root to any file.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600).custom_flags(OFlag::O_NOFOLLOW.bits());
    match options.create_new(true).open(path) {
        Ok(made) => leave_to_owner(path, &made).map(|()| made),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            options.create_new(false).open(path)
        }
        Err(error) => Err(error),
    }
}

/// The lock file of the database at `path`, the same by whichever name the database is called.
fn beside(path: &Path) -> PathBuf {
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    real.with_added_extension("lock")
}

/// Who holds the lock, as far as it has said.
fn pid(file: &File) -> Option<u32> {
    let mut text = String::new();
    file.take(LONGEST_PID).read_to_string(&mut text).ok()?;
    text.parse().ok()
}
