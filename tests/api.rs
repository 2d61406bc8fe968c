//! `weir --api`: the real binary over HTTP, and what it says where it cannot start.

mod support;

use std::fs;
use std::process::{Command, Stdio};
use std::sync::Arc;

use serde_json::Value;
use support::engine::{DEMO, Engine, await_some, database, weir};
use support::flows::Folder;
use support::pcap::Capture;
use support::talk::Talk;
use support::user::{add_user, authorization};
use weir::detect::{Class, Score, Weight};
use weir::incident::{Hosts, Incident, IncidentId, Names, Severity, Status};
use weir::packet::Address;
use weir::store::{Changes, Query, Reader, Store};

/// The exit status of `weir --api` on this database, and what it said.
fn refused(folder: &Folder, arguments: [&str; 5]) -> (Option<i32>, String) {
    let output = weir(arguments, &database(folder)).output().expect("the binary starts");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

const SERVE: [&str; 5] = ["--api", "--listen", "127.0.0.1:0", "--replay", DEMO];

/// Waits until `engine` has read `capture` to its end.
fn await_end(engine: &Engine, capture: &str) {
    let ended = format!("weir_capture_running{{source=\"{capture}\"}} 0");
    await_some("the end of the replay", || {
        let (_, metrics) = engine.ask("GET", "/metrics", "", "");
        metrics.contains(&ended).then_some(())
    });
}

#[test]
fn a_program_logs_in_and_reads_the_incidents_that_detect_finds() {
    let folder = Folder::for_anyone();
    add_user(&folder, "viewer");
    let engine = Engine::start(&folder);

    let (status, body) = engine.ask("GET", "/get-alerts", "", "");
    assert_eq!(status, 401, "{body}");
    let authorization = authorization(&engine);

    await_end(&engine, "demo.pcap.zst");
    let detected = weir(["detect", DEMO, "--format", "json"], &database(&folder)).output();
    let detected = String::from_utf8(detected.expect("the binary starts").stdout).expect("UTF-8");
    let mut expected: Vec<Value> =
        detected.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    expected.reverse();
    assert!(!expected.is_empty());
    await_some("every incident as detect tells it", || {
        let alerts = engine.json("/get-alerts", &authorization);
        (alerts == Value::from(expected.clone())).then_some(())
    });
    assert!(engine.stop().success());
}

/// Lets `engine` read `capture` to its end and stops it.
fn run_to_end(engine: Engine, capture: &str) {
    await_end(&engine, capture);
    assert!(engine.stop().success());
}

fn kept(folder: &Folder) -> Vec<Incident> {
    let reader = Reader::open(&database(folder)).expect("the database opens");
    let query = Query { limit: 10, ..Query::default() };
    reader.incidents(&query).expect("incidents").incidents
}

#[test]
fn incidents_are_there_after_a_restart_and_replaying_them_again_changes_none() {
    let folder = Folder::for_anyone();
    run_to_end(Engine::start(&folder), "demo.pcap.zst");
    let before = kept(&folder);
    assert!(!before.is_empty());

    let quiet = Capture::ethernet(&Talk::v4(40_000, 80).whole(0));
    let quiet = folder.file("quiet.pcap", &quiet.bytes());
    let log = folder.path().join("quiet.log");
    let mut command = weir(
        ["--api", "--listen", "127.0.0.1:0", "--log-level", "info", "--replay"],
        &database(&folder),
    );
    command.arg(quiet).arg("--log-file").arg(&log);
    run_to_end(Engine::of(&mut command, &log), "quiet.pcap");
    assert_eq!(kept(&folder), before);

    run_to_end(Engine::start(&folder), "demo.pcap.zst");
    assert_eq!(kept(&folder), before);
}

#[test]
fn an_incident_that_is_open_is_shown_after_a_restart_however_many_are_newer() {
    let folder = Folder::for_anyone();
    let pivot = Address::v4([203, 0, 113, 1]);
    let incident = |number: u32| Incident {
        id: IncidentId(number.into()),
        class: Class::Exploit,
        severity: Severity::Critical,
        status: if number == 0 { Status::Open } else { Status::Resolved },
        score: Score::ONE,
        weight: Weight::nats(42.1),
        pivot,
        sources: Hosts { listed: vec![pivot], total: 1 },
        targets: Hosts { listed: vec![pivot], total: 1 },
        target_port: None,
        flows: 1,
        packets: 1,
        bytes: 1,
        first_us: number.into(),
        last_us: number.into(),
        detected_us: number.into(),
        resolved_us: (number > 0).then(|| number.into()),
        reopened: 0,
        acknowledged: None,
        resolved_by: None,
        feedback: None,
        muted_by: None,
        related: Vec::new(),
        why: Vec::new(),
        flow_ids: Vec::new(),
        names: Names::default(),
        processes: Vec::new(),
    };
    let all: Vec<_> = (0..300).map(|number| Arc::new(incident(number))).collect();
    let mut store = Store::open(&database(&folder)).expect("a database");
    store.apply(&Changes::of(&all)).expect("incidents are taken");
    drop(store);
    let engine = Engine::start(&folder);
    let (_, metrics) = engine.ask("GET", "/metrics", "", "");
    assert!(metrics.contains("weir_incidents_open{severity=\"critical\"} 1\n"), "{metrics}");
    assert!(engine.stop().success());
}

#[test]
fn a_second_engine_on_a_database_is_refused() {
    let folder = Folder::for_anyone();
    let engine = Engine::start(&folder);
    let (status, said) = refused(&folder, SERVE);
    assert_eq!(status, Some(69), "{said}");
    assert!(said.contains("another weir works on it") && said.lines().count() == 1, "{said}");
    assert!(engine.stop().success());
}

#[test]
fn a_file_that_is_no_database_is_refused_and_stays_as_it_is() {
    let folder = Folder::for_anyone();
    let path =
        folder.file("weir.db", b"This is a letter and not a database. ".repeat(200).as_slice());
    let before = fs::read(&path).expect("the letter");
    let (status, said) = refused(&folder, SERVE);
    assert_eq!(status, Some(65), "{said}");
    assert!(said.starts_with("weir: ") && said.lines().count() == 1, "{said}");
    assert_eq!(fs::read(&path).expect("the letter"), before);
}

#[test]
fn an_address_in_use_is_said() {
    let folder = Folder::for_anyone();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("its address").to_string();
    let (status, said) = refused(&folder, ["--api", "--listen", &address, "--replay", DEMO]);
    assert_eq!(status, Some(69), "{said}");
    assert!(said.contains(&format!("listen on {address}")), "{said}");
}

#[test]
fn without_a_terminal_the_console_says_what_needs_none() {
    let folder = Folder::for_anyone();
    let output = weir(["--replay", DEMO], &database(&folder)).output().expect("the binary starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(69), "{said}");
    assert!(said.contains("weir --api"), "{said}");
}

#[test]
fn a_capture_that_is_damaged_is_reported_by_readiness() {
    let folder = Folder::for_anyone();
    let capture = folder.file("damaged.pcap", b"this is no capture at all, whatever its name says");
    let capture = capture.to_str().expect("a path in UTF-8").to_owned();
    let log = folder.path().join("weir.log");
    let mut command = weir(
        ["--api", "--listen", "127.0.0.1:0", "--replay", &capture, "--log-level", "info"],
        &database(&folder),
    );
    let engine = Engine::of(command.arg("--log-file").arg(&log), &log);
    let reason = await_some("a reason", || {
        let (status, body) = engine.ask("GET", "/readyz", "", "");
        (status == 503).then_some(body)
    });
    assert!(reason.contains("damaged.pcap"), "{reason}");
    assert!(engine.stop().success());
}

/// A disk that is full, as far as the engine can tell: its files may not grow any more.
#[test]
fn incidents_that_a_full_disk_refuses_are_said_while_it_runs_and_at_its_end() {
    if Command::new("prlimit").arg("--version").output().is_err() {
        println!("skipped: needs prlimit");
        return;
    }
    let folder = Folder::for_anyone();
    let log = folder.path().join("weir.log");
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_weir")]);
    command.args(SERVE).args(["--speed", "20", "--log-level", "info", "--log-file"]).arg(&log);
    command.arg("--database").arg(database(&folder)).env_clear().stderr(Stdio::piped());
    let engine = Engine::of(&mut command, &log);
    let limited = Command::new("prlimit")
        .args(["--fsize=0", "--pid", &engine.id().to_string()])
        .status()
        .expect("prlimit runs");
    assert!(limited.success());
    await_some("a reason", || {
        let (_, body) = engine.ask("GET", "/readyz", "", "");
        body.contains("wait to be written").then_some(())
    });
    let output = engine.stopped();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(74), "{said}");
    // Before it, the log complains of its own file.
    let last = said.lines().last().unwrap_or_default();
    assert!(last.starts_with("weir: keep all incidents: the newest state of"), "{said}");
}
