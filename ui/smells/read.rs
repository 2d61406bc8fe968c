//! Manifests from files, folders and standard input.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use weir::posture::Manifests;

/// Folders in one another that are entered.
const DEEPEST: usize = 64;

/// All manifests in `paths`, in order, each file once; those of a folder by their names. What cannot be
/// read is a source without objects, and keeps none of the others from it.
pub(crate) fn all(paths: &[PathBuf]) -> Manifests {
    let (mut manifests, mut known) = (Manifests::default(), BTreeSet::new());
    for path in paths {
        if path == Path::new("-") {
            add("standard input", bytes(io::stdin().lock()), &mut manifests);
            continue;
        }
        let mut files = Vec::new();
        if path.is_dir() {
            collect(path, DEEPEST, &mut files, &mut manifests);
            if files.is_empty() {
                let why = "there is no .yaml, .yml or .json file in it";
                manifests.add_unread(path.to_string_lossy(), why);
            }
        } else {
            files.push(path.clone());
        }
        for file in files {
            if known.insert(file.canonicalize().unwrap_or_else(|_| file.clone())) {
                add(&file.to_string_lossy(), File::open(&file).and_then(bytes), &mut manifests);
            }
        }
    }
    manifests
}

fn add(name: &str, read: io::Result<Vec<u8>>, manifests: &mut Manifests) {
    match read {
        Ok(bytes) => manifests.add(name, &bytes),
        Err(error) => manifests.add_unread(name, format!("it cannot be read: {error}")),
    }
}

/// What a reader gives, up to a byte more than is read of one source.
fn bytes(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(Manifests::MOST_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The files of a folder that can hold manifests. Links to folders are not followed: they may lead
/// around in a circle; nor is what is hidden, such as `.git`.
fn collect(folder: &Path, depth: usize, found: &mut Vec<PathBuf>, manifests: &mut Manifests) {
    let entries = fs::read_dir(folder).and_then(|entries| {
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()
    });
    let mut entries = match entries {
        Ok(entries) => entries,
        Err(error) => {
            let why = format!("it cannot be listed: {error}");
            return manifests.add_unread(folder.to_string_lossy(), why);
        }
    };
    entries.sort_unstable();
    for path in entries {
        let name = path.file_name().unwrap_or_default();
        if name.as_encoded_bytes().starts_with(b".") {
            continue;
        }
        if path.is_dir() {
            if depth > 0 && !path.is_symlink() {
                collect(&path, depth - 1, found, manifests);
            }
        } else if is_manifest(&path) && path.is_file() {
            found.push(path);
        }
    }
}

fn is_manifest(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| matches!(ending, "yaml" | "yml" | "json"))
}
