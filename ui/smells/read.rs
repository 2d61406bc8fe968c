//! Manifests from files, folders and standard input.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use weir::posture::Manifests;

use super::Error;

/// Folders in one another that are entered.
const DEEPEST: usize = 64;

/// All manifests in `paths`, in order; those of a folder by their names.
pub(super) fn all(paths: &[PathBuf]) -> Result<Manifests, Error> {
    let mut manifests = Manifests::default();
    for path in paths {
        if path == Path::new("-") {
            let bytes =
                bytes(io::stdin().lock()).map_err(|error| Error::Read(path.clone(), error))?;
            manifests.add("standard input", &bytes);
            continue;
        }
        let mut files = Vec::new();
        if path.is_dir() {
            collect(path, DEEPEST, &mut files)?;
            if files.is_empty() {
                return Err(Error::Empty(path.clone()));
            }
        } else {
            files.push(path.clone());
        }
        for file in files {
            let bytes = File::open(&file)
                .and_then(bytes)
                .map_err(|error| Error::Read(file.clone(), error))?;
            manifests.add(file.to_string_lossy(), &bytes);
        }
    }
    Ok(manifests)
}

/// What a reader gives, up to a byte more than is read of one source.
fn bytes(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(Manifests::MOST_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The files of a folder that can hold manifests. Links to folders are not followed: they may lead
/// around in a circle; nor is what is hidden, such as `.git`.
fn collect(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), Error> {
    let failed = |error| Error::Read(folder.to_owned(), error);
    let entries = fs::read_dir(folder).map_err(failed)?;
    let mut entries = entries.collect::<io::Result<Vec<_>>>().map_err(failed)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (path, kind) = (entry.path(), entry.file_type().map_err(failed)?);
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        if kind.is_dir() {
            if depth > 0 {
                collect(&path, depth - 1, found)?;
            }
        } else if is_manifest(&path) && path.is_file() {
            found.push(path);
        }
    }
    Ok(())
}

fn is_manifest(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| matches!(ending, "yaml" | "yml" | "json"))
}
