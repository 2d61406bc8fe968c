//! Runs `weir flows` and reads the rows it writes.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::thread;

use tempfile::TempDir;

use super::pcap::{Capture, Timed};

/// The columns of `weir flows`, in order.
pub const COLUMNS: &str = include_str!("../expected/columns.txt");

/// One flow as written.
#[derive(Debug, Clone)]
pub struct Row {
    header: Arc<[String]>,
    fields: Vec<String>,
}

impl Row {
    /// The field under this column name.
    pub fn text(&self, column: &str) -> &str {
        let index = self.header.iter().position(|name| name == column);
        &self.fields[index.unwrap_or_else(|| panic!("no column `{column}`"))]
    }

    /// The same as a number.
    pub fn number(&self, column: &str) -> f64 {
        let text = self.text(column);
        text.parse().unwrap_or_else(|_| panic!("`{column}` is `{text}`, not a number"))
    }

    /// The same as a whole number.
    pub fn count(&self, column: &str) -> u64 {
        let text = self.text(column);
        text.parse().unwrap_or_else(|_| panic!("`{column}` is `{text}`, not a whole number"))
    }

    /// Column names and fields, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.header.iter().map(String::as_str).zip(self.fields.iter().map(String::as_str))
    }

    /// Panics, naming the flow, unless each `(column, value)` is there: numbers to 1e-9, texts
    /// exactly.
    pub fn assert(&self, expected: &[(&str, &str)]) {
        for (column, value) in expected {
            let found = self.text(column);
            assert!(
                found == *value || is_close(found, value, 1e-9),
                "{} at {}: `{column}` is {found}, not {value}",
                self.text("Flow ID"),
                self.text("Timestamp"),
            );
        }
    }

    /// Packets of the flow, both ways.
    pub fn packets(&self) -> u64 {
        self.count("Total Fwd Packet") + self.count("Total Bwd packets")
    }

    /// Payload bytes of the flow, both ways.
    pub fn payload(&self) -> u64 {
        self.count("Total Length of Fwd Packet") + self.count("Total Length of Bwd Packet")
    }
}

/// Whether two numbers are equal up to this relative difference; false for texts.
pub fn is_close(a: &str, b: &str, tolerance: f64) -> bool {
    let (Ok(a), Ok(b)) = (a.parse::<f64>(), b.parse::<f64>()) else { return false };
    (a - b).abs() <= tolerance * a.abs().max(b.abs())
}

/// The column names, in order.
pub fn columns() -> Vec<&'static str> {
    COLUMNS.lines().collect()
}

/// The rows of a CSV text with a header. No field of a row holds a quoted comma.
pub fn rows(csv: &[u8]) -> Vec<Row> {
    let mut reader = csv::Reader::from_reader(csv);
    let header: Arc<[String]> =
        reader.headers().expect("a header").iter().map(str::to_owned).collect();
    let record = |record: csv::Result<csv::StringRecord>| Row {
        header: Arc::clone(&header),
        fields: record.expect("a whole row").iter().map(str::to_owned).collect(),
    };
    reader.records().map(record).collect()
}

/// How a run of the program ended.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Exit status; `None` after a signal.
    pub status: Option<i32>,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: String,
}

impl Outcome {
    /// The rows on standard output.
    pub fn rows(&self) -> Vec<Row> {
        rows(&self.stdout)
    }

    /// Panics unless the run ended with `status` and without a panic of its own.
    #[track_caller]
    pub fn expect(self, status: i32) -> Self {
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        assert_eq!(self.status, Some(status), "{}", self.stderr);
        self
    }
}

impl From<Output> for Outcome {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code(),
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// `weir flows` without arguments, shielded from the settings of whoever runs the tests.
pub fn weir() -> Command {
    weir_verb("flows")
}

/// `weir VERB` without arguments, shielded from the settings of whoever runs the tests.
pub fn weir_verb(verb: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command.arg(verb).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("XDG_CONFIG_HOME", "/nonexistent").env("HOME", "/nonexistent");
    command.stdin(Stdio::null());
    command
}

/// Runs `weir flows` with these arguments.
pub fn run<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Outcome {
    weir().args(arguments).output().expect("the binary starts").into()
}

/// Runs `weir flows` with these arguments and `input` on its standard input.
pub fn run_with_input<A: AsRef<OsStr>>(
    arguments: impl IntoIterator<Item = A>,
    input: Vec<u8>,
) -> Outcome {
    let mut child = weir()
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut pipe = child.stdin.take().expect("a pipe");
    // A program that stops reading early is not this function's concern.
    let feeder = thread::spawn(move || pipe.write_all(&input).ok());
    let output = child.wait_with_output().expect("the binary ends");
    feeder.join().expect("the feeder ends");
    output.into()
}

/// A temporary folder with files in it.
#[derive(Debug)]
pub struct Folder(TempDir);

impl Folder {
    /// An empty one.
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    /// One that the process may use whoever it becomes.
    pub fn for_anyone() -> Self {
        let folder = Self::new();
        let everything = std::fs::Permissions::from_mode(0o777);
        std::fs::set_permissions(folder.path(), everything).expect("our folder");
        folder
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file into it.
    pub fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).expect("room for a file");
        path
    }
}

/// The rows of a capture, through a file, with extra arguments.
#[track_caller]
pub fn rows_of(capture: &Capture, arguments: &[&str]) -> Vec<Row> {
    rows(&csv_of(&capture.bytes(), arguments))
}

/// The rows of these packets in Ethernet frames.
#[track_caller]
pub fn rows_of_packets(packets: &[Timed]) -> Vec<Row> {
    rows_of(&Capture::ethernet(packets), &[])
}

/// What `weir flows` writes for a capture file with these bytes; the run must succeed.
#[track_caller]
pub fn csv_of(file: &[u8], arguments: &[&str]) -> Vec<u8> {
    let folder = Folder::new();
    let path = folder.file("capture.pcap", file);
    let arguments = [path.as_os_str()].into_iter().chain(arguments.iter().map(OsStr::new));
    run(arguments).expect(0).stdout
}

/// The only row.
#[track_caller]
pub fn only(rows: Vec<Row>) -> Row {
    let count = rows.len();
    let [row] = <[Row; 1]>::try_from(rows).unwrap_or_else(|_| panic!("{count} rows, not one"));
    row
}

/// The rows by "flow id at start", of which no two are equal.
pub fn by_flow(rows: Vec<Row>) -> BTreeMap<String, Row> {
    let count = rows.len();
    let key = |row: &Row| format!("{} {}", row.text("Flow ID"), row.text("Timestamp"));
    let map: BTreeMap<String, Row> = rows.into_iter().map(|row| (key(&row), row)).collect();
    assert_eq!(map.len(), count, "two rows of one flow with one start");
    map
}
