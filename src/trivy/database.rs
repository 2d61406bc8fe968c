//! The database of vulnerabilities, as far as Weir looks at it.
//!
//! Trivy makes an empty one where its file is missing and its `metadata.json` is not, and finds nothing in
//! it: every image would be clean.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Deserialize;

use super::{Error, Options};
use crate::posture::image::ImageName;

/// Pages of a database without anything in it, as bbolt makes it.
const EMPTY_PAGES: u64 = 4;

/// Bytes of a page, where the file does not say otherwise: as many as those of the machine's memory have.
const PAGE: u64 = 4_096;

/// Where bbolt writes how many a page has: after the head of the first page, a mark and a version.
const MARK: usize = 16;
const IS_BBOLT: u32 = 0xED0C_DAED;
const PAGE_AT: usize = 24;

/// Bytes of the file that says how old it is; it has some 150.
const LONGEST: u64 = 64 << 10;

/// When it is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// Before Trivy was called, which may fetch one.
    Before,
    /// After it has done its part.
    After,
}

/// An error where Trivy would look, or has looked, into nothing.
pub(super) fn check(options: &Options, image: &ImageName, when: When) -> Result<(), Error> {
    let Some(folder) = folder(options) else { return Ok(()) };
    let is_offline = options.is_offline;
    let path = folder.join("trivy.db");
    let length = fs::metadata(&path).map(|file| file.len());
    let is_empty = |length: u64| length <= EMPTY_PAGES * page(&path);
    let is_lost = match (when, length) {
        // Trivy itself says what it lacks where it has never had one.
        (When::Before, Err(_)) => is_offline && folder.join("metadata.json").exists(),
        (When::Before, Ok(length)) => is_offline && is_empty(length),
        (When::After, length) => length.is_ok_and(is_empty),
    };
    if !is_lost {
        return Ok(());
    }
    let why = format!("`{}` has nothing in it: remove that folder", folder.display());
    Err(Error::NoDatabase { image: image.clone(), why, is_offline })
}

/// When it was made, in µs since the epoch; none where that is unknown.
pub(super) fn made_us(options: &Options) -> Option<i64> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Metadata {
        updated_at: Timestamp,
    }
    let path = folder(options)?.join("metadata.json");
    let text = beginning(&path, LONGEST)?;
    let metadata: Metadata = serde_json::from_slice(&text).ok()?;
    Some(metadata.updated_at.as_microsecond())
}

/// Where it is; none where a server has it, or nobody knows.
fn folder(options: &Options) -> Option<PathBuf> {
    let Options { server: None, cache: Some(cache), .. } = options else { return None };
    Some(cache.join("db"))
}

/// Bytes of a page of this database.
fn page(path: &Path) -> u64 {
    let head = beginning(path, 64).unwrap_or_default();
    let word = |at: usize| {
        let bytes = head.get(at..)?.first_chunk::<4>()?;
        Some(u32::from_ne_bytes(*bytes))
    };
    let said = word(PAGE_AT).filter(|_| word(MARK) == Some(IS_BBOLT));
    said.map_or(PAGE, u64::from)
}

/// The first bytes of a file.
fn beginning(path: &Path, most: u64) -> Option<Vec<u8>> {
    // Opening what is no file may wait for ever.
    fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    let mut text = Vec::new();
    fs::File::open(path).ok()?.take(most).read_to_end(&mut text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_as_long_as_the_database_says() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trivy.db");
        assert_eq!(page(&path), PAGE);
        let mut head = vec![0; 64];
        fs::write(&path, &head).unwrap();
        assert_eq!(page(&path), PAGE);
        head[MARK..MARK + 4].copy_from_slice(&IS_BBOLT.to_ne_bytes());
        head[PAGE_AT..PAGE_AT + 4].copy_from_slice(&65_536_u32.to_ne_bytes());
        fs::write(&path, &head).unwrap();
        assert_eq!(page(&path), 65_536);
    }
}
