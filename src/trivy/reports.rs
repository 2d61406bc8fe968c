//! Reports that are kept, by the digest of the image.
//!
//! A folder of files, not the database: it may be emptied at any time, is shared by all that scan, and
//! takes no room from incidents.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;

/// Files that are kept, and their bytes; the oldest go first.
const MOST: usize = 1_000;
const MOST_BYTES: u64 = 128 << 20;

/// Bytes of a report, once it is unpacked.
pub(super) const LARGEST: usize = 128 << 20;

/// What ends the name of a file.
const ENDING: &str = "json.zst";

/// Reports that are kept.
#[derive(Debug, Clone)]
pub struct Reports {
    folder: PathBuf,
}

impl Reports {
    /// Those in `folder`, which is made once there is something to keep.
    #[must_use]
    pub const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The report on the image of this digest, and when it was made in µs since the epoch.
    #[must_use]
    pub fn find(&self, digest: &str) -> Option<(Vec<u8>, i64)> {
        let file = fs::File::open(self.path(digest)?).ok()?;
        let made = Timestamp::try_from(file.metadata().ok()?.modified().ok()?).ok()?;
        let mut text = Vec::new();
        let unpacked = zstd::Decoder::new(file).ok()?;
        unpacked.take(LARGEST as u64 + 1).read_to_end(&mut text).ok()?;
        (text.len() <= LARGEST).then(|| (text, made.as_microsecond()))
    }

    /// Keeps a report, and lets the oldest go where there are too many. What is no digest is not kept.
    pub fn keep(&self, digest: &str, text: &[u8]) -> io::Result<()> {
        let Some(path) = self.path(digest) else { return Ok(()) };
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        // Two that scan the same image at once write a file each, and either is right.
        let new = path.with_extension(format!("{}.new", std::process::id()));
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(&zstd::encode_all(text, 0)?)?;
        fs::rename(&new, &path)?;
        self.prune(MOST, MOST_BYTES)
    }

    /// Removes the oldest until no more than `most` files of `bytes` together are left.
    fn prune(&self, most: usize, bytes: u64) -> io::Result<()> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let is_ours = entry.file_name().to_string_lossy().contains(".json.");
            if let Some(metadata) = entry.metadata().ok().filter(|data| is_ours && data.is_file()) {
                let made = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                files.push((made, metadata.len(), entry.path()));
            }
        }
        files.sort_unstable_by(|one, other| other.cmp(one));
        let mut total = 0;
        for (at, (_, length, path)) in files.iter().enumerate() {
            total += length;
            if at >= most || total > bytes {
                remove(path)?;
            }
        }
        Ok(())
    }

    /// The file of a digest, if it is one: its name is made of what a digest may hold alone.
    fn path(&self, digest: &str) -> Option<PathBuf> {
        let (algorithm, digits) = digest.split_once(':')?;
        let is_plain = |text: &str| {
            (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        let is_digest = is_plain(algorithm) && is_plain(digits);
        is_digest.then(|| self.folder.join(format!("{algorithm}-{digits}.{ENDING}")))
    }
}

/// Another that keeps reports may have been faster.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(number: u8) -> String {
        format!("sha256:{number:064x}")
    }

    #[test]
    fn a_report_is_found_by_its_digest() {
        let folder = tempfile::tempdir().unwrap();
        let reports = Reports::new(folder.path().join("scans"));
        assert_eq!(reports.find(&digest(1)), None);
        reports.keep(&digest(1), b"one").unwrap();
        reports.keep(&digest(1), b"another").unwrap();
        let (text, made_us) = reports.find(&digest(1)).unwrap();
        assert_eq!(text, b"another");
        let age_us = Timestamp::now().as_microsecond() - made_us;
        assert!((-1_000_000..60_000_000).contains(&age_us), "{age_us}");
        assert_eq!(reports.find(&digest(2)), None);
    }

    #[test]
    fn what_is_no_digest_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let reports = Reports::new(folder.path().to_owned());
        for digest in ["", "sha256", "sha256:../../etc/passwd", "../x:1", "sha256:1/2"] {
            reports.keep(digest, b"text").unwrap();
            assert_eq!(reports.find(digest), None, "{digest}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn the_oldest_go_first() {
        let folder = tempfile::tempdir().unwrap();
        let reports = Reports::new(folder.path().to_owned());
        for number in 1..=3 {
            reports.keep(&digest(number), b"text").unwrap();
            let age = std::time::Duration::from_secs(10 - u64::from(number));
            let file = fs::File::open(reports.path(&digest(number)).unwrap()).unwrap();
            file.set_modified(SystemTime::now() - age).unwrap();
        }
        reports.prune(2, u64::MAX).unwrap();
        let is_there = |number| reports.find(&digest(number)).is_some();
        assert_eq!([1, 2, 3].map(is_there), [false, true, true]);
        let length = fs::metadata(reports.path(&digest(3)).unwrap()).unwrap().len();
        reports.prune(2, length).unwrap();
        assert_eq!([1, 2, 3].map(is_there), [false, false, true]);
    }

    #[test]
    fn a_file_that_is_damaged_is_no_report() {
        let folder = tempfile::tempdir().unwrap();
        let reports = Reports::new(folder.path().to_owned());
        fs::write(reports.path(&digest(1)).unwrap(), "no zstd").unwrap();
        assert_eq!(reports.find(&digest(1)), None);
    }
}
