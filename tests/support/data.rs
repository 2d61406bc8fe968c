//! The shared captures, which a clean clone does not have.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// `part` of the shared data, or `None`, said on standard output, where it is absent.
///
/// The place is `WEIR_TEST_DATA`, by default `../shared/data` beside the repository.
pub fn shared(part: &str) -> Option<PathBuf> {
    let root = std::env::var_os("WEIR_TEST_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    let path = root.join(part);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: no ../shared/data");
    None
}

/// Every capture file below `folder`, in order of name.
pub fn captures(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            let extension = path.extension().and_then(OsStr::to_str);
            match extension {
                _ if path.is_dir() => folders.push(path),
                Some("pcap" | "pcapng" | "cap") => found.push(path),
                _ => {}
            }
        }
    }
    found.sort();
    found
}
