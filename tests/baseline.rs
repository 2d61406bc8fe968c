//! `weir baseline` and `weir alerts feedback`: what is usual here makes no incident any more.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use serde_json::Value;
use support::engine::{DEMO, Engine, await_some, database};
use support::flows::Folder;
use support::ledger::{Ledger, incident};
use support::user::add_user;
use weir::detect::{Class, Weight};
use weir::flow::FlowId;
use weir::incident::{FlowSpan, Incident, IncidentId, Severity};
use weir::packet::{Tuple, protocol};
use weir::store::Changes;

const FLOOD: u64 = 0x5f1c_0000_0000_0001;
const SCAN: u64 = 0x5f1d_0000_0000_0002;
const OLD: u64 = 0xa000_0000_0000_0003;

const NOW_US: i64 = 1_600_000_000_000_000;

/// A flood whose flows are known, a scan, and an alert that an older version found.
fn ledger() -> Ledger {
    let mut ledger = Ledger::new();
    let flood = incident(FLOOD, Class::DosFlood, Severity::Critical, NOW_US);
    let tuple = Tuple {
        source: flood.sources.listed[0],
        target: flood.pivot,
        source_port: 40_000,
        target_port: 80,
        protocol: protocol::TCP,
        icmp_type: 0,
    };
    let old = incident(OLD, Class::BruteForce, Severity::Low, NOW_US);
    ledger.keep([
        flood,
        incident(SCAN, Class::Scan, Severity::Low, NOW_US),
        Incident { weight: Weight::ZERO, ..old },
    ]);
    let span = FlowSpan { id: FlowId(7), tuple, first_us: NOW_US, last_us: NOW_US + 1 };
    let spans = [(IncidentId(FLOOD), span)];
    let changes = Changes { incidents: &[], spans: &spans, events: &[] };
    ledger.store.apply(&changes).expect("the database takes them");
    ledger
}

fn objects(lines: &str) -> Vec<Value> {
    lines.lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect()
}

/// What is accepted: class, place and nats.
fn accepted(ledger: &Ledger) -> Vec<(String, String, f64)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let one = |row: &Value| {
        (text(&row["class"]), text(&row["place"]), row["accepted"].as_f64().expect("nats"))
    };
    objects(&ledger.weir("baseline show --format json").out).iter().map(one).collect()
}

#[test]
fn an_alert_that_was_none_is_said_to_be_so_and_stays_open() {
    let ledger = ledger();
    let said = ledger.weir("alerts feedback 5f1c 5f1d --false");
    assert_eq!(said.status, Some(0), "{said:?}");
    let first = said.out.lines().next().unwrap_or_default();
    let words =
        "alert 5f1c000000000001 (critical dos-flood, 192.0.2.10) is a false alarm, said by ";
    assert!(first.starts_with(words), "{said:?}");
    let hint = "weir: alert 5f1c000000000001 is still open; `weir alerts resolve 5f1c000000000001` ends it";
    assert!(said.err.contains(hint), "{said:?}");
    let shown = ledger.done("alerts show 5f1c");
    assert!(shown.contains("evidence      42.1 nats within a minute at most"), "{shown}");
    assert!(shown.contains("feedback      a false alarm, by "), "{shown}");
    assert_eq!(
        accepted(&ledger),
        [
            ("dos-flood".to_owned(), "80/tcp".to_owned(), 42.1),
            ("scan".to_owned(), "192.0.2.66".to_owned(), 42.1),
        ]
    );
    let table = ledger.weir("baseline show").out;
    let flood: Vec<_> = table.lines().nth(1).unwrap_or_default().split_whitespace().collect();
    let known = ["dos-flood", "80/tcp", "42.1", "63.1", "alert", "5f1c000000000001"];
    assert_eq!(flood[..6], known, "{table}");
    assert!(ledger.done("audit").contains("feedback none → false"));

    ledger.done("alerts resolve 5f1c");
    let again = ledger.done("alerts feedback 5f1c --false");
    assert_eq!(again.trim_end(), first, "to say it again changes nothing");
    ledger.done("alerts feedback 5f1c --true");
    assert!(ledger.done("alerts show 5f1c").contains("feedback      an attack, by "));
    assert_eq!(accepted(&ledger).len(), 1);
}

#[test]
fn feedback_is_one_of_two_and_is_not_guessed() {
    let ledger = ledger();
    for wrong in
        ["alerts feedback 5f1c", "alerts feedback 5f1c --false --true", "alerts feedback --false"]
    {
        ledger.refused(wrong, 64);
    }
    let said = ledger.refused("alerts feedback a000 --false", 65);
    assert!(said.contains("an older weir found it") && said.contains("baseline learn"), "{said}");
    ledger.refused("alerts feedback 5f1c 7 --false", 65);
    assert!(accepted(&ledger).is_empty(), "where one of several is mistyped, nothing is done");
}

#[test]
fn what_is_accepted_is_forgotten_by_class_and_place() {
    let ledger = ledger();
    let said = ledger.weir("baseline show");
    assert!(said.out.is_empty() && said.err.contains("nothing is accepted yet"), "{said:?}");
    ledger.weir("alerts feedback 5f1c 5f1d --false");
    assert!(ledger.refused("baseline forget --place web", 64).contains("80/tcp"));
    let none = ledger.done("baseline forget --place 81/tcp");
    assert_eq!(none, "what was accepted at 0 places is forgotten\n");
    assert_eq!(
        ledger.done("baseline forget --class dos-flood --place 80/tcp"),
        "what was accepted at 1 place is forgotten\n"
    );
    assert_eq!(accepted(&ledger).len(), 1);
    ledger.done("baseline forget");
    assert!(accepted(&ledger).is_empty());
    assert_eq!(ledger.done("audit").matches("baseline.forget").count(), 2);
}

#[test]
fn nothing_from_outside_steers_the_terminal() {
    let ledger = ledger();
    ledger.weir("alerts feedback 5f1d --false");
    let connection = rusqlite::Connection::open(&ledger.path).expect("the database opens");
    connection.execute("UPDATE lessons SET author = '\u{1b}[2Jme'", []).expect("it is ours");
    let shown = ledger.weir("baseline show").out;
    assert!(shown.contains("me") && !shown.contains('\u{1b}'), "{shown}");
}

/// Incidents that `weir detect` finds in the bundled capture, with what is accepted left out or not.
fn detected(ledger: &Ledger, more: &str) -> Vec<Value> {
    let said = ledger.weir(&format!("detect {DEMO} --format json {more}"));
    assert_eq!(said.status, Some(0), "{said:?}");
    objects(&said.out)
}

#[test]
fn what_a_capture_taught_is_no_incident_in_it_any_more() {
    let ledger = Ledger::new();
    let found = detected(&ledger, "");
    assert!(!found.is_empty());
    let said = ledger.weir(&format!("baseline learn {DEMO}"));
    assert_eq!(said.status, Some(0), "{said:?}");
    let told: BTreeSet<_> =
        said.out.lines().filter_map(|line| line.split_whitespace().next()).collect();
    for one in &found {
        let class = one["class"].as_str().expect("a class");
        assert!(told.contains(class), "{class} in {said:?}");
    }
    assert!(said.out.contains("would have been an incident"), "{said:?}");
    assert!(said.err.contains("is accepted too"), "{said:?}");
    assert_eq!(detected(&ledger, "--baseline"), [Value::Null; 0]);
    assert_eq!(detected(&ledger, "").len(), found.len(), "it is not heeded unless that is asked");
    ledger.done("baseline forget");
    assert_eq!(detected(&ledger, "--baseline").len(), found.len());
}

#[test]
fn what_feedback_says_of_alerts_is_no_incident_in_the_same_traffic_any_more() {
    let folder = Folder::for_anyone();
    // Whom root becomes for verbs makes the database, so that all may use it.
    add_user(&folder, "viewer");
    let engine = Engine::start(&folder);
    let ask = |line: &str| {
        let mut weir = Command::new(env!("CARGO_BIN_EXE_weir"));
        weir.args(line.split_ascii_whitespace()).env_clear();
        let output = weir.env("WEIR_DATABASE", database(&folder)).output().expect("weir starts");
        String::from_utf8(output.stdout).expect("weir prints UTF-8")
    };
    let found = objects(&ask(&format!("detect {DEMO} --format json")));
    // All that the flood weighs is known once the capture is read to its end.
    let weighs = |one: &Value| (one["id"].to_string(), one["weight"].to_string());
    let expected: BTreeSet<_> = found.iter().map(weighs).collect();
    await_some("the incidents of the capture", || {
        let alerts = objects(&ask("alerts list --format json"));
        (alerts.iter().map(weighs).collect::<BTreeSet<_>>() == expected).then_some(())
    });
    for one in &found {
        let id = one["id"].as_str().expect("an id");
        assert!(ask(&format!("alerts feedback {id} --false")).contains("is a false alarm"));
    }
    engine.stop();
    assert_eq!(ask(&format!("detect {DEMO} --format json --baseline")), "");
}

#[test]
fn learning_makes_a_database_where_there_is_none() {
    let ledger = Ledger::new();
    let other = ledger.beside("new").join("weir.db");
    let line = format!("baseline learn {DEMO} --database {}", other.display());
    let said = ledger.weir(&line);
    assert_eq!((said.status, fs::exists(&other).ok()), (Some(0), Some(true)), "{said:?}");
}

#[test]
fn a_capture_that_is_none_teaches_nothing() {
    let ledger = Ledger::new();
    let said = ledger.refused("baseline learn /nonexistent.pcap", 74);
    assert!(said.contains("/nonexistent.pcap"), "{said}");
    assert!(accepted(&ledger).is_empty());
}
