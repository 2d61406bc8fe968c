//! Manifests from files, folders and standard input.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use weir::posture::Manifests;

use crate::format;

/// Folders in one another that are entered.
const DEEPEST: usize = 64;

/// How much is read.
#[derive(Debug)]
pub(crate) struct Most {
    /// Files, and folders that cannot be listed.
    pub(crate) files: usize,
    /// Bytes of all of them; of a file that is the only one as much as of any.
    pub(crate) bytes: usize,
}

/// All manifests in `paths`, in order, each file once; those of a folder by their names. What cannot be
/// read is a source without objects, and keeps none of the others from it.
pub(crate) fn all(paths: &[PathBuf]) -> Manifests {
    let never = AtomicBool::new(false);
    let most = Most { files: usize::MAX, bytes: usize::MAX };
    let mut reader = Reader::new(&most, &never);
    for path in paths {
        if path == Path::new("-") {
            reader.add("standard input", bytes(io::stdin().lock()));
        } else {
            reader.path(path);
        }
    }
    reader.manifests
}

/// As [`all`] of a file or a folder, as far as that is not too much; and what is to be said where it is.
/// Ends with the file at hand once `stop` is set.
pub(crate) fn some(path: &Path, most: &Most, stop: &AtomicBool) -> (Manifests, Option<String>) {
    let mut reader = Reader::new(most, stop);
    reader.path(path);
    (reader.manifests, reader.surplus)
}

/// Who reads.
#[derive(Debug)]
struct Reader<'a> {
    most: &'a Most,
    stop: &'a AtomicBool,
    manifests: Manifests,
    /// Files that were read.
    known: BTreeSet<PathBuf>,
    /// Bytes of them.
    bytes: usize,
    /// What is to be said of what is not read.
    surplus: Option<String>,
}

impl<'a> Reader<'a> {
    fn new(most: &'a Most, stop: &'a AtomicBool) -> Self {
        let (manifests, known) = (Manifests::default(), BTreeSet::new());
        Self { most, stop, manifests, known, bytes: 0, surplus: None }
    }

    fn path(&mut self, path: &Path) {
        let mut files = Vec::new();
        if path.is_dir() {
            self.collect(path, DEEPEST, &mut files);
            if files.is_empty() && !self.is_done() {
                let why = "there is no .yaml, .yml or .json file in it";
                self.manifests.add_unread(path.to_string_lossy(), why);
            }
        } else {
            files.push(path.to_owned());
        }
        for file in files {
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            if self.known.insert(file.canonicalize().unwrap_or_else(|_| file.clone())) {
                let read = File::open(&file).and_then(bytes);
                let length = read.as_ref().map_or(0, Vec::len);
                // What is too large by itself is told of as that.
                if self.bytes > 0 && length > self.most.bytes.saturating_sub(self.bytes) {
                    let mib = self.most.bytes >> 20;
                    let words = format!("more than {mib} MiB: the rest is not looked at");
                    self.surplus = Some(words);
                    return;
                }
                self.bytes += length;
                self.add(&file.to_string_lossy(), read);
            }
        }
    }

    fn add(&mut self, name: &str, read: io::Result<Vec<u8>>) {
        match read {
            Ok(bytes) => self.manifests.add(name, &bytes),
            Err(error) => self.manifests.add_unread(name, format!("it cannot be read: {error}")),
        }
    }

    /// The files of a folder that can hold manifests. Links to folders are not followed: they may lead
    /// around in a circle; nor is what is hidden, such as `.git`.
    fn collect(&mut self, folder: &Path, depth: usize, found: &mut Vec<PathBuf>) {
        let entries = fs::read_dir(folder).and_then(|entries| {
            entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()
        });
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(error) => {
                let why = format!("it cannot be listed: {error}");
                if self.has_room(found.len()) {
                    self.manifests.add_unread(folder.to_string_lossy(), why);
                }
                return;
            }
        };
        entries.sort_unstable();
        for path in entries {
            if self.is_done() {
                return;
            }
            let name = path.file_name().unwrap_or_default();
            if name.as_encoded_bytes().starts_with(b".") {
                continue;
            }
            if path.is_dir() {
                if depth > 0 && !path.is_symlink() {
                    self.collect(&path, depth - 1, found);
                }
            } else if is_manifest(&path) && path.is_file() && self.has_room(found.len()) {
                found.push(path);
            }
        }
    }

    /// Whether one more is not too much beside so many files that were found; it is said where it is.
    fn has_room(&mut self, found: usize) -> bool {
        let has_room = found + self.manifests.sources().len() < self.most.files;
        if !has_room {
            let files = format::count(self.most.files as u64);
            self.surplus = Some(format!("more than {files} files: the rest is not looked at"));
        }
        has_room
    }

    /// Whether no more is looked for.
    fn is_done(&self) -> bool {
        self.surplus.is_some() || self.stop.load(Ordering::Relaxed)
    }
}

/// What a reader gives, up to a byte more than is read of one source.
fn bytes(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(Manifests::MOST_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn is_manifest(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| matches!(ending, "yaml" | "yml" | "json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: { name: web }\n";

    fn folder(files: usize) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..files {
            fs::write(folder.path().join(format!("{number}.yaml")), POD).unwrap();
        }
        folder
    }

    /// How many files are read, and what is said.
    fn read(files: usize, most: &Most, stop: bool) -> (usize, Option<String>) {
        let folder = folder(files);
        let (manifests, surplus) = some(folder.path(), most, &AtomicBool::new(stop));
        (manifests.sources().len(), surplus)
    }

    #[test]
    fn no_more_is_read_than_is_wanted_and_that_is_said() {
        let most = Most { files: 3, bytes: 1 << 20 };
        assert_eq!(read(3, &most, false), (3, None));
        let words = "more than 3 files: the rest is not looked at";
        assert_eq!(read(4, &most, false), (3, Some(words.into())));
        let most = Most { files: 9, bytes: 2 * POD.len() };
        let (files, surplus) = read(4, &most, false);
        assert_eq!(files, 2);
        assert!(surplus.is_some_and(|words| words.ends_with("the rest is not looked at")));
    }

    #[test]
    fn nothing_is_read_for_whoever_has_left() {
        assert_eq!(read(3, &Most { files: 9, bytes: 1 << 20 }, true), (0, None));
    }
}
