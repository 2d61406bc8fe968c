//! Scans that fail: what is said, with which status, and that nothing is left behind.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::support::trivy::{FakeTrivy, eventually};
use crate::{json_of, printed, some};

const USAGE: i32 = 64;
const BAD_DATA: i32 = 65;
const UNAVAILABLE: i32 = 69;
const PERMISSION: i32 = 77;
const INTERRUPTED: i32 = 130;

/// What Trivy says of a registry, where it has tried nothing else.
fn remote(words: &str) -> String {
    format!(
        "Fatal error\timage scan error: scan error: unable to initialize a scanner: unable to \
         initialize an image scanner: unable to find the specified image \"shop/web:1.4\" in \
         [\"remote\"]: 1 error occurred:\n\t* remote error: GET http://registry.test/v2/: {words}\n"
    )
}

#[test]
fn every_failure_has_its_words_and_its_status() {
    let first = "Fatal error\tinit error: DB error: database error: --skip-update cannot be specified on the \
                 first run";
    let unreadable = "Fatal error\tinit error: DB error: error in vulnerability DB initialize: failed to open \
                      db: open /c/db/trivy.db: permission denied";
    for (trivy, status, said) in [
        (first.to_owned(), UNAVAILABLE, "no database of vulnerabilities that it could use"),
        (remote("UNAUTHORIZED: authentication required"), PERMISSION, "its registry refuses it"),
        (remote("DENIED: requested access to the resource is denied"), PERMISSION, "refuses it"),
        (remote("MANIFEST_UNKNOWN: manifest unknown"), BAD_DATA, "its registry does not have it"),
        (remote("no child with platform linux/amd64 in index"), BAD_DATA, "for linux/amd64 is"),
        (remote("TOOMANYREQUESTS: rate limit"), UNAVAILABLE, "lets nobody pull so often"),
        (remote("dial tcp: connection refused"), UNAVAILABLE, "registry cannot be reached"),
        (remote("unexpected status code 500"), UNAVAILABLE, "Trivy says: "),
        (unreadable.to_owned(), UNAVAILABLE, "Trivy cannot write where it keeps what it knows"),
        ("Fatal error\tdisk full".to_owned(), UNAVAILABLE, "Trivy says: disk full"),
    ] {
        let outcome = FakeTrivy::failing(&trivy).scan(&["shop/web:1.4"]).expect(status);
        assert!(outcome.stderr.starts_with("weir: scan shop/web:1.4: "), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(said), "`{said}` is missing: {}", outcome.stderr);
        assert_eq!((outcome.stderr.lines().count(), printed(&outcome).as_str()), (1, ""));
    }
}

#[test]
fn what_is_no_report_is_bad_data() {
    for text in ["no JSON", "{}", "{ \"bomFormat\": \"CycloneDX\" }"] {
        let trivy = FakeTrivy::doing(&format!("echo '{text}'"));
        let outcome = trivy.scan(&["web"]).expect(BAD_DATA);
        assert!(outcome.stderr.contains("read what Trivy printed"), "{}", outcome.stderr);
    }
}

#[test]
fn what_is_no_name_of_an_image_never_reaches_trivy() {
    let trivy = FakeTrivy::printing(&some());
    for name in [
        "--config=/etc/passwd",
        "-o",
        "$(touch x)",
        "`touch x`",
        "web;touch x",
        "web\n--output=/etc/passwd",
        "web 1",
        "../web",
        "file:///etc/passwd",
        "",
    ] {
        trivy.scan(&[name]).expect(USAGE);
        let outcome = trivy.scan(&["--", name]).expect(USAGE);
        assert!(outcome.stderr.starts_with("error: "), "{}", outcome.stderr);
    }
    assert_eq!(trivy.runs(), 0);
    trivy.scan(&[]).expect(USAGE);
    trivy.scan(&["web", "--cluster"]).expect(USAGE);
}

#[test]
fn an_image_that_fails_is_told_and_the_others_go_on() {
    let trivy = FakeTrivy::doing(
        "case \"$*\" in\n\
         *shop/bad*) echo 'FATAL Fatal error remote error: UNAUTHORIZED: no' >&2; exit 1;;\n\
         *shop/gone*) echo 'FATAL Fatal error remote error: MANIFEST_UNKNOWN: no' >&2; exit 1;;\n\
         *) cat \"$here/report.json\";;\nesac",
    );
    fs::write(trivy.path("report.json"), some().to_string()).expect("a report");
    let images = ["shop/bad", "shop/web", "shop/gone", "shop/db"];
    // The status is that of the first.
    let outcome = trivy.scan(&images).expect(PERMISSION);
    assert_eq!(trivy.runs(), 4);
    let text = printed(&outcome);
    assert!(text.contains("shop/web\n") && text.contains("shop/db\n"), "{text}");
    assert!(
        text.contains("\n4 images, ") && text.ends_with(", 2 could not be scanned\n"),
        "{text}"
    );
    let said: Vec<_> = outcome.stderr.lines().collect();
    assert_eq!(said.len(), 3, "{said:?}");
    assert!(said[0].starts_with("weir: scan shop/bad: its registry refuses it"), "{said:?}");
    assert!(said[1].starts_with("weir: scan shop/gone: its registry does not have it"), "{said:?}");
    assert_eq!(said[2], "weir: 2 of 4 images could not be scanned");
    let arguments = [&images[..], &["--format", "json", "--fail-on", "low"]].concat();
    let json = json_of(&trivy.scan(&arguments).expect(PERMISSION));
    assert_eq!(json["images"].as_array().map(Vec::len), Some(2));
    assert_eq!(json["failures"][1]["image_name"], "shop/gone");
    let error = json["failures"][1]["error"].as_str().expect("words");
    assert!(error.starts_with("scan shop/gone: its registry does not have it"), "{error}");
}

#[test]
fn without_trivy_or_its_database_no_image_is_tried_in_vain() {
    let trivy = FakeTrivy::printing(&some());
    fs::remove_file(trivy.path("trivy")).expect("our file");
    let outcome = trivy.scan(&["shop/web", "shop/db", "--format", "json"]).expect(UNAVAILABLE);
    assert_eq!(outcome.stderr.matches("there is no program").count(), 1, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("install Trivy (https://trivy.dev)"), "{}", outcome.stderr);
    assert!(outcome.stderr.ends_with("weir: 2 of 2 images could not be scanned\n"));
    let json = json_of(&outcome);
    assert_eq!(json["images"], json!([]));
    assert_eq!(json["failures"].as_array().map(Vec::len), Some(1), "{json}");
    let trivy = FakeTrivy::failing("Fatal error\tinit error: DB error: failed to download");
    trivy.scan(&["shop/web", "shop/db"]).expect(UNAVAILABLE);
    assert_eq!(trivy.runs(), 1);
}

#[test]
fn trivy_that_may_not_be_started_is_no_permission() {
    let trivy = FakeTrivy::printing(&some());
    let program = trivy.path("trivy");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o644)).expect("our file");
    let outcome = trivy.scan(&["web"]).expect(PERMISSION);
    let said = format!("weir: start `{}`: Permission denied", program.display());
    assert!(outcome.stderr.starts_with(&said), "{}", outcome.stderr);
}

#[test]
fn trivy_that_never_ends_is_ended() {
    let trivy = FakeTrivy::endless();
    // It writes down which process it is first, and is given time for that.
    let outcome = trivy.scan(&["shop/web", "--trivy-timeout", "5s"]).expect(UNAVAILABLE);
    let said = "scan shop/web: not done within 5 s while fetching the image: ";
    assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
    assert!(trivy.ends());
}

#[test]
fn an_interrupt_ends_trivy_too() {
    for signal in ["-INT", "-TERM"] {
        let trivy = FakeTrivy::endless();
        let mut weir = trivy.weir(&["shop/web", "shop/db"]);
        let weir = weir.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("weir starts");
        assert!(eventually(|| trivy.runs() == 1), "Trivy was not called");
        let sent = Command::new("kill").args([signal, &weir.id().to_string()]).status();
        assert!(sent.expect("kill").success());
        let output = weir.wait_with_output().expect("weir ends");
        assert_eq!(output.status.code(), Some(INTERRUPTED), "{output:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "weir: interrupted\n");
        assert!(trivy.ends() && output.stdout.is_empty());
    }
}
