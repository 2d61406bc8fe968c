//! The traffic lab: its captures in other encapsulations, what is on which side of a split, the vectors
//! that are kept of it, and runs that leave nothing behind.

#[path = "lab/bundled.rs"]
mod bundled;
#[path = "lab/rewrap.rs"]
mod rewrap;
#[path = "lab/runs.rs"]
mod runs;
#[path = "lab/splits.rs"]
mod splits;
mod support;
#[path = "lab/vectors.rs"]
mod vectors;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use support::flows::Folder;

/// The bundled capture and its labels.
const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/demo.pcap.zst");
const DEMO_LABELS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/demo.labels.csv");

/// Packets of the bundled capture that are looked at: all of its kinds are among them.
const SOME: usize = 15_000;
/// What precedes the records of a pcap file, and the bytes of one.
const FILE_HEADER: usize = 24;
const RECORD_HEADER: usize = 16;

/// The beginning of the bundled capture.
fn demo(folder: &Folder) -> PathBuf {
    let whole =
        zstd::decode_all(File::open(DEMO).expect("the bundled capture")).expect("a capture");
    let bytes: usize =
        records(&whole).take(SOME).map(|(frame, _)| RECORD_HEADER + frame.len()).sum();
    folder.file("demo.pcap", &whole[..FILE_HEADER + bytes])
}

/// Captured bytes and length on the wire of every record of a little-endian file.
fn records(file: &[u8]) -> impl Iterator<Item = (&[u8], usize)> {
    let mut rest = &file[FILE_HEADER..];
    std::iter::from_fn(move || {
        let header: &[u8; RECORD_HEADER] = rest.first_chunk()?;
        let number = |at: usize| {
            u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
                as usize
        };
        let (record, behind) = rest[RECORD_HEADER..].split_at(number(8));
        rest = behind;
        Some((record, number(12)))
    })
}

/// Where training and the lab live.
fn training() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models/training")
}

/// A script of it under `python`, if that can import `module`.
fn script(python: &Path, module: &str, path: &str) -> Option<Command> {
    let mut import = Command::new(python);
    import.args(["-c", &format!("import {module}")]).stderr(Stdio::null());
    if !import.status().is_ok_and(|status| status.success()) {
        return None;
    }
    let mut command = Command::new(python);
    // Nothing is left beside the sources.
    command.arg("-B").arg(training().join(path)).stdin(Stdio::null());
    Some(command)
}

/// A script under the machine's own Python, or `None`, said on standard output, where that is too old.
fn plain_script(path: &str) -> Option<Command> {
    let found = script(Path::new("python3"), "tomllib", path);
    if found.is_none() {
        println!("skipped: no Python 3.11");
    }
    found
}

/// Exit status and all that a command prints.
#[track_caller]
fn said(command: &mut Command) -> (Option<i32>, String) {
    let output = command.output().expect("it starts");
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&text).into_owned())
}
