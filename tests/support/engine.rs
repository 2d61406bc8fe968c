//! A headless engine of the real binary, and a client that asks it.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::flows::Folder;

/// The bundled capture.
pub const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/demo.pcap.zst");

/// How long something may take.
const PATIENCE: Duration = Duration::from_secs(40);

/// How often it is looked for.
const GLANCE: Duration = Duration::from_millis(30);

/// `weir` with these arguments and this database, shielded from the settings of whoever runs the
/// tests.
pub fn weir<const N: usize>(arguments: [&str; N], database: &Path) -> Command {
    let mut weir = Command::new(env!("CARGO_BIN_EXE_weir"));
    weir.args(arguments).env_clear().env("WEIR_DATABASE", database);
    weir.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    weir
}

/// Waits until `found` finds something.
#[track_caller]
pub fn await_some<T>(what: &str, found: impl FnMut() -> Option<T>) -> T {
    await_within(PATIENCE, what, found)
}

/// Waits for so long until `found` finds something.
#[track_caller]
pub fn await_within<T>(patience: Duration, what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let since = SystemTime::now();
    let (_never, wait) = mpsc::channel::<()>();
    loop {
        if let Some(found) = found() {
            return found;
        }
        let waited = since.elapsed().unwrap_or_default();
        assert!(waited < patience, "{what} did not come");
        wait.recv_timeout(GLANCE).ok();
    }
}

/// A running engine that replays the bundled capture and serves the API.
pub struct Engine {
    /// None once it has ended.
    child: Option<Child>,
    address: String,
}

impl Engine {
    /// Starts one on the database in `folder`.
    pub fn start(folder: &Folder) -> Self {
        let log = folder.path().join("weir.log");
        // What an earlier one wrote there names another port.
        fs::remove_file(&log).ok();
        let mut command = weir(
            ["--api", "--listen", "127.0.0.1:0", "--replay", DEMO, "--log-level", "info"],
            &database(folder),
        );
        Self::of(command.arg("--log-file").arg(&log), &log)
    }

    /// Starts what `command` says, which writes to `log`.
    pub fn of(command: &mut Command, log: &Path) -> Self {
        let mut child = command.spawn().expect("the binary starts");
        let address = await_some("the address", || {
            let text = fs::read_to_string(log).unwrap_or_default();
            if let Some(status) = child.try_wait().expect("a child") {
                panic!("weir ended with {status}: {text}");
            }
            let line = text.lines().find(|line| line.contains("listening"))?;
            line.split("address=").nth(1)?.split_whitespace().next().map(str::to_owned)
        });
        Self { child: Some(child), address }
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The status and the body of the answer to a request.
    pub fn ask(&self, method: &str, target: &str, headers: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).expect("a connection");
        let length = body.len();
        write!(
            stream,
            "{method} {target} HTTP/1.1\r\nhost: weir\r\nconnection: close\r\n\
             content-length: {length}\r\n{headers}\r\n{body}"
        )
        .expect("a request is taken");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer in UTF-8");
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
        (status.expect("a status"), body.expect("a body"))
    }

    /// The JSON that a path answers with.
    pub fn json(&self, target: &str, headers: &str) -> Value {
        let (status, body) = self.ask("GET", target, headers, "");
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).expect("JSON")
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    /// Asks it to end, and says how it did.
    pub fn stop(self) -> ExitStatus {
        self.stopped().status
    }

    /// As above, with what it printed.
    pub fn stopped(mut self) -> Output {
        let mut kill = Command::new("kill");
        assert!(kill.args(["-TERM", &self.id().to_string()]).status().expect("kill").success());
        self.child.take().expect("it runs").wait_with_output().expect("a child")
    }
}

/// A test that fails leaves no engine behind.
impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            child.kill().ok();
            child.wait().ok();
        }
    }
}

/// The database in `folder`.
pub fn database(folder: &Folder) -> PathBuf {
    folder.path().join("weir.db")
}
