//! Folders to files.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::Error;

/// Folders nested deeper than this are refused.
const MAX_DEPTH: usize = 64;

/// The files that `sources` stand for, in the order given.
///
/// A folder becomes its regular files and those of the folders in it, in byte order of their paths;
/// a folder reached twice, as through a symbolic link, counts once. What cannot be looked at inside
/// a folder stays in the list, so that opening it names it. `-` is standard input and stays. A folder
/// without any file is refused: nothing found in it would look like nothing wrong.
pub fn expand(sources: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    for source in sources {
        if source.as_os_str() == "-" {
            files.push(source.clone());
            continue;
        }
        let metadata = fs::metadata(source)
            .map_err(|cause| Error::Open { path: source.clone(), source: cause })?;
        if metadata.is_dir() {
            let mut found = Vec::new();
            walk(source, MAX_DEPTH, &mut HashSet::new(), &mut found)?;
            if found.is_empty() {
                return Err(Error::EmptyFolder { path: source.clone() });
            }
            found.sort_unstable_by(|a, b| bytes(a).cmp(bytes(b)));
            files.append(&mut found);
        } else {
            files.push(source.clone());
        }
    }
    Ok(files)
}

fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_bytes()
}

fn walk(
    folder: &Path,
    depth: usize,
    seen: &mut HashSet<(u64, u64)>,
    files: &mut Vec<PathBuf>,
) -> Result<(), Error> {
    let unreadable = |source| Error::Read { path: folder.to_owned(), source };
    if depth == 0 {
        return Err(unreadable(io::Error::other(format!("more than {MAX_DEPTH} folders deep"))));
    }
    let metadata = fs::metadata(folder).map_err(unreadable)?;
    if !seen.insert((metadata.dev(), metadata.ino())) {
        return Ok(());
    }
    let mut entries = fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>())
        .map_err(unreadable)?;
    // Which of two names of one folder counts must not depend on the file system's order.
    entries.sort_unstable_by(|a, b| bytes(a).cmp(bytes(b)));
    for entry in entries {
        match fs::metadata(&entry) {
            // Left in the list, a folder that cannot be listed is named when it is its turn.
            Ok(metadata) if metadata.is_dir() && fs::read_dir(&entry).is_ok() => {
                walk(&entry, depth - 1, seen, files)?;
            }
            // A pipe or device in a folder would block or never end.
            Ok(metadata) if !metadata.is_file() && !metadata.is_dir() => {}
            _ => files.push(entry),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn names(root: &Path, files: &[PathBuf]) -> Vec<String> {
        let name = |file: &PathBuf| file.strip_prefix(root).unwrap().display().to_string();
        files.iter().map(name).collect()
    }

    #[test]
    fn a_folder_becomes_its_files_in_byte_order_of_path() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("a")).unwrap();
        for name in ["b.pcap", "a/z.pcap", "a-b.pcap", "B.pcap"] {
            fs::write(root.path().join(name), "").unwrap();
        }
        let files = expand(&[root.path().to_owned()]).unwrap();
        assert_eq!(names(root.path(), &files), ["B.pcap", "a-b.pcap", "a/z.pcap", "b.pcap"]);
    }

    #[test]
    fn links_that_lead_back_up_are_followed_once() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("in")).unwrap();
        fs::write(root.path().join("in/x.pcap"), "").unwrap();
        for name in ["up1", "up2"] {
            symlink(root.path(), root.path().join("in").join(name)).unwrap();
        }
        symlink("self", root.path().join("self")).unwrap();
        let files = expand(&[root.path().to_owned()]).unwrap();
        assert_eq!(names(root.path(), &files), ["in/x.pcap", "self"]);
    }

    #[test]
    fn folders_nested_too_deep_are_refused() {
        let root = tempfile::tempdir().unwrap();
        let deep = root.path().join("d/".repeat(MAX_DEPTH));
        fs::create_dir_all(deep).unwrap();
        assert!(matches!(expand(&[root.path().to_owned()]), Err(Error::Read { .. })));
    }

    #[test]
    fn a_folder_without_files_is_refused() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("in")).unwrap();
        assert!(matches!(expand(&[root.path().to_owned()]), Err(Error::EmptyFolder { .. })));
    }

    #[test]
    fn standard_input_stays_and_a_missing_path_is_an_error() {
        assert_eq!(expand(&["-".into()]).unwrap(), [PathBuf::from("-")]);
        let error = expand(&["-".into(), "/no/such/file".into()]).unwrap_err();
        assert_eq!(error.to_string(), "open capture `/no/such/file`");
    }
}
