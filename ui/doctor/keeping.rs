//! Can incidents be kept, and the packets of their flows: the database, the evidence beside it, and
//! the disk that both are on.
//!
//! Nothing is made: a database that is not there yet is looked at through the folder that will hold
//! it, with the eyes of whom the engine becomes.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
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

/// The database of the settings, and the disk that it is or will be on.
pub(super) fn database_and_disk(settings: &Settings, environment: &Environment) -> Vec<Finding> {
    match database_path(settings, environment) {
        Ok(path) => {
            let heir = geteuid().is_root().then(|| privilege::successor(environment.invoker()));
            vec![database(&path, heir), evidence(&path, heir, settings), disk(&path)]
        }
        Err(error) => {
            let mend = "set HOME, or name a database: `--database PATH`";
            vec![Finding::fail(DATABASE, told(&error), mend)]
        }
    }
}

fn database(path: &Path, heir: Option<Invoker>) -> Finding {
    let shown = path.display();
    let opened = Reader::open(path).and_then(|reader| reader.standing_incidents(i64::MAX));
    match opened {
        Ok(_) if !may_write(path, heir) => unwritable(DATABASE, path, heir),
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

fn absent(path: &Path, heir: Option<Invoker>) -> Finding {
    let shown = path.display();
    let folder = nearest(path);
    // Root makes the last folder itself, and gives it to whom it becomes.
    let is_given = heir.is_some() && path.ancestors().nth(2).is_some_and(|above| above == folder);
    let can_be_made = access(&folder, AccessFlags::W_OK).is_ok();
    if can_be_made && (is_given || may_write(&folder, heir)) {
        return Finding::ok(DATABASE, format!("`{shown}` is not there yet; it can be made"));
    }
    unwritable(DATABASE, &folder, heir)
}

/// The folder of the packets that are kept as evidence.
fn evidence(database: &Path, heir: Option<Invoker>, settings: &Settings) -> Finding {
    if settings.evidence_mib == 0 {
        return Finding::ok(EVIDENCE, "no packets are kept: `evidence-mib` is 0");
    }
    let folder = state_folder(database).join("evidence");
    let kept = if settings.evidence_payload { "with payload" } else { "headers alone" };
    let kept = format!("at most {} MiB of packets, {kept}", settings.evidence_mib);
    if !folder.exists() {
        return Finding::ok(EVIDENCE, format!("{kept}; `{}` is not there yet", folder.display()));
    }
    if may_write(&folder, heir) {
        return Finding::ok(EVIDENCE, format!("{kept}, in `{}`", folder.display()));
    }
    unwritable(EVIDENCE, &folder, heir)
}

fn unwritable(check: &'static str, path: &Path, heir: Option<Invoker>) -> Finding {
    let shown = path.display();
    match heir {
        Some(Invoker { uid, gid }) => Finding::fail(
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

/// Whether this process may write there, or the user it is going to be.
fn may_write(path: &Path, heir: Option<Invoker>) -> bool {
    match heir {
        None => access(path, AccessFlags::W_OK).is_ok(),
        Some(heir) => path.metadata().is_ok_and(|data| is_writable_by(&data, heir)),
    }
}

fn is_writable_by(data: &Metadata, Invoker { uid, gid }: Invoker) -> bool {
    let bit = match () {
        () if data.uid() == uid => 0o200,
        () if data.gid() == gid => 0o020,
        () => 0o002,
    };
    data.mode() & bit != 0
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
    use std::os::unix::fs::PermissionsExt;

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
    fn root_asks_for_the_rights_of_whom_it_becomes() {
        let folder = tempfile::tempdir().unwrap();
        let owner = folder.path().metadata().unwrap().uid();
        let stranger = Invoker { uid: owner.wrapping_add(1), gid: u32::MAX - 1 };
        let set = |mode| fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode));
        set(0o700).unwrap();
        assert!(!may_write(folder.path(), Some(stranger)));
        assert!(may_write(folder.path(), Some(Invoker { uid: owner, gid: 1 })));
        set(0o777).unwrap();
        assert!(may_write(folder.path(), Some(stranger)));
    }
}
