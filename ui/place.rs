//! The database's place on disk, made ready for whom the process becomes.

use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, chown};
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;
use weir::capture::privilege;
use weir::settings::{Environment, Invoker};

/// What stands beside a database: its write-ahead log, the log's index and the engine's lock.
const BESIDE: [&str; 4] = ["", "-wal", "-shm", ".lock"];

/// The folder or a file of the database could not be given to whom the process becomes.
#[derive(Debug, thiserror::Error)]
#[error("make `{}` ready for a process without root", path.display())]
pub(crate) struct Error {
    path: PathBuf,
    source: io::Error,
}

/// Makes the folder of `database` where it is missing. What root owns there is given to whom root
/// becomes, so that the database can be written without privileges; to be called before that.
pub(crate) fn hand_over(database: &Path, environment: &Environment) -> Result<(), Error> {
    if !geteuid().is_root() {
        return Ok(());
    }
    let heir = privilege::successor(environment.invoker());
    if let Some(folder) = database.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        make(folder, heir).map_err(|source| Error { path: folder.into(), source })?;
    }
    for end in BESIDE {
        let mut path = database.as_os_str().to_owned();
        path.push(end);
        let path = PathBuf::from(path);
        give(&path, heir).map_err(|source| Error { path, source })?;
    }
    Ok(())
}

/// A folder that was there before keeps its owner: it may hold other things.
fn make(folder: &Path, heir: Invoker) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => chown(folder, Some(heir.uid), Some(heir.gid)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            if let Some(parent) = folder.parent() {
                make(parent, heir)?;
            }
            make(folder, heir)
        }
        Err(error) => Err(error),
    }
}

/// A file of root's own, and no link, changes hands.
fn give(path: &Path, heir: Invoker) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(data) if data.is_file() && data.uid() == 0 => {
            chown(path, Some(heir.uid), Some(heir.gid))
        }
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}
