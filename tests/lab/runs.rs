//! Runs of a few seconds: what they leave is true and whole, and nothing is left of what made it,
//! however they end. Needs root, namespaces, and what the lab plays with.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};

use crate::support::flows::{Folder, rows, run};
use crate::{plain_script, said, training};

/// How the lab says that the machine lacks a program.
const MISSING: i32 = 77;
/// How often it is looked whether a lab is in the middle of a run.
const GLANCE: Duration = Duration::from_millis(50);
const GLANCES: usize = 1_200;
/// How often a run is played that is refused for being late.
const TRIES: usize = 3;
/// Debian's own, which has the modules that services and clients need.
const PYTHON: &str = "/usr/bin/python3";

/// The lab with the scenarios of these tests; as an error, what this machine lacks.
fn lab() -> Result<Command, String> {
    if !geteuid().is_root() || !Path::new("/dev/net/tun").exists() {
        return Err("no root with a TUN device".into());
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut lab = Command::new(PYTHON);
    lab.arg("-B").arg(root.join("models/training/lab/lab.py"));
    lab.arg("--scenarios").arg(root.join("tests/lab/scenarios"));
    lab.arg("--also").arg(root.join("tests/lab/hang.py"));
    lab.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Ok(lab)
}

/// Exit status and words.
type Ended = (Option<i32>, String);

/// How a lab has ended; as an error, what this machine lacks.
fn ended(lab: Child) -> Result<Ended, String> {
    let output = lab.wait_with_output().expect("it ends");
    let words = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    if output.status.code() == Some(MISSING) || words.contains("Operation not permitted") {
        return Err(words.lines().last().unwrap_or_default().to_owned());
    }
    Ok((output.status.code(), words))
}

/// The process that started this one.
fn parent(of: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{of}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

/// Of this process and its children the one that plays a run in which the tool now hangs.
fn playing(lab: u32) -> Option<u32> {
    let hanging = processes().filter(|pid| {
        fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|words| words == *b"sleep\x00900\x00")
    });
    let player = |pid: u32| {
        let folder = fs::read_link(format!("/proc/{pid}/cwd")).ok()?;
        let name = folder.to_str()?.split_once("weir-lab-")?.1;
        name.split_once('-')?.0.parse().ok()
    };
    hanging.filter_map(player).find(|pid| *pid == lab || parent(*pid) == Some(lab))
}

fn processes() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").expect("proc").flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

fn names(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// What there is of the run that this process plays: namespaces, folders, processes, and links that
/// no namespace holds.
fn left(of: u32) -> BTreeSet<String> {
    let prefix = format!("weir-lab-{of}-");
    let places = ["/run/netns", "/tmp"].into_iter().flat_map(names);
    let mut found: BTreeSet<_> = places.filter(|name| name.starts_with(&prefix)).collect();
    for pid in processes() {
        let words = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let folder = fs::read_link(format!("/proc/{pid}/cwd")).unwrap_or_default();
        if words.contains(&prefix) || folder.to_string_lossy().contains(&prefix) {
            found.insert(format!("process {pid}: {}", words.replace('\0', " ")));
        }
    }
    found
}

/// The links of this machine that are called as the lab calls its own.
fn links() -> BTreeSet<String> {
    let own = |name: &String| {
        ["wan0", "cni0", "pods0", "up0"].contains(&name.as_str()) || name.starts_with("veth-")
    };
    names("/sys/class/net").into_iter().filter(own).collect()
}

/// Waits until something is so.
#[track_caller]
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let (_open, never) = mpsc::channel::<()>();
    for _ in 0..GLANCES {
        if is_so() {
            return;
        }
        assert_eq!(never.recv_timeout(GLANCE), Err(RecvTimeoutError::Timeout));
    }
    panic!("waited too long for {what}");
}

fn signal(pid: u32, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(pid).expect("a process")), signal).expect("it is there");
}

/// Starts a lab and waits until the tool that hangs runs in it: with the process that plays; as an
/// error, what this machine lacks.
fn hanging(mut lab: Command) -> Result<(Child, u32), String> {
    let mut child = lab.spawn().expect("it starts");
    let mut player = None;
    until("the tool that hangs", || {
        player = playing(child.id());
        player.is_some() || child.try_wait().expect("our child").is_some()
    });
    let Some(player) = player else {
        let early = ended(child)?;
        panic!("it ended before the tool hung: {early:?}");
    };
    let there = left(player);
    assert!(there.len() > 20, "a run in progress shows: {there:?}");
    Ok((child, player))
}

/// Says that a test was skipped, if it was.
fn say(skipped: Result<(), String>) {
    if let Err(reason) = skipped {
        println!("skipped: {reason}");
    }
}

/// Plays a run until it is kept, or this machine lacks something; false stands for one that was refused
/// because the machine was too busy to play it at its time.
#[track_caller]
fn kept_once(played: impl Fn() -> Result<bool, String>) {
    for _ in 0..TRIES {
        match played() {
            Ok(true) => return,
            Ok(false) => {}
            Err(reason) => return println!("skipped: {reason}"),
        }
    }
    panic!("it was played late each time");
}

fn is_late(status: Option<i32>, words: &str) -> bool {
    status == Some(1) && words.contains("was played late")
}

#[test]
fn every_flow_of_a_run_has_a_label_and_nothing_else_is_left_of_it() {
    kept_once(assert_whole);
}

fn assert_whole() -> Result<bool, String> {
    let mut lab = lab()?;
    let folder = Folder::new();
    let before = links();
    let child = lab.args(["run", "short", "--out"]).arg(folder.path()).spawn().expect("it starts");
    let pid = child.id();
    let (status, words) = ended(child)?;
    if is_late(status, &words) {
        return Ok(false);
    }
    assert_eq!(status, Some(0), "{words}");
    assert_eq!(left(pid), BTreeSet::new());
    assert_eq!(&links() - &before, BTreeSet::new());
    let path = |kind: &str| folder.path().join(format!("short.off.{kind}"));
    let described: serde_json::Value =
        serde_json::from_slice(&fs::read(path("json")).expect("a description")).expect("JSON");
    assert_eq!(described["attacks"].as_array().map(Vec::len), Some(3));
    let arguments = [path("pcap"), PathBuf::from("--labels"), path("labels.csv")];
    let mut flows: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows(&run(arguments).expect(0).stdout) {
        flows.entry(row.text("Label").into()).or_default().push(row.text("Flow ID").into());
    }
    // The ingress may have asked a pod for something when nobody could say any more for whom.
    assert!(flows.remove("unknown").is_none_or(|flows| flows.len() < 5));
    let labels: Vec<_> = flows.keys().map(String::as_str).collect();
    assert_eq!(labels, ["benign", "dos-flood", "lateral-movement", "scan"]);
    // nmap was told to ask for 60 ports, and asks again where it must wait; ab for 200 pages, which the
    // ingress asks a pod for.
    let attacker = described["attacks"][0]["hosts"][0].as_str().expect("an address");
    assert!(flows["scan"].iter().all(|flow| flow.contains(attacker)));
    assert!((60..=120).contains(&flows["scan"].len()), "{} flows", flows["scan"].len());
    assert!((400..=440).contains(&flows["dos-flood"].len()), "{} flows", flows["dos-flood"].len());
    // Beside the attacker, whoever else has the address goes on.
    let shared = described["attacks"][1]["hosts"][0].as_str().expect("an address");
    assert!(flows["dos-flood"].iter().any(|flow| flow.contains(shared)));
    assert!(flows["benign"].len() > 50, "{} flows", flows["benign"].len());
    // What tools and servers wrote down says the same.
    let Some(mut independent) = plain_script("lab/independent.py") else { return Ok(true) };
    let (status, words) = said(independent.arg(folder.path()));
    assert_eq!(status, Some(0), "{words}");
    assert!(
        words.lines().any(|line| line.starts_with("scan ") && line.contains("tool's output")),
        "{words}"
    );
    Ok(true)
}

/// Asserts that a file of checks in Python is content.
fn assert_content(checks: &str, arguments: &[&str]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab").join(checks);
    let Some(mut checks) = plain_script(&path.to_string_lossy()) else { return };
    let (status, words) = said(checks.args(arguments));
    assert_eq!(status, Some(0), "{words}");
    assert!(words.contains("OK"), "{words}");
}

#[test]
fn a_flow_is_whose_program_sent_it() {
    assert_content("owners.py", &[]);
}

#[test]
fn what_a_crowd_is_told_it_does() {
    let lab = training().join("lab");
    assert_content("crowd.py", &[&lab.to_string_lossy()]);
}

#[test]
fn a_tool_that_hangs_is_ended_with_its_time() {
    kept_once(assert_ended);
}

fn assert_ended() -> Result<bool, String> {
    let mut lab = lab()?;
    let folder = Folder::new();
    lab.args(["run", "hanging", "--offload", "on", "--out"]).arg(folder.path());
    let (child, player) = hanging(lab)?;
    let (status, words) = ended(child)?;
    assert_eq!(left(player), BTreeSet::new());
    if is_late(status, &words) {
        return Ok(false);
    }
    assert_eq!(status, Some(0), "{words}");
    assert!(folder.path().join("hanging.on.pcap").exists());
    // That it did not end by itself is told.
    let described = fs::read(folder.path().join("hanging.on.json")).expect("a description");
    let described: serde_json::Value = serde_json::from_slice(&described).expect("JSON");
    let unfinished = described["attacks"][0]["unfinished"][0].as_str();
    assert!(unfinished.is_some_and(|words| words.contains("had to be ended")), "{described}");
    Ok(true)
}

/// Side by side, since they mostly wait: one run, and several.
#[test]
fn runs_that_are_told_to_end_in_the_middle_leave_nothing() {
    let cases = [
        (vec!["run", "endless"], Signal::SIGINT),
        (vec!["run", "endless"], Signal::SIGTERM),
        (vec!["all", "--jobs", "2", "--only", "endless"], Signal::SIGINT),
    ];
    let before = links();
    let skipped: Result<(), String> = thread::scope(|scope| {
        let started =
            cases.each_ref().map(|(arguments, sign)| scope.spawn(|| assert_gone(arguments, *sign)));
        started.into_iter().try_for_each(|case| case.join().expect("the case holds"))
    });
    say(skipped);
    assert_eq!(&links() - &before, BTreeSet::new());
}

/// Asserts that nothing is left of runs that are told to end in the middle.
fn assert_gone(arguments: &[&str], sign: Signal) -> Result<(), String> {
    let mut lab = lab()?;
    let folder = Folder::new();
    lab.args(arguments).arg("--out").arg(folder.path());
    let (child, player) = hanging(lab)?;
    signal(child.id(), sign);
    let (status, words) = ended(child)?;
    assert_eq!(status, Some(128 + sign as i32), "{arguments:?}: {words}");
    assert_eq!(left(player), BTreeSet::new());
    let kept = names(&folder.path().to_string_lossy());
    assert!(!kept.iter().any(|name| name.contains(".pcap")), "{kept:?}");
    Ok(())
}
