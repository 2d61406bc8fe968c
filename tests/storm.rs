//! Thousands of incidents while nobody can be told: memory, order, pace and the digest.

mod support;

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, SystemTime};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use support::double::account::ServiceAccount;
use support::double::sinks::{Sinks, Which};
use support::flows::Folder;
use support::pcap::{Capture, EPOCH_US};
use support::transport::{flag, tcp};
use weir::incident::SinkName;
use weir::store::{Depth, Outbox};

/// Incidents in a plain run of the tests; `make storm` asks for 10,000.
const INCIDENTS: u32 = 1_000;

/// Ports that each scanner turns to: what the model takes for a scan.
const PORTS: u16 = 40;

/// How long all incidents may take to be accepted, and the sinks to be told enough.
const PATIENCE: Duration = Duration::from_mins(30);

fn incidents() -> u32 {
    let asked = std::env::var_os("STORM").map(|asked| asked.to_string_lossy().parse());
    asked.map_or(INCIDENTS, |asked| asked.expect("STORM is a number"))
}

/// So many hosts, each of which tries a few ports of one server that refuses them all.
fn scans(sources: u32) -> Vec<u8> {
    let mut packets = Vec::new();
    let mut at_us = EPOCH_US;
    let server = IpAddr::from([192, 0, 2, 10]);
    for source in 0..sources {
        let host = IpAddr::from(Ipv4Addr::from_bits(0x0a00_0100 + source));
        for n in 0..PORTS {
            let port = u16::try_from((source * 7 + u32::from(n) * 13) % 1_024).expect("small");
            let to = SocketAddr::new(server, port + n * 1_024 + 1);
            let from = SocketAddr::new(host, 40_000 + n);
            packets.push((at_us, tcp(from, to, flag::SYN).window(1_024).ip()));
            let refused = tcp(to, from, flag::RST | flag::ACK).window(1_024).ip();
            packets.push((at_us + 300, refused));
            at_us += 600;
        }
        at_us += 2_000;
    }
    Capture::ethernet(&packets).bytes()
}

fn wait_ms(milliseconds: u64) {
    let (_never, wait) = mpsc::channel::<()>();
    wait.recv_timeout(Duration::from_millis(milliseconds)).ok();
}

/// A life of the engine on one database.
struct Life {
    /// None once it has ended.
    weir: Option<Child>,
    log: PathBuf,
    began: SystemTime,
}

impl Life {
    fn begin(command: &mut Command, log: &Path) -> Self {
        let weir = command.spawn().expect("weir starts");
        Self { weir: Some(weir), log: log.to_owned(), began: SystemTime::now() }
    }

    /// Waits until so many incidents are accepted, and says how long that took.
    fn accept(&self, incidents: u32) -> Duration {
        let log = || fs::read_to_string(&self.log).unwrap_or_default();
        while log().matches("incident accepted").count() < incidents as usize {
            let waited = self.began.elapsed().unwrap_or_default();
            assert!(waited < PATIENCE, "{} accepted", log().matches("incident accepted").count());
            wait_ms(50);
        }
        self.began.elapsed().unwrap_or_default()
    }

    /// The most memory that it has used, in KiB.
    fn peak_kib(&self) -> u64 {
        let path = format!("/proc/{}/status", self.weir.as_ref().expect("it runs").id());
        let status = fs::read_to_string(path).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a line");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    fn end(mut self) {
        let mut weir = self.weir.take().expect("it runs");
        kill(Pid::from_raw(weir.id().cast_signed()), Signal::SIGTERM).expect("it runs");
        assert!(weir.wait().expect("it ends").success());
    }
}

/// A test that fails leaves no engine behind.
impl Drop for Life {
    fn drop(&mut self) {
        if let Some(weir) = &mut self.weir {
            weir.kill().ok();
            weir.wait().ok();
        }
    }
}

fn depth(database: &Path, sink: SinkName) -> Depth {
    Outbox::open(database).and_then(|outbox| outbox.depth(sink)).expect("it can be counted")
}

/// What nobody is told of, for comparison.
fn untold(folder: &Folder, capture: &Path) -> (Duration, u64) {
    let (database, log) = (folder.path().join("untold.db"), folder.path().join("untold.log"));
    let mut weir = Command::new(env!("CARGO_BIN_EXE_weir"));
    weir.args(["--api", "--listen", "127.0.0.1:0", "--log-level", "info", "--replay"]);
    weir.arg(capture).arg("--database").arg(&database).arg("--log-file").arg(&log).env_clear();
    let life = Life::begin(weir.stdin(Stdio::null()).stdout(Stdio::null()), &log);
    let (took, peak) = (life.accept(incidents()), life.peak_kib());
    life.end();
    (took, peak)
}

#[test]
fn a_storm_that_nobody_hears_is_kept_and_told_in_order_and_in_a_digest() {
    let (folder, incidents) = (Folder::for_anyone(), incidents());
    let capture = folder.file("storm.pcap", &scans(incidents));
    let calm = folder.file("calm.pcap", &Capture::ethernet(&[]).bytes());
    let (database, log) = (folder.path().join("weir.db"), folder.path().join("weir.log"));
    let sinks = Sinks::start(&ServiceAccount::generate());
    for which in Which::ALL {
        sinks.refuse(which);
    }

    let (alone, alone_kib) = untold(&folder, &capture);
    let life = Life::begin(&mut sinks.engine(&folder, &capture, &database, &log), &log);
    let (unheard, unheard_kib) = (life.accept(incidents), life.peak_kib());
    life.end();
    println!(
        "{incidents} incidents accepted in {alone:?} with nobody to tell, in {unheard:?} with four \
         sinks down; at most {alone_kib} and {unheard_kib} KiB"
    );
    // What waits, waits on the disk.
    assert!(unheard_kib < alone_kib * 3 / 2, "{unheard_kib} KiB, {alone_kib} KiB without sinks");
    let slack = depth(&database, SinkName::Slack);
    assert!(slack.turns >= u64::from(incidents), "{slack:?}");

    sinks.heal();
    fs::remove_file(&log).expect("it is there");
    let life = Life::begin(&mut sinks.engine(&folder, &calm, &database, &log), &log);
    while sinks.slack.with(|slack| slack.messages.is_empty()) {
        assert!(life.began.elapsed().unwrap_or_default() < PATIENCE, "Slack is told nothing");
        wait_ms(20);
    }
    let since = SystemTime::now();
    let programs = [SinkName::Webhook, SinkName::Firebase, SinkName::Alertmanager];
    while programs.iter().any(|sink| depth(&database, *sink).turns > 0) {
        let waits = programs.map(|sink| depth(&database, sink).turns);
        assert!(since.elapsed().unwrap_or_default() < PATIENCE, "{waits:?} turns wait");
        wait_ms(500);
    }
    let took_s = life.began.elapsed().unwrap_or_default().as_secs_f64();
    let told = sinks.webhook.with(|webhook| webhook.messages.len());
    println!("the webhook was told {told} changes in {took_s:.0} s");
    // Its rate, the burst, and what was under way when it refused.
    assert!(f64_of(told) <= 50.0 * took_s + 60.0, "{told} in {took_s} s");
    // Growth waits a while for more of it.
    let turns = sinks.webhook.with(|webhook| {
        let turns = webhook.messages.iter().filter(|message| message["news"] != "grown");
        turns.map(|turn| turn["id"].as_i64().expect("a number")).collect::<Vec<_>>()
    });
    assert!(turns.is_sorted_by(|one, next| one < next), "in order, and none twice");

    let messages = sinks.slack.with(|slack| slack.messages.clone());
    let first = messages[0]["text"].as_str().expect("a text").to_owned();
    assert!(first.contains(&format!("{incidents} incidents")), "a digest: {first}");
    assert!(messages.len() < 20, "{} messages", messages.len());
    let slack = depth(&database, SinkName::Slack);
    assert_eq!((slack.turns, slack.parked), (0, 0), "{slack:?}");
    assert!(slack.digested >= u64::from(incidents), "{slack:?}");
    let kept = |value: &Value| value.as_object().map_or(0, serde_json::Map::len);
    let records = sinks.firebase.with(|firebase| kept(&firebase.get("alerts")));
    println!("Slack: {} messages; Firebase: {records} records", messages.len());
    assert_eq!(records, incidents as usize);
    life.end();
}

#[expect(clippy::cast_precision_loss, reason = "thousands")]
const fn f64_of(number: usize) -> f64 {
    number as f64
}
