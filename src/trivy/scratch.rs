//! A folder for what Trivy unpacks, which goes with it: one that is killed leaves layers behind.

use std::fs::{self, DirBuilder, DirEntry};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use nix::unistd::geteuid;

/// How the name of such a folder begins.
const BEGINNING: &str = "weir-trivy-";

/// How old a folder is that nobody uses any more: no scan may take as long.
const OLD: Duration = Duration::from_hours(24);

/// Entries among which folders that were left are looked for, and how many of these go at once.
const LOOKED_AT: usize = 10_000;
const SWEPT: usize = 16;

/// A folder that is removed with all that is in it.
#[derive(Debug)]
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// A new one where programs keep what they need for a while (`TMPDIR`), for this user alone. What was
    /// left there long ago is removed.
    pub(super) fn make() -> io::Result<Self> {
        let place = std::env::temp_dir();
        sweep(&place, SystemTime::now());
        let path = place.join(format!("{BEGINNING}{:016x}", fastrand::u64(..)));
        // One that is there is another's.
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What a process that has just been killed still writes there is left to a later sweep.
        fs::remove_dir_all(&self.0).ok();
    }
}

/// Removes folders of this user's that a Weir which was killed has left in `place`.
fn sweep(place: &Path, now: SystemTime) {
    let Ok(entries) = fs::read_dir(place) else { return };
    let entries = entries.take(LOOKED_AT).flatten();
    for left in entries.filter(|entry| is_left(entry, now)).take(SWEPT) {
        // Links in it are removed, and not followed.
        fs::remove_dir_all(left.path()).ok();
    }
}

/// Whether it is such a folder; a link to one is none.
fn is_left(entry: &DirEntry, now: SystemTime) -> bool {
    if !entry.file_name().to_string_lossy().starts_with(BEGINNING) {
        return false;
    }
    let Ok(metadata) = entry.metadata() else { return false };
    let age = metadata.modified().ok().and_then(|made| now.duration_since(made).ok());
    metadata.is_dir() && metadata.uid() == geteuid().as_raw() && age.is_some_and(|age| age > OLD)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_was_left_long_ago_is_swept_and_nothing_else() {
        let place = tempfile::tempdir().unwrap();
        let path = |name: &str| place.path().join(name);
        for name in ["weir-trivy-0001", "another", "weir-trivy-0001/layers"] {
            fs::create_dir(path(name)).unwrap();
        }
        fs::write(path("another/file"), "").unwrap();
        fs::write(path("weir-trivy-0002"), "").unwrap();
        symlink(path("another"), path("weir-trivy-0001/link")).unwrap();
        symlink(path("another"), path("weir-trivy-0003")).unwrap();
        let now = SystemTime::now();
        sweep(place.path(), now);
        assert!(path("weir-trivy-0001/layers").exists());
        sweep(place.path(), now + OLD + Duration::from_mins(1));
        assert!(!path("weir-trivy-0001").exists());
        for name in ["another/file", "weir-trivy-0002", "weir-trivy-0003"] {
            assert!(path(name).exists(), "{name}");
        }
    }
}
