//! Can incidents be kept, and the packets of their flows: the database, the evidence beside it, and
//! the disk that both are on.
//!
//! Nothing is made: a database that is not there yet is looked at through the folder that will hold
//! it. Root was given up before: whoever looks has the rights of the engine.

use std::path::{Path, PathBuf};

use nix::sys::statvfs::statvfs;
use nix::unistd::{AccessFlags, access, geteuid};
use weir::capture::privilege;
use weir::settings::{Environment, Invoker, Settings, database_path, state_folder};
use weir::store::{self, Reader};

use super::finding::{Finding, told};

const DATABASE: &str = "database";
const EVIDENCE: &str = "evidence";
const DISK: &str = "disk";

/// Free space below which the operator should do something, in bytes.
const LITTLE: u64 = 1 << 30;

/// Free space below which incidents will soon not be kept, in bytes.
const TOO_LITTLE: u64 = 64 << 20;

const MEBIBYTE: u64 = 1 << 20;

/// Whom root becomes, and what it does for them before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heir {
    pub(super) user: Invoker,
    /// Whether it makes the folder of the database for them.
    is_given_folder: bool,
}

impl Heir {
    /// None where this is no root. To be asked before root is given up.
    pub(super) fn of(settings: &Settings, environment: &Environment) -> Option<Self> {
        let can_make = |path: &Path| {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
            let mut folders = path.ancestors().skip(1);
            let (folder, above) = (folders.next(), folders.next());
            !folder.is_some_and(Path::exists) && above.is_some_and(may_write)
        };
        geteuid().is_root().then(|| Self {
            user: privilege::successor(environment.invoker()),
            is_given_folder: database_path(settings, environment).is_ok_and(|path| can_make(&path)),
        })
    }
}

/// The database of the settings, and the disk that it is or will be on, as whoever keeps incidents.
pub(super) fn database_and_disk(
    settings: &Settings,
    environment: &Environment,
    heir: Option<Heir>,
) -> Vec<Finding> {
    match database_path(settings, environment) {
        Ok(path) => vec![database(&path, heir), evidence(&path, heir, settings), disk(&path)],
        Err(error) => {
            let mend = "set HOME, or name a database: `--database PATH`";
            vec![Finding::fail(DATABASE, told(&error), mend)]
        }
    }
}

fn database(path: &Path, heir: Option<Heir>) -> Finding {
    let shown = path.display();
    if path.exists() && !may_write(path) {
        return unwritable(DATABASE, path, heir);
    }
    let opened = Reader::open(path).and_then(|reader| reader.standing_incidents(i64::MAX));
    match opened {
        Ok(open) => {
            Finding::ok(DATABASE, format!("`{shown}` opens; {} incidents are open", open.len()))
        }
        Err(store::Error::Missing { .. }) => absent(path, heir),
        Err(error @ store::Error::Older { .. }) => Finding::ok(DATABASE, told(&error)),
        Err(error) => {
            let mend = match &error {
                store::Error::Newer { .. } => "start the newer weir that made it, or name another",
                store::Error::Damaged { .. } => {
                    "put it aside and start again, or bring a copy back"
                }
                _ => "name another: `--database PATH`",
            };
            Finding::fail(DATABASE, told(&error), mend)
        }
    }
}

fn absent(path: &Path, heir: Option<Heir>) -> Finding {
    let shown = path.display();
    let folder = nearest(path);
    if heir.is_some_and(|heir| heir.is_given_folder) || may_write(&folder) {
        return Finding::ok(DATABASE, format!("`{shown}` is not there yet; it can be made"));
    }
    unwritable(DATABASE, &folder, heir)
}

/// The folder of the packets that are kept as evidence.
fn evidence(database: &Path, heir: Option<Heir>, settings: &Settings) -> Finding {
    if settings.evidence_mib == 0 {
        return Finding::ok(EVIDENCE, "no packets are kept: `evidence-mib` is 0");
    }
    let folder = state_folder(database).join("evidence");
    let kept = if settings.evidence_payload { "with payload" } else { "headers alone" };
    let kept = format!("at most {} MiB of packets, {kept}", settings.evidence_mib);
    if !folder.exists() {
        return Finding::ok(EVIDENCE, format!("{kept}; `{}` is not there yet", folder.display()));
    }
    if may_write(&folder) {
        return Finding::ok(EVIDENCE, format!("{kept}, in `{}`", folder.display()));
    }
    unwritable(EVIDENCE, &folder, heir)
}

fn unwritable(check: &'static str, path: &Path, heir: Option<Heir>) -> Finding {
    let shown = path.display();
    match heir {
        Some(Heir { user: Invoker { uid, gid }, .. }) => Finding::fail(
            check,
            format!("`{shown}` cannot be written by user {uid}, whom root becomes"),
            format!("`chown {uid}:{gid} {shown}`, or name another: `--database PATH`"),
        ),
        None => Finding::fail(
            check,
            format!("`{shown}` cannot be written"),
            "change who owns it, or name another: `--database PATH`",
        ),
    }
}

/// Whether this process, no root any more, may write there.
fn may_write(path: &Path) -> bool {
    access(path, AccessFlags::W_OK).is_ok()
}

/// The innermost folder on the way to `path` that is there.
fn nearest(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let found = absolute.ancestors().skip(1).find(|folder| folder.is_dir());
    found.unwrap_or_else(|| Path::new("/")).to_owned()
}

fn disk(database: &Path) -> Finding {
    let folder = nearest(database);
    let shown = folder.display();
    match statvfs(&folder) {
        Ok(disk) => {
            let free = disk.blocks_available().saturating_mul(disk.fragment_size());
            space(free, &shown.to_string())
        }
        Err(errno) => Finding::warn(
            DISK,
            format!("how much is free at `{shown}` cannot be told: {errno}"),
            "look at its file system",
        ),
    }
}

fn space(free: u64, place: &str) -> Finding {
    let found = format!("{} MiB free at `{place}`", free / MEBIBYTE);
    let mend = format!("make room at `{place}`, or move the database: `--database PATH`");
    match free {
        ..TOO_LITTLE => Finding::fail(DISK, found, mend),
        TOO_LITTLE..LITTLE => Finding::warn(DISK, found, mend),
        LITTLE.. => Finding::ok(DISK, found),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::doctor::finding::Level;

    #[test]
    fn little_space_is_a_warning_and_hardly_any_a_failure() {
        let levels = [TOO_LITTLE - 1, TOO_LITTLE, LITTLE].map(|free| space(free, "/").level);
        assert_eq!(levels, [Level::Fail, Level::Warn, Level::Ok]);
    }

    #[test]
    fn a_database_that_is_not_there_yet_is_well_and_is_not_made() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/weir.db");
        let finding = database(&path, None);
        assert_eq!(finding.level, Level::Ok, "{finding:?}");
        assert!(fs::read_dir(folder.path()).unwrap().next().is_none());
        assert_eq!(nearest(&path), folder.path());
    }

    #[test]
    fn what_is_no_database_is_told_with_its_mend() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weir.db");
        fs::write(&path, "something else entirely, and long enough to be looked at").unwrap();
        let finding = database(&path, None);
        assert_eq!(finding.level, Level::Fail);
        assert!(finding.mend.is_some_and(|mend| mend.contains("--database")));
    }

    #[test]
    fn whom_root_becomes_is_given_the_last_folder_and_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let is_given = |path: &str| {
            let database = Some(folder.path().join(path));
            let settings = Settings { database, ..Settings::default() };
            Heir::of(&settings, &Environment::default()).map(|heir| heir.is_given_folder)
        };
        let is_root = geteuid().is_root();
        assert_eq!(is_given("a/weir.db"), is_root.then_some(true));
        assert_eq!(is_given("a/b/weir.db"), is_root.then_some(false));
        assert_eq!(is_given("weir.db"), is_root.then_some(false));
    }
}
