//! `weir doctor` through the binary: what it prints, and how it ends.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// `weir doctor` without settings of this machine; loopback stands for the interface.
fn doctor(database: &Path, arguments: &[&str]) -> Output {
    let mut weir = Command::new(env!("CARGO_BIN_EXE_weir"));
    weir.env_clear().env("HOME", "/nonexistent").arg("doctor").args(arguments);
    weir.arg("--database").arg(database).output().expect("weir starts")
}

fn checks(output: &Output) -> Vec<Value> {
    let report: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    report["checks"].as_array().expect("a list").clone()
}

fn of<'a>(checks: &'a [Value], name: &str) -> &'a Value {
    checks.iter().find(|check| check["check"] == name).unwrap_or_else(|| panic!("no {name}"))
}

#[test]
fn every_part_is_looked_at_and_nothing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("weir.db");
    let output = doctor(&database, &["--format", "json", "--interface", "lo"]);
    let checks = checks(&output);
    let names: Vec<_> = checks.iter().map(|check| check["check"].as_str().unwrap()).collect();
    let all = "libpcap privileges interface model backend database evidence disk sinks secrets cluster \
               tetragon clock terminal";
    assert_eq!(names.join(" "), all);
    for name in ["libpcap", "model", "backend"] {
        assert_eq!(of(&checks, name)["level"], "ok", "{:?}", of(&checks, name));
    }
    assert!(of(&checks, "backend")["found"].as_str().unwrap().starts_with("tract"));
    assert!(fs::read_dir(folder.path()).unwrap().next().is_none());
    let fails = checks.iter().any(|check| check["level"] == "fail");
    assert_eq!(output.status.code(), Some(if fails { 69 } else { 0 }));
}

#[test]
fn what_fails_has_a_mend_and_ends_in_unavailable() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("weir.db");
    fs::write(&database, "no database, but long enough that somebody could think so").unwrap();
    let wrong = ["--interface", "weir-none", "--ort-lib", "/nowhere.so", "--format", "json"];
    let output = doctor(&database, &wrong);
    assert_eq!(output.status.code(), Some(69));
    let checks = checks(&output);
    for name in ["interface", "backend", "database"] {
        let check = of(&checks, name);
        assert_eq!(check["level"], "fail", "{check:?}");
        assert!(check["mend"].as_str().is_some_and(|mend| !mend.is_empty()), "{check:?}");
    }
}

#[test]
fn an_agent_of_tetragon_that_is_not_heard_is_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("weir.db");
    let wanted = ["--tetragon", "127.0.0.1:1", "--tetragon", "file:///nowhere/t.log"];
    let output = doctor(&database, &[&wanted[..], &["--format", "json"]].concat());
    assert_eq!(output.status.code(), Some(69));
    let checks = checks(&output);
    let agents: Vec<_> = checks.iter().filter(|check| check["check"] == "tetragon").collect();
    assert_eq!(agents.len(), 2, "{agents:?}");
    for (agent, place) in agents.iter().zip(["127.0.0.1:1", "/nowhere/t.log"]) {
        assert_eq!(agent["level"], "fail", "{agent}");
        assert!(agent["found"].as_str().unwrap().contains(place), "{agent}");
        assert!(agent["mend"].as_str().is_some_and(|mend| !mend.is_empty()), "{agent}");
    }
    let none = doctor(&database, &["--tetragon", "none", "--format", "json"]);
    let none = self::checks(&none);
    assert_eq!(of(&none, "tetragon")["found"], "none is wanted: `tetragon` is `none`");
}

#[test]
fn for_people_every_check_is_a_line_and_every_mend_another() {
    let folder = tempfile::tempdir().unwrap();
    let output = doctor(&folder.path().join("weir.db"), &["--interface", "weir-none"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("fail  interface   `weir-none` does not exist\n"), "{text}");
    assert!(text.contains("\n                  → name one of "), "{text}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with("weir: weir cannot do all its work here: "), "{said}");
}

#[test]
fn a_key_that_is_none_and_a_secret_that_everybody_reads_are_told_and_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("weir.toml");
    let text = "firebase-url = 'https://x.example'\nfirebase-key-file = '/nowhere/key.json'\n\
                webhook-url = 'https://own.example/hunter2'\n";
    fs::write(&settings, text).unwrap();
    fs::set_permissions(&settings, fs::Permissions::from_mode(0o644)).unwrap();
    let config = ["--format", "json", "--config", settings.to_str().unwrap()];
    let output = doctor(&folder.path().join("weir.db"), &config);
    let checks = checks(&output);
    let (sinks, secrets) = (of(&checks, "sinks"), of(&checks, "secrets"));
    assert_eq!((&sinks["level"], &secrets["level"]), (&"fail".into(), &"warn".into()));
    assert!(sinks["found"].as_str().unwrap().contains("`/nowhere/key.json`"), "{sinks}");
    assert!(secrets["mend"].as_str().unwrap().starts_with("`chmod 600 "), "{secrets}");
    let all = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(!all.concat().contains("hunter2"));
}
