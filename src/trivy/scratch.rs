//! A folder for what a call of Trivy unpacks, which goes with it: one that is killed leaves layers behind.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// A folder that is removed with all that is in it.
#[derive(Debug)]
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// A new one where programs keep what they need for a while (`TMPDIR`), for this user alone.
    pub(super) fn make() -> io::Result<Self> {
        let name = format!("weir-trivy-{:016x}", fastrand::u64(..));
        let path = std::env::temp_dir().join(name);
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
        // What a process that has just been killed still writes there is left to whoever tidies up.
        fs::remove_dir_all(&self.0).ok();
    }
}
