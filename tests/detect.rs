//! `weir detect` on the bundled capture: the planted attacks and no other, whatever the circumstances.

mod support;

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde_json::Value;
use support::engine::DEMO;
use support::flows::{Folder, Outcome, weir_verb};
use support::pcap::{Capture, EPOCH_US, Record, ms};
use support::talk::Talk;
use weir::capture::FileReader;

/// Link type of the bundled capture: Linux cooked version 2, whose header has 20 bytes.
const SLL2: u32 = 276;

/// Runs `weir detect` with these arguments, away from any model that somebody chose.
fn detect<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Outcome {
    let folder = Folder::new();
    let mut weir = weir_verb("detect");
    weir.args(arguments).env("WEIR_DATABASE", folder.path().join("weir.db"));
    // ONNX Runtime keeps files of its own at home.
    weir.env("HOME", folder.path());
    weir.output().expect("the binary starts").into()
}

/// The incidents in a capture, as one JSON object each.
fn incidents(path: &Path, more: &[&str]) -> Vec<Value> {
    let arguments = [path.as_os_str(), OsStr::new("--format"), OsStr::new("json")];
    let outcome = detect(arguments.into_iter().chain(more.iter().map(OsStr::new))).expect(0);
    let text = String::from_utf8(outcome.stdout).expect("JSON is UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("a JSON object")).collect()
}

fn demo() -> Vec<Value> {
    incidents(Path::new(DEMO), &[])
}

/// The frames of the bundled capture.
fn frames() -> Capture {
    let mut reader = FileReader::open(Path::new(DEMO)).expect("the bundled capture");
    let mut capture = Capture::new(SLL2);
    while let Some(frame) = reader.next_frame().expect("a whole capture") {
        capture.records.push(Record {
            at: frame.time_us - EPOCH_US,
            bytes: frame.bytes.to_vec(),
            wire_len: frame.wire_len as usize,
        });
    }
    capture
}

fn written(folder: &Folder, capture: &Capture) -> PathBuf {
    folder.file("capture.pcap", &capture.bytes())
}

/// What an incident says beside its identity, its times and its hosts.
fn said(incidents: &[Value]) -> Vec<Vec<String>> {
    let keys = [
        "class",
        "score",
        "severity",
        "status",
        "source_count",
        "target_count",
        "target_port",
        "flows",
        "packets",
        "bytes",
        "why",
    ];
    let said = |one: &Value| keys.iter().map(|key| one[key].to_string()).collect();
    incidents.iter().map(said).collect()
}

#[test]
fn the_demo_holds_the_planted_attacks_and_no_other() {
    let found = demo();
    let mut by_class = BTreeMap::new();
    for incident in &found {
        let class = incident["class"].as_str().expect("a class");
        assert!(by_class.insert(class, incident).is_none(), "{class} twice: {found:#?}");
    }
    assert_eq!(by_class.keys().copied().collect::<Vec<_>>(), ["dos-flood", "scan"]);
    for (class, attacker) in [("dos-flood", "203.0.113.66"), ("scan", "198.51.100.99")] {
        let incident = by_class[class];
        // Under a flood the model may take a busy client for part of it.
        let sources = incident["sources"].as_array().expect("a list");
        assert!(sources.contains(&attacker.into()), "{incident:#}");
        assert!(incident["source_count"].as_u64() <= Some(2), "{incident:#}");
        let targets = incident["targets"].as_array().expect("a list");
        assert!(targets.contains(&"192.0.2.10".into()), "{incident:#}");
        assert!(!incident["why"].as_array().expect("a list").is_empty(), "{incident:#}");
    }
    assert!(by_class["dos-flood"]["flows"].as_u64() > Some(1_000));
    assert!(by_class["scan"]["flows"].as_u64() > Some(150));
}

#[test]
fn the_same_capture_gives_the_same_incidents_however_the_work_is_shared() {
    let once = demo();
    assert!(!once.is_empty());
    for more in [&[][..], &["--shards", "2"], &["--inference-threads", "3"], &["--speed", "40"]] {
        assert_eq!(incidents(Path::new(DEMO), more), once, "{more:?}");
    }
}

/// The library is not part of the project: `ORT_DYLIB_PATH` says where one is.
#[test]
fn both_backends_give_the_same_incidents() {
    let Some(library) = std::env::var_os("ORT_DYLIB_PATH") else {
        println!("skipped: no ORT_DYLIB_PATH");
        return;
    };
    let library = library.to_str().expect("a path in UTF-8");
    let other = incidents(Path::new(DEMO), &["--ort-lib", library]);
    let without = |incidents: Vec<Value>, key: &str| {
        let drop = |mut one: Value| {
            one.as_object_mut().expect("an object").remove(key);
            one
        };
        incidents.into_iter().map(drop).collect::<Vec<_>>()
    };
    assert_eq!(without(other, "score"), without(demo(), "score"));
}

#[test]
fn shifting_all_times_changes_only_times_and_ids() {
    let folder = Folder::new();
    let mut capture = frames();
    for record in &mut capture.records {
        record.at += 3 * 86_400_000_000 + 1_234_567;
    }
    assert_eq!(said(&incidents(&written(&folder, &capture), &[])), said(&demo()));
}

#[test]
fn renaming_all_addresses_changes_only_addresses_and_ids() {
    let folder = Folder::new();
    let mut capture = frames();
    let mut names: HashMap<[u8; 4], [u8; 4]> = HashMap::new();
    for record in &mut capture.records {
        if record.bytes.get(20).is_none_or(|first| first >> 4 != 4) {
            continue;
        }
        for at in [32, 36] {
            let Some(field) = record.bytes.get_mut(at..at + 4) else { continue };
            let address = <[u8; 4]>::try_from(&*field).expect("four bytes");
            let number = u32::try_from(names.len() + 1).expect("few hosts");
            let name = *names.entry(address).or_insert((number * 0x0003_0d41).to_be_bytes());
            field.copy_from_slice(&name);
        }
    }
    assert!(names.len() > 10);
    assert_eq!(said(&incidents(&written(&folder, &capture), &[])), said(&demo()));
}

#[test]
fn verdicts_are_printed_one_for_each_flow_that_ended() {
    let outcome = detect([DEMO, "--verdicts", "--format", "json"]).expect(0);
    let text = String::from_utf8(outcome.stdout).expect("UTF-8");
    let verdicts: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("a JSON object")).collect();
    assert!(verdicts.len() > 5_000, "{}", verdicts.len());
    for verdict in &verdicts {
        let probabilities = verdict["probabilities"].as_object().expect("an object");
        let sum: f64 = probabilities.values().filter_map(Value::as_f64).sum();
        assert!((sum - 1.0).abs() < 0.002, "{verdict:#}");
    }
}

/// What is said beside the incidents of a capture.
fn aside(path: &Path) -> String {
    detect([path]).expect(0).stderr
}

#[test]
fn a_network_unlike_the_training_is_told_of() {
    let folder = Folder::new();
    // Nothing but names that are looked up.
    let asked = (0..2_600_u16).flat_map(|number| {
        let talk = Talk::v4(10_000 + number, 53);
        let at = ms(200) * i64::from(number);
        [(at, talk.ask_udp(40)), (at + ms(2), talk.answer_udp(120))]
    });
    let capture = Capture::ethernet(&asked.collect::<Vec<_>>());
    let said = aside(&written(&folder, &capture));
    assert!(said.starts_with("weir: unlike training "), "{said}");
}
