//! What the machine itself does to delivery: its clock jumps, its disk is full.

mod support;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::mpsc;
use std::time::{Duration, SystemTime};

use support::double::account::ServiceAccount;
use support::double::sinks::{Sinks, Which};
use support::engine::DEMO;
use support::flows::Folder;
use weir::incident::SinkName;
use weir::store::{Actions, By, Outbox, Query, Reader};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(90);

/// What lies to a process about the time (Debian's `libfaketime`).
const FAKETIME: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

fn await_that(what: &str, is_so: impl Fn() -> bool) {
    let (_never, wait) = mpsc::channel::<()>();
    let since = SystemTime::now();
    while !is_so() {
        assert!(since.elapsed().unwrap_or_default() < PATIENCE, "{what} did not come");
        wait.recv_timeout(Duration::from_millis(50)).ok();
    }
}

fn has(log: &Path, words: &str, times: usize) -> bool {
    fs::read_to_string(log).unwrap_or_default().matches(words).count() >= times
}

fn turns(database: &Path, sink: SinkName) -> u64 {
    let depth = Outbox::open(database).and_then(|outbox| outbox.depth(sink));
    let depth = depth.expect("it can be counted");
    assert_eq!(depth.parked, 0, "{sink:?} refuses nothing here: {depth:?}");
    depth.turns
}

fn ids(database: &Path) -> Vec<String> {
    let query = Query { limit: 100, ..Query::default() };
    let page = Reader::open(database).and_then(|reader| reader.incidents(&query));
    page.expect("they can be read").incidents.iter().map(|one| one.id.to_string()).collect()
}

/// What Slack was told, in order.
fn texts(sinks: &Sinks) -> Vec<String> {
    sinks.slack.with(|slack| slack.messages.iter().map(|one| one["text"].to_string()).collect())
}

/// An engine that a test that fails does not leave behind.
struct Engine(Child);

impl Engine {
    fn start(command: &mut Command) -> Self {
        Self(command.spawn().expect("weir starts"))
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[test]
fn a_clock_that_jumps_by_a_year_holds_nothing_up_and_loses_nothing() {
    if !Path::new(FAKETIME).exists() {
        println!("skipped: needs libfaketime");
        return;
    }
    let (folder, sinks) = (Folder::for_anyone(), Sinks::start(&ServiceAccount::generate()));
    let (database, log) = (folder.path().join("weir.db"), folder.path().join("weir.log"));
    let clock = folder.file("clock", b"+0");
    for which in Which::ALL {
        sinks.refuse(which);
    }
    let mut command = sinks.engine(&folder, DEMO.as_ref(), &database, &log);
    // Whoever checks the time of a signature rightly refuses one that is a year old.
    command.env_remove("WEIR_WEBHOOK_URL").env_remove("WEIR_WEBHOOK_SECRET");
    command.env("LD_PRELOAD", FAKETIME).env("FAKETIME_TIMESTAMP_FILE", &clock);
    command.env("FAKETIME_NO_CACHE", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    let _engine = Engine::start(&mut command);
    await_that("both incidents", || has(&log, "incident accepted", 2));

    fs::write(&clock, "+400d").expect("the clock is set");
    sinks.heal();
    let slack = || sinks.slack.with(|slack| slack.messages.len());
    await_that("Slack", || turns(&database, SinkName::Slack) == 0 && slack() >= 2);
    fs::write(&clock, "-400d").expect("the clock is set");
    let mut actions = Actions::open(&database).expect("it opens");
    let by = By { who: "nina".into(), from: "a test".into() };
    let kept = Reader::open(&database).and_then(|reader| reader.standing_incidents(i64::MAX));
    for incident in kept.expect("they can be read") {
        actions.acknowledge(incident.id, &by).expect("it is taken on");
    }
    await_that("Slack again", || turns(&database, SinkName::Slack) == 0 && slack() >= 4);
    await_that("Alertmanager", || turns(&database, SinkName::Alertmanager) == 0);
    // A token is good for an hour by the clock of whoever gives it.
    fs::write(&clock, "+0").expect("the clock is set");
    await_that("Firebase", || turns(&database, SinkName::Firebase) == 0);
    let records = sinks.firebase.with(|firebase| firebase.get("alerts"));
    let statuses =
        ids(&database).iter().map(|id| records[id]["status"].clone()).collect::<Vec<_>>();
    assert_eq!(statuses, ["acknowledged", "acknowledged"]);
    let texts = texts(&sinks);
    let count = |words: &str| texts.iter().filter(|text| text.contains(words)).count();
    assert_eq!([count("New:"), count("Acknowledged:")], [2, 2], "{texts:#?}");
    // An attack that becomes worse is told again, in other words.
    assert_eq!(texts.iter().collect::<BTreeSet<_>>().len(), texts.len(), "and nothing twice");
}

/// A small file system of its own; gone with the test.
struct Disk(PathBuf);

impl Disk {
    /// None, said on standard output, where it cannot be made.
    fn small(folder: &Folder) -> Option<Self> {
        let path = folder.path().join("disk");
        fs::create_dir(&path).expect("it is made");
        // SQLite's log of writes takes 4 MiB before it is folded into the database.
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=8m,mode=0777", "weir-test"])
            .arg(&path)
            .output();
        if mount.is_ok_and(|output| output.status.success()) {
            return Some(Self(path));
        }
        println!("skipped: needs root and mount");
        None
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        Command::new("umount").arg("-l").arg(&self.0).status().ok();
    }
}

#[test]
fn a_full_disk_delays_what_is_told_and_loses_and_repeats_nothing() {
    let folder = Folder::for_anyone();
    let Some(disk) = Disk::small(&folder) else { return };
    let sinks = Sinks::start(&ServiceAccount::generate());
    let (database, log) = (disk.0.join("weir.db"), folder.path().join("weir.log"));
    let mut command = sinks.engine(&folder, DEMO.as_ref(), &database, &log);
    // The flood begins after a second, the scan after two.
    command.args(["--speed", "20"]).env("WEIR_EVIDENCE_MIB", "0");
    let _engine = Engine::start(&mut command);
    await_that("the first incident", || has(&log, "incident accepted", 1));
    let filler = disk.0.join("filler");
    let mut file = File::create(&filler).expect("there is room for a file");
    while file.write_all(&[0; 4_096]).is_ok() {}
    await_that("the fault in the log", || has(&log, "incidents wait to be written", 1));
    drop(file);
    fs::remove_file(&filler).expect("it goes");
    await_that("both incidents", || has(&log, "incident accepted", 2));
    for sink in SinkName::ALL {
        await_that(sink.name(), || turns(&database, sink) == 0);
    }
    let ids = ids(&database);
    assert_eq!(ids.len(), 2);
    let webhook = sinks.webhook.with(|webhook| webhook.messages.clone());
    for id in &ids {
        let opened = webhook.iter().filter(|one| one["alert"]["id"] == **id);
        assert_eq!(opened.filter(|one| one["news"] == "opened").count(), 1, "{id}");
        let record = sinks.firebase.with(|firebase| firebase.get("alerts"))[id].clone();
        assert_eq!(record["status"], "open", "{id}");
    }
    assert_eq!(texts(&sinks).iter().filter(|text| text.contains("New:")).count(), 2);
}
