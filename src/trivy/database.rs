//! The database of vulnerabilities, as far as Weir looks at it.
//!
//! Trivy makes an empty one where its file is missing and its `metadata.json` is not, and finds nothing in
//! it: every image would be clean.

use std::fs;

use super::{Error, Options};
use crate::posture::image::ImageName;

/// Bytes of a database without anything in it, as bbolt makes it: four pages.
const EMPTY: u64 = 4 * 4_096;

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
    let Options { server: None, cache: Some(cache), is_offline, .. } = options else {
        return Ok(());
    };
    let folder = cache.join("db");
    let length = fs::metadata(folder.join("trivy.db")).map(|file| file.len());
    let is_lost = match (when, length) {
        // Trivy itself says what it lacks where it has never had one.
        (When::Before, Err(_)) => *is_offline && folder.join("metadata.json").exists(),
        (When::Before, Ok(length)) => *is_offline && length <= EMPTY,
        (When::After, length) => length.is_ok_and(|length| length <= EMPTY),
    };
    if !is_lost {
        return Ok(());
    }
    let why = format!("`{}` has nothing in it: remove that folder", folder.display());
    Err(Error::NoDatabase { image: image.clone(), why, is_offline: *is_offline })
}
