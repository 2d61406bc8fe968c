//! A Weir that listens to the agent, seen from outside: what it counts, and what it takes.

use std::error::Error;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::park_timeout;
use std::time::Duration;

use tokio::time::Instant;

/// The threads that read and keep events.
const THREADS: [&str; 2] = ["tetragon", "events"];

/// How long it may take to start.
const START: Duration = Duration::from_secs(30);

/// Ticks of a second, in which the kernel counts CPU time for programs (`USER_HZ`).
const TICKS: f64 = 100.0;

/// What became of events, by its metrics.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) kept: u64,
    pub(crate) evicted: u64,
    pub(crate) dropped: u64,
    pub(crate) unreadable: u64,
}

impl Counts {
    pub(crate) const fn all(self) -> u64 {
        self.kept + self.evicted + self.dropped + self.unreadable
    }
}

pub(crate) struct Subject {
    child: Child,
    address: SocketAddr,
    folder: PathBuf,
}

impl Subject {
    /// Starts one that listens to the agent at `agent`.
    pub(crate) fn start(agent: SocketAddr) -> Result<Self, Box<dyn Error>> {
        let folder = std::env::temp_dir().join(format!("weir-bench-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let capture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/demo.pcap.zst");
        let child = Command::new(env!("CARGO_BIN_EXE_weir"))
            .args(["--api", "--replay", capture, "--listen", &address.to_string()])
            .args(["--tetragon", &agent.to_string()])
            .env_clear()
            .env("WEIR_DATABASE", folder.join("weir.db"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let subject = Self { child, address, folder };
        let began = Instant::now();
        while subject.page("/healthz").is_err() {
            if began.elapsed() > START {
                return Err("weir does not start".into());
            }
            park_timeout(Duration::from_millis(50));
        }
        Ok(subject)
    }

    pub(crate) fn counts(&self) -> Result<Counts, Box<dyn Error>> {
        let page = self.page("/metrics")?;
        // Some of them are not there before the first event.
        let sum = |name: &str, label: &str| -> u64 {
            let lines = page.lines().filter(|line| line.starts_with(name) && line.contains(label));
            lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
        };
        let lost = "weir_tetragon_lost_events_total{";
        Ok(Counts {
            kept: sum("weir_tetragon_kept_events ", ""),
            evicted: sum("weir_tetragon_evicted_events_total ", ""),
            dropped: sum(lost, "where=\"weir\""),
            unreadable: sum(lost, "where=\"unreadable\""),
        })
    }

    /// CPU time of the threads that read and keep events.
    pub(crate) fn cpu_s(&self) -> Result<f64, Box<dyn Error>> {
        let mut sum = 0.0;
        for thread in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let path = thread?.path();
            let name = fs::read_to_string(path.join("comm"))?;
            if THREADS.contains(&name.trim_end()) {
                let id = path.file_name().and_then(|id| id.to_str()).ok_or("no thread")?;
                sum += cpu_s(&self.child.id().to_string(), Some(id))?;
            }
        }
        Ok(sum)
    }

    /// Its resident memory in megabytes.
    pub(crate) fn memory_mb(&self) -> Result<f64, Box<dyn Error>> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS")).ok_or("no such figure")?;
        let kib: f64 = line.split_whitespace().nth(1).ok_or("no figure")?.parse()?;
        Ok(kib * 1.024 / 1_000.0)
    }

    pub(crate) fn end(&mut self) -> Result<(), Box<dyn Error>> {
        self.child.kill()?;
        self.child.wait()?;
        fs::remove_dir_all(&self.folder)?;
        Ok(())
    }

    fn page(&self, path: &str) -> Result<String, Box<dyn Error>> {
        let mut stream = TcpStream::connect(self.address)?;
        write!(stream, "GET {path} HTTP/1.1\r\nhost: weir\r\nconnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }
}

/// A bench that fails leaves none behind.
impl Drop for Subject {
    fn drop(&mut self) {
        self.end().ok();
    }
}

/// CPU time of a process, or of one of its threads, in seconds.
pub(crate) fn cpu_s(process: &str, thread: Option<&str>) -> Result<f64, Box<dyn Error>> {
    let path = match thread {
        Some(thread) => format!("/proc/{process}/task/{thread}/stat"),
        None => format!("/proc/{process}/stat"),
    };
    let stat = fs::read_to_string(path)?;
    // The name may have blanks in it; what follows it has none. User and system time are the 14th and 15th.
    let (_, rest) = stat.rsplit_once(')').ok_or("no figures")?;
    let ticks = rest.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
    Ok(ticks.sum::<Result<f64, _>>()? / TICKS)
}
