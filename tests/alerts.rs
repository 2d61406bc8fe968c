//! `weir alerts`, `weir outbox` and `weir audit` on a database that an engine works on.

mod support;

use std::process::Command;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;
use serde_json::Value;
use support::ledger::{Ledger, incident};
use support::terminal::Terminal;
use weir::detect::Class;
use weir::incident::{Incident, Severity, SinkName, Who, WhoKind, Workload};

/// Ids that begin alike, and one that does not.
const FLOOD: u64 = 0x5f1c_0000_0000_0001;
const SCAN: u64 = 0x5f1d_0000_0000_0002;
const OLD: u64 = 0xa000_0000_0000_0003;

const HOUR_US: i64 = 3_600_000_000;

/// A flood and a scan of the last hour, and a guessing of three days ago.
fn ledger() -> Ledger {
    let mut ledger = Ledger::new();
    let now_us = Timestamp::now().as_microsecond();
    ledger.keep([
        incident(OLD, Class::BruteForce, Severity::Medium, now_us - 72 * HOUR_US),
        incident(SCAN, Class::Scan, Severity::Low, now_us - HOUR_US / 2),
        incident(FLOOD, Class::DosFlood, Severity::Critical, now_us - HOUR_US / 4),
    ]);
    ledger
}

/// The first words of the lines below the first.
fn firsts(table: &str) -> Vec<&str> {
    table.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect()
}

fn objects(lines: &str) -> Vec<Value> {
    lines.lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect()
}

/// Who runs the tests, as the system calls it.
fn me() -> String {
    let output = Command::new("id").arg("-un").output().expect("`id` runs");
    String::from_utf8(output.stdout).expect("a name").trim().to_owned()
}

#[test]
fn alerts_are_listed_newest_first_in_columns_for_other_programs() {
    let ledger = ledger();
    let table = ledger.done("alerts list");
    assert_eq!(firsts(&table), ["5f1c000000000001", "5f1d000000000002", "a000000000000003"]);
    let flood = table.lines().nth(1).unwrap();
    let words: Vec<_> = flood.split_whitespace().collect();
    let known = ["5f1c000000000001", "critical", "dos-flood", "→", "192.0.2.10:80", "412", "0.980"];
    assert_eq!(words[..7], known, "{flood}");
    assert!(words[7] == "open" && words[8].ends_with('Z'), "{flood}");
    assert!(!table.contains('\u{1b}') && !table.contains('…'), "{table}");
}

#[test]
fn what_is_asked_for_narrows_the_list() {
    let ledger = ledger();
    for (asked, ids) in [
        ("--since 2h", &["5f1c000000000001", "5f1d000000000002"][..]),
        ("--since 1d --severity medium", &["5f1c000000000001"]),
        ("--severity medium", &["5f1c000000000001", "a000000000000003"]),
        ("--class scan", &["5f1d000000000002"]),
        ("--status resolved", &[]),
        ("--filter class:dos*", &["5f1c000000000001"]),
        ("severity<critical age<1d", &["5f1d000000000002"]),
        ("class:dos* or class:scan", &["5f1c000000000001", "5f1d000000000002"]),
    ] {
        let said = ledger.weir(&format!("alerts list {asked}"));
        assert_eq!((said.status, firsts(&said.out)), (Some(0), ids.to_vec()), "{asked}: {said:?}");
        assert_eq!(said.err.contains("no alert fits"), ids.is_empty(), "{asked}: {said:?}");
    }
    let moment = Timestamp::now() - SignedDuration::from_hours(24);
    assert_eq!(firsts(&ledger.done(&format!("alerts list --since {moment}"))).len(), 2);
}

#[test]
fn who_is_in_the_cluster_is_called_by_its_name_and_found_by_it() {
    let mut ledger = Ledger::new();
    let now_us = Timestamp::now().as_microsecond();
    let mut flood = incident(FLOOD, Class::DosFlood, Severity::Critical, now_us - HOUR_US);
    let who = Who {
        kind: WhoKind::Pod,
        namespace: "shop".into(),
        name: "web-7f9c".into(),
        workload: Some(Workload { kind: "Deployment".into(), name: "web".into() }),
        service: Some("front".into()),
    };
    flood.names.add(flood.pivot, &Arc::new(who));
    ledger.keep([flood, incident(OLD, Class::BruteForce, Severity::Low, now_us - HOUR_US)]);
    for filter in ["dst:shop/web", "host:shop/*", "dst:shop/front", "namespace:shop", "web-7f9c"] {
        let table = ledger.done(&format!("alerts list {filter}"));
        assert_eq!(firsts(&table), ["5f1c000000000001"], "{filter}");
        assert!(table.contains("→ shop/web:80"), "{table}");
    }
    let shown = ledger.done("alerts show 5f1c");
    for part in ["192.0.2.10", "pod shop/web-7f9c of Deployment web, behind service front"] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    let [alert] = &objects(&ledger.done("alerts show 5f1c --format json"))[..] else {
        panic!("one object")
    };
    assert_eq!(alert["names"][0]["namespace"], "shop");
    assert_eq!(alert["message"], "critical dos-flood of shop/web:80 by 192.0.2.66 (412 flows)");
}

#[test]
fn a_list_that_is_cut_says_so() {
    let said = ledger().weir("alerts list --limit 2 --format json");
    assert_eq!((said.status, objects(&said.out).len()), (Some(0), 2));
    assert_eq!(said.err, "weir: there are more; `--limit` shows them\n");
}

#[test]
fn for_programs_an_alert_is_an_object_a_line() {
    let ledger = ledger();
    let [flood, ..] = &objects(&ledger.done("alerts list --format json"))[..] else { panic!() };
    assert_eq!((&flood["id"], &flood["class"]), (&"5f1c000000000001".into(), &"dos-flood".into()));
    let shown = ledger.done("alerts show 5f1c --format json");
    assert_eq!(objects(&shown), std::slice::from_ref(flood));
}

#[test]
fn a_filter_that_is_none_is_shown_with_its_place() {
    let ledger = ledger();
    for verb in ["alerts list", "alerts mute --for 2h --reason x"] {
        let said = ledger.refused(&format!("{verb} dst:192.0.2.10 clas:scan"), 64);
        let lines: Vec<_> = said.lines().collect();
        assert!(lines[0].starts_with("weir: read the filter: there is no key `clas`"), "{said}");
        assert_eq!(lines[1..], ["  dst:192.0.2.10 clas:scan", "                 ^^^^"], "{said}");
    }
    assert!(ledger.refused("alerts list --since yesterday", 64).contains("2h or 7d"));
    assert!(ledger.refused("alerts list --status closed", 64).contains("acknowledged"));
}

#[test]
fn the_beginning_of_an_id_will_do_where_it_is_of_one_alert() {
    let ledger = ledger();
    assert!(ledger.done("alerts show A0").contains("MEDIUM brute-force"));
    let said = ledger.refused("alerts show 5f1", 65);
    let ids = "several ids begin so:\n  5f1c000000000001\n  5f1d000000000002\n";
    assert!(said.ends_with(ids), "{said}");
    for unknown in ["7", "5f1c0000000000011", "x", "%"] {
        let said = ledger.refused(&format!("alerts show {unknown}"), 65);
        assert_eq!(
            said,
            format!("weir: find alert `{unknown}`: no id in the database begins so\n")
        );
    }
    // Where one of several is mistyped, nothing is done.
    ledger.refused("alerts ack 5f1c 7", 65);
    assert!(!ledger.done("alerts list").contains("acknowledged"));
}

#[test]
fn what_people_do_about_an_alert_is_seen_in_list_show_outbox_and_audit() {
    let ledger = ledger();
    let me = me();
    let said = ledger.done("alerts ack 5f1c");
    let taken = "alert 5f1c000000000001 (critical dos-flood, 192.0.2.10) acknowledged by";
    assert!(said.starts_with(&format!("{taken} {me} at 20")), "{said}");
    assert_eq!(ledger.done("alerts ack 5f1c"), said, "to do it again changes nothing");
    assert!(
        ledger.done("alerts list --status acknowledged").contains(&format!("acknowledged by {me}"))
    );
    assert!(ledger.done("alerts show 5f1c").contains(&format!("acknowledged  by {me}, 20")));

    ledger.done("alerts resolve 5f1c 5f1d");
    let listed = ledger.done("alerts list --status resolved");
    assert_eq!(listed.matches(&format!("resolved by {me}")).count(), 2, "{listed}");
    let said = ledger.refused("alerts ack 5f1c", 65);
    assert_eq!(said, "weir: acknowledge alert 5f1c000000000001: it is resolved\n");

    let news: Vec<_> = objects(&ledger.done("outbox list --format json"))
        .iter()
        .filter(|entry| entry["alert"] == "5f1c000000000001")
        .map(|entry| entry["news"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(news, ["opened", "acknowledged", "resolved"]);

    let records = objects(&ledger.done("audit --format json"));
    let deeds: Vec<_> = records.iter().map(|record| record["what"].as_str().unwrap()).collect();
    assert_eq!(deeds, ["alert.resolve", "alert.resolve", "alert.ack"]);
    assert!(records.iter().all(|record| record["who"] == *me && record["from"] == "command line"));
    let table = ledger.done("audit list --limit 1");
    assert_eq!(firsts(&table), ["3"]);
    assert!(
        table.contains("5f1d000000000002  ") && table.contains("status open → resolved"),
        "{table}"
    );
}

#[test]
fn a_mute_keeps_alerts_from_sinks_until_it_ends_and_counts_what_it_hid() {
    let mut ledger = ledger();
    let muting =
        ["alerts", "mute", "class:web-attack", "--for", "2h", "--reason", "a scan of our own"];
    let said = ledger.run(&muting);
    assert!(said.out.starts_with("mute 1: class:web-attack, until 20"), "{said:?}");
    ledger.keep([incident(9, Class::WebAttack, Severity::High, 1_600_000_000_000_000)]);

    let alert = ledger.done("alerts show 0000");
    assert!(alert.contains("muted         by mute 1\n"), "{alert}");
    assert!(ledger.done("alerts list class:web-attack").contains("open, muted"));
    assert!(!ledger.done("outbox list").contains("web-attack"));
    let [mute] = objects(&ledger.done("alerts mutes --format json")).try_into().unwrap();
    assert_eq!((&mute["hidden"], &mute["author"]), (&1.into(), &me().into()));
    assert!(ledger.done("alerts mutes").contains("a scan of our own"));

    let said = ledger.done("alerts unmute 1");
    assert_eq!(said, "mute 1: class:web-attack, ended; it hid 1 alert\n");
    assert_eq!(firsts(&ledger.done("alerts mutes")), [""; 0]);
    assert_eq!(firsts(&ledger.done("alerts mutes --all")), ["1"]);
    assert_eq!(
        ledger.refused("alerts unmute 1", 65),
        "weir: end mute 1: there is none that goes on\n"
    );
}

#[test]
fn a_mute_of_everything_or_without_an_end_is_none() {
    let ledger = ledger();
    for (filter, span, why) in [
        ("", "2h", "the filter lets everything through"),
        ("class:scan", "0s", "expected a span of time"),
        ("class:scan", "900d", "within a year"),
    ] {
        let said = ledger.run(&["alerts", "mute", filter, "--for", span, "--reason", "x"]);
        assert!(said.status == Some(64) && said.err.contains(why), "{said:?}");
    }
    assert!(ledger.refused("alerts mute class:scan --for 2h", 64).contains("--reason"));
}

#[test]
fn what_a_sink_refused_is_seen_and_tried_again_on_command() {
    let ledger = ledger();
    let mut outbox = ledger.outbox();
    let entries = outbox.next(SinkName::Slack, i64::MAX, 10).unwrap();
    for entry in &entries {
        outbox.park(entry, "hooks.example answered 404: no_service\u{1b}[2J").unwrap();
    }
    let sinks = ledger.done("outbox");
    assert_eq!(firsts(&sinks), ["slack"]);
    assert!(sinks.contains("no_service"), "{sinks}");
    let listed = ledger.done("outbox list --sink slack");
    assert_eq!(listed.matches("parked").count(), 3, "{listed}");
    assert!(!listed.contains('\u{1b}') && ledger.done("outbox list --limit 3").contains("404"));
    let alert = ledger.done("alerts show 5f1c");
    assert!(alert.contains("parked since 20") && alert.contains("no_service"), "{alert}");

    let first = entries.first().unwrap().seq;
    assert_eq!(ledger.done(&format!("outbox retry {first}")), "1 entry will be tried again\n");
    let said = ledger.refused(&format!("outbox retry {first}"), 65);
    assert_eq!(said, format!("weir: retry entry {first} of the outbox: it is not parked\n"));
    assert_eq!(ledger.done("outbox retry slack"), "2 entries will be tried again\n");
    assert_eq!(ledger.done("outbox retry --all"), "0 entries will be tried again\n");
    assert!(!ledger.done("outbox list").contains("parked"));
    assert_eq!(ledger.done("audit").matches("outbox.retry").count(), 2);
    for wrong in ["outbox retry", "outbox retry teams", "outbox retry slack --all"] {
        ledger.refused(wrong, 64);
    }
}

#[test]
fn what_was_delivered_is_told_by_the_alert() {
    let ledger = ledger();
    let mut outbox = ledger.outbox();
    let entries = outbox.next(SinkName::Slack, i64::MAX, 10).unwrap();
    outbox.delivered(&entries, None).unwrap();
    let alert = ledger.done("alerts show 5f1c");
    assert!(alert.contains("told that it is open, critical dos-flood"), "{alert}");
    let said = ledger.weir("outbox list");
    assert_eq!((said.status, &*said.out, &*said.err), (Some(0), "", "weir: nothing waits\n"));
}

#[test]
fn the_audit_chain_is_whole_until_somebody_changes_it() {
    let ledger = ledger();
    for line in ["alerts ack 5f1c", "alerts ack 5f1d", "alerts resolve 5f1c"] {
        ledger.done(line);
    }
    let whole = ledger.done("audit verify");
    let fact = |name: &str| {
        let line = whole.lines().find(|line| line.trim_start().starts_with(name)).unwrap();
        line.split_whitespace().last().unwrap().to_owned()
    };
    assert_eq!([fact("chain"), fact("records")], ["whole", "3"]);
    let head = fact("head");
    assert_eq!(head.len(), 64);
    ledger.done("alerts resolve 5f1d");
    let later = ledger.done(&format!("audit verify --head {}", head.to_uppercase()));
    assert!(later.contains("is that of record 3"), "{later}");
    let other = "ab".repeat(32);
    let said = ledger.weir(&format!("audit verify --head {other}"));
    assert!(said.status == Some(65) && said.err.contains("the chain was made anew"), "{said:?}");
    assert!(ledger.refused("audit verify --head abc", 64).contains("64 hexadecimal digits"));
}

#[test]
fn a_chain_that_somebody_changed_is_broken_where_he_did() {
    for (tampering, fault) in [
        ("UPDATE audit SET who = 'nobody' WHERE seq = 2", "record 2 is not the one"),
        ("UPDATE audit SET seq = 9 WHERE seq = 1", "record 1 is missing"),
        ("DELETE FROM audit WHERE seq = 3", "record 3 is missing"),
        ("UPDATE audit_head SET records = 5", "record 4 is missing"),
    ] {
        let ledger = ledger();
        for line in ["alerts ack 5f1c", "alerts ack 5f1d", "alerts resolve 5f1c"] {
            ledger.done(line);
        }
        Connection::open(&ledger.path).unwrap().execute(tampering, []).unwrap();
        let said = ledger.weir("audit verify");
        assert_eq!(said.status, Some(65), "{tampering}: {said:?}");
        let told = format!("weir: follow the audit chain: {fault}");
        assert!(said.err.starts_with(&told) && said.out.contains("broken"), "{said:?}");
    }
}

#[test]
fn behind_sudo_the_one_who_typed_it_is_on_record() {
    if me() != "root" {
        println!("skipped: needs root");
        return;
    }
    let ledger = ledger();
    ledger.done("alerts ack 5f1c");
    let behind = [("SUDO_UID", "4242"), ("SUDO_GID", "4242")];
    assert_eq!(ledger.run_with(&["alerts", "resolve", "5f1c"], &behind).status, Some(0));
    let records = objects(&ledger.done("audit --format json"));
    let who: Vec<_> = records.iter().map(|record| record["who"].as_str().unwrap()).collect();
    assert_eq!(who, ["user 4242", "root"]);
}

#[test]
fn without_a_database_a_sentence_says_so_and_none_is_made() {
    let ledger = Ledger::new();
    let other = ledger.path.with_file_name("other.db");
    for line in ["alerts list", "alerts ack 5f", "outbox", "outbox retry --all", "audit verify"] {
        let line = format!("{line} --database {}", other.display());
        let said = ledger.refused(&line, 69);
        assert!(said.contains("it does not exist yet"), "{line}: {said}");
        assert!(!other.exists(), "{line}");
    }
}

#[test]
fn nothing_from_outside_steers_the_terminal() {
    let mut ledger = Ledger::new();
    let mut hostile = incident(1, Class::Scan, Severity::Low, 1_600_000_000_000_000);
    hostile.why[0].text = "\u{1b}]0;owned\u{7}\u{202e}".into();
    ledger.keep([Incident { target_port: None, ..hostile }]);
    let shown = ledger.done("alerts show 0");
    assert!(shown.contains("owned") && !shown.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{shown}");
    let said = ledger.run(&["alerts", "show", "\u{1b}[2J"]);
    assert!(said.status == Some(65) && !said.err.contains('\u{1b}'), "{said:?}");
}

#[test]
fn on_a_terminal_the_list_fits_and_packets_are_refused() {
    let ledger = ledger();
    let database = ledger.path.to_str().unwrap();
    let Some(terminal) = Terminal::open(60, 24, &[("WEIR_DATABASE", database)]) else {
        println!("skipped: no tmux");
        return;
    };
    let program = env!("CARGO_BIN_EXE_weir");
    terminal.run(&format!("clear; {program} alerts list; echo end"));
    let screen = terminal.await_text("\nend");
    let lines = screen.lines().filter(|line| line.contains("000000000"));
    assert_eq!(lines.count(), 3, "{screen}");
    assert!(screen.contains("5f1c000000000001  critical"), "{screen}");
    terminal.run(&format!("clear; {program} alerts evidence 5f1c; echo end $?"));
    let screen = terminal.await_text("end 64");
    assert!(screen.contains("write packets to a terminal: name a file"), "{screen}");
}
