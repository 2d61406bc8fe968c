//! `weir scan`, with a program that stands for Trivy, and with Trivy itself where `make oracles` has put
//! it.

#[path = "scan/failures.rs"]
mod failures;
#[path = "scan/real.rs"]
mod real;
#[path = "scan/reports.rs"]
mod reports;
mod support;

use serde_json::{Value, json};
use support::flows::Outcome;
use support::terminal::Terminal;
use support::trivy::{FakeTrivy, report, vulnerability};

const DIGEST: &str = "sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d";

/// An image that is named by its digest.
fn pinned() -> String {
    format!("shop/web:1.4@{DIGEST}")
}

/// A report on one that is critical and can be mended, one that is exploited, and one that is low.
fn some() -> Value {
    let mut exploited = vulnerability("CVE-2024-90004", "HIGH", "5.4.5-r1", "xz lets others in");
    exploited["References"] = json!([
        "https://www.cisa.gov/known-exploited-vulnerabilities-catalog?field_cve=CVE-2024-90004"
    ]);
    let critical = vulnerability("CVE-2024-90001", "CRITICAL", "3.1.4-r6", "a buffer overflows");
    let low = vulnerability("CVE-2024-90003", "LOW", "", "a key takes long to check");
    report(DIGEST, &[low, critical, exploited])
}

fn printed(outcome: &Outcome) -> String {
    String::from_utf8(outcome.stdout.clone()).expect("weir prints UTF-8")
}

fn json_of(outcome: &Outcome) -> Value {
    serde_json::from_slice(&outcome.stdout).expect("one JSON object")
}

#[test]
fn what_was_found_is_shown_with_the_most_urgent_first() {
    let outcome = FakeTrivy::printing(&some()).scan(&["shop/web:1.4"]).expect(0);
    let text = printed(&outcome);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], "shop/web:1.4", "{text}");
    assert_eq!(lines[1], " digest        sha256:3e23e8160039");
    assert_eq!(lines[2], " system        alpine 3.9.4, end of life: nobody mends it any more");
    assert!(lines[3].starts_with(" scanned       20") && !lines[3].contains("kept"), "{text}");
    assert_eq!(
        lines[4..8],
        [
            " found         3: 1 critical, 1 high, 1 low",
            " mendable      2: 1 critical, 1 high",
            " exploited     1, by CISA's catalogue",
            " secrets       1",
        ]
    );
    let words = |line: usize| lines[line].split_whitespace().collect::<Vec<_>>();
    assert_eq!(words(8), ["SEVERITY", "ID", "PACKAGE", "INSTALLED", "FIXED", "TITLE"]);
    assert!(lines[9].starts_with("high, exploited  CVE-2024-90004"), "{text}");
    assert!(lines[10].starts_with("critical         CVE-2024-90001"), "{text}");
    let low =
        "low              CVE-2024-90003  openssl  3.1.4-r5   none      a key takes long to check";
    assert_eq!(lines[11..], [low]);
    // What goes on is told where it is a terminal alone.
    assert_eq!(outcome.stderr, "");
}

#[test]
fn an_image_without_vulnerabilities_is_said_to_have_none() {
    let text = printed(&FakeTrivy::printing(&report(DIGEST, &[])).scan(&["shop/web"]).expect(0));
    assert!(text.contains("\n found         no vulnerabilities, but secrets\n"), "{text}");
    assert!(!text.contains("SEVERITY") && !text.contains("mendable"), "{text}");
    let mut clean = report(DIGEST, &[]);
    clean["Results"][1]["Secrets"] = json!([]);
    // A system that Trivy knows is not blank, whatever is in it.
    let text = printed(&FakeTrivy::printing(&clean).scan(&["shop/web"]).expect(0));
    assert!(text.contains("\n found         no vulnerabilities\n"), "{text}");
}

#[test]
fn of_many_vulnerabilities_fifty_are_listed_and_json_has_them_all() {
    let many = (0..60).map(|number| vulnerability(&format!("CVE-{number}"), "LOW", "", "old"));
    let trivy = FakeTrivy::printing(&report(DIGEST, &many.collect::<Vec<_>>()));
    let text = printed(&trivy.scan(&["shop/web"]).expect(0));
    assert_eq!(text.matches("CVE-").count(), 50, "{text}");
    assert!(text.ends_with("and 10 more, less urgent: `--format json` has all of them\n"));
    let json = json_of(&trivy.scan(&["shop/web", "--format", "json"]).expect(0));
    let list = &json["images"][0]["report"]["Results"][0]["Vulnerabilities"];
    assert_eq!(list.as_array().map(Vec::len), Some(60));
    assert_eq!(json["images"][0]["summary"]["counts"]["low"], 60);
}

#[test]
fn an_image_is_an_argument_that_trivy_takes_for_nothing_else() {
    let trivy = FakeTrivy::printing(&some());
    trivy.scan(&["ghcr.io/shop/web:1.4"]).expect(0);
    let arguments = trivy.arguments();
    assert_eq!(arguments[0], "image");
    assert_eq!(arguments[arguments.len() - 2..], ["--", "ghcr.io/shop/web:1.4"]);
    assert!(arguments.windows(2).any(|two| two == ["--format", "json"]), "{arguments:?}");
}

#[test]
fn settings_reach_trivy() {
    let trivy = FakeTrivy::printing(&some());
    let cache = trivy.path("cache").display().to_string();
    trivy.scan(&["web", "--trivy-offline", "--trivy-cache", &cache]).expect(0);
    let arguments = trivy.arguments();
    assert!(arguments.contains(&"--offline-scan".to_owned()), "{arguments:?}");
    assert!(arguments.windows(2).any(|two| two == ["--cache-dir", &cache]), "{arguments:?}");
    trivy.scan(&["web", "--trivy-server", "http://127.0.0.1:4954"]).expect(0);
    let arguments = trivy.arguments();
    assert!(arguments.windows(2).any(|two| two == ["--server", "http://127.0.0.1:4954"]));
}

#[test]
fn json_has_what_stands_out_and_all_that_trivy_said() {
    let outcome = FakeTrivy::printing(&some()).scan(&["shop/web:1.4", "--format", "json"]);
    let json = json_of(&outcome.expect(0));
    let [image] = json["images"].as_array().expect("a list").as_slice() else { panic!("{json}") };
    assert_eq!(image["image_name"], "shop/web:1.4");
    assert_eq!((&image["digest"], &image["is_kept"]), (&DIGEST.into(), &false.into()));
    let at = image["scanned_at"].as_str().expect("a time");
    assert!(at.parse::<jiff::Timestamp>().is_ok() && at.ends_with('Z'), "{at}");
    assert_eq!(image["report"], some());
    let summary = &image["summary"];
    assert_eq!(summary["os"], "alpine 3.9.4");
    assert_eq!((&summary["is_end_of_life"], &summary["secrets"]), (&true.into(), &1.into()));
    let counts = json!({ "critical": 1, "high": 1, "medium": 0, "low": 1, "unknown": 0 });
    assert_eq!((&summary["counts"], &summary["exploited"]), (&counts, &1.into()));
    assert_eq!(summary["urgent"][0]["id"], "CVE-2024-90004");
    assert_eq!((&image["workloads"], &json["failures"]), (&json!([]), &json!([])));
}

#[test]
fn what_is_less_severe_can_be_left_out() {
    let trivy = FakeTrivy::printing(&some());
    let text = printed(&trivy.scan(&["web", "--severity", "high"]).expect(0));
    assert!(text.contains(" found         3: 1 critical, 1 high, 1 low\n"), "{text}");
    assert!(!text.contains("CVE-2024-90003"), "{text}");
    assert!(text.ends_with("\n1 less severe left out\n"), "{text}");
    let json =
        json_of(&trivy.scan(&["web", "--severity", "critical", "--format", "json"]).expect(0));
    let list = &json["images"][0]["report"]["Results"][0]["Vulnerabilities"];
    assert_eq!(list.as_array().map(Vec::len), Some(1));
    let summary = &json["images"][0]["summary"];
    let counts = json!({ "critical": 1, "high": 1, "medium": 0, "low": 1, "unknown": 0 });
    assert_eq!((&summary["counts"], &json["images"][0]["left_out"]), (&counts, &2.into()));
    assert_eq!(summary["urgent"].as_array().map(Vec::len), Some(1));
}

#[test]
fn what_is_left_out_is_not_said_to_be_none() {
    let low = vulnerability("CVE-2024-90003", "LOW", "", "a key takes long to check");
    let trivy = FakeTrivy::printing(&report(DIGEST, &[low]));
    let text = printed(&trivy.scan(&["web", "--severity", "critical"]).expect(0));
    assert!(text.contains(" found         1: 1 low\n"), "{text}");
    assert!(!text.contains("no vulnerabilities") && !text.contains("SEVERITY"), "{text}");
    assert!(text.ends_with("\n1 less severe left out\n"), "{text}");
}

#[test]
fn an_old_database_is_a_warning() {
    let script = "cat \"$here/report.json\"";
    let trivy = FakeTrivy::doing(script);
    std::fs::write(trivy.path("report.json"), some().to_string()).expect("a report");
    let database = trivy.path("cache/db");
    std::fs::create_dir_all(&database).expect("a folder");
    // A database with anything in it.
    std::fs::write(database.join("trivy.db"), vec![0; 1 << 16]).expect("a database");
    let cache = trivy.path("cache").display().to_string();
    let said = |made: &str| {
        let metadata = json!({ "Version": 2, "UpdatedAt": made }).to_string();
        std::fs::write(database.join("metadata.json"), metadata).expect("its metadata");
        printed(&trivy.scan(&["web", "--trivy-offline", "--trivy-cache", &cache]).expect(0))
    };
    let text = said("2020-11-01T00:00:00Z");
    let words = " database      of 2020-11-01: what became known since is not in it\n";
    assert!(text.contains(words), "{text}");
    let text = said(&jiff::Timestamp::now().to_string());
    assert!(!text.contains(" database "), "{text}");
}

#[test]
fn findings_are_a_failure_only_where_that_is_asked() {
    let trivy = FakeTrivy::printing(&report(
        DIGEST,
        &[vulnerability("CVE-2024-90002", "HIGH", "", "awk uses memory after it is freed")],
    ));
    let status = |arguments: &[&str]| trivy.scan(&[&["web"][..], arguments].concat()).status;
    assert_eq!(status(&[]), Some(0));
    assert_eq!(status(&["--fail-on", "critical"]), Some(0));
    assert_eq!(status(&["--fail-on", "high"]), Some(1));
    assert_eq!(status(&["--fail-on", "low", "--severity", "critical"]), Some(1), "shown or not");
    assert_eq!(status(&["--fail-on", "awful"]), Some(64));
    let outcome = trivy.scan(&["web", "--fail-on", "low"]).expect(1);
    assert!(printed(&outcome).contains("CVE-2024-90002"));
    assert_eq!(outcome.stderr, "");
}

#[test]
fn the_report_on_a_digest_is_kept_and_a_tag_is_asked_for_again() {
    let trivy = FakeTrivy::printing(&some());
    trivy.scan(&[&pinned()]).expect(0);
    let again = printed(&trivy.scan(&[&pinned()]).expect(0));
    assert_eq!(trivy.runs(), 1);
    assert!(again.contains(" ago: a report that was kept\n"), "{again}");
    let json = json_of(&trivy.scan(&[&pinned(), "--format", "json"]).expect(0));
    assert_eq!((trivy.runs(), &json["images"][0]["is_kept"]), (1, &true.into()));
    assert_eq!(json["images"][0]["report"], some());
    trivy.scan(&[&pinned(), "--fresh"]).expect(0);
    assert_eq!(trivy.runs(), 2);
    for runs in 3..5 {
        let text = printed(&trivy.scan(&["shop/web:1.4"]).expect(0));
        assert_eq!((trivy.runs(), text.contains("kept")), (runs, false));
    }
}

#[test]
fn several_images_are_told_one_below_the_other_with_what_came_of_all() {
    let trivy = FakeTrivy::printing(&some());
    let text = printed(&trivy.scan(&["shop/web", "shop/db"]).expect(0));
    let (web, db) = (text.find("shop/web\n"), text.find("\n\nshop/db\n"));
    assert!(web == Some(0) && db.is_some(), "{text}");
    let summary = "2 images, 2 with critical vulnerabilities (2 of them mendable), 2 with \
                   vulnerabilities that are exploited\n";
    assert!(text.ends_with(&format!("\n\n{summary}")), "{text}");
}

#[test]
fn what_a_report_says_does_not_steer_the_terminal() {
    let title = "a\u{1b}[2Jb\u{9b}c\u{202e}d\ne";
    let mut report = report(DIGEST, &[vulnerability("CVE-\u{1b}[31m1", "HIGH", "1\u{7}", title)]);
    report["Metadata"]["OS"]["Name"] = "3\u{1b}]0;x\u{7}".into();
    let trivy = FakeTrivy::printing(&report);
    for format in ["text", "json"] {
        let text = printed(&trivy.scan(&["web", "--format", format]).expect(0));
        let steers = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(text.contains("CVE-") && !text.contains(steers), "{format}: {text:?}");
    }
    let json = json_of(&trivy.scan(&["web", "--format", "json"]).expect(0));
    assert_eq!(json["images"][0]["report"], report, "it is the same value");
}

#[test]
fn a_terminal_shows_what_is_being_done() {
    let Some(terminal) = Terminal::open(80, 24, &[]) else {
        println!("skipped: no tmux");
        return;
    };
    let trivy = FakeTrivy::doing("sleep 2; cat \"$here/report.json\"");
    std::fs::write(trivy.path("report.json"), some().to_string()).expect("a report");
    let weir = env!("CARGO_BIN_EXE_weir");
    let [program, database] = ["trivy", "state/weir.db"].map(|name| trivy.path(name));
    let (program, database) = (program.display(), database.display());
    terminal
        .run(&format!("clear; {weir} scan shop/web:1.4 --trivy {program} --database {database}"));
    terminal.await_text("1 of 1: shop/web:1.4: fetching the image");
    let screen = terminal.await_text("a key takes");
    assert!(!screen.contains("1 of 1"), "{screen}");
    assert!(screen.contains("SEVERITY") && screen.contains("FIXED"), "{screen}");
}
