//! `weir doctor` through the binary: what it prints, and how it ends.

mod support;

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown};
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use support::double::kube::{ApiServer, tetragon_pod};
use support::double::tetragon::TetragonAgent;
use support::pod::confined;
use weir::store::Store;

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
               tetragon trivy clock terminal";
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

#[test]
fn root_of_a_pod_looks_with_the_rights_and_groups_of_whom_it_becomes() {
    if !fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0) {
        println!("skipped: needs root");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let set = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    set(folder.path(), 0o755);
    // As an engine leaves it that was root: nobody else gets there, not even root of a pod.
    let (state, socket) = (folder.path().join("state"), folder.path().join("tetragon.sock"));
    fs::create_dir(&state).unwrap();
    drop(Store::open(&state.join("weir.db")).unwrap());
    for path in fs::read_dir(&state).unwrap().map(|entry| entry.unwrap().path()) {
        lchown(path, Some(65_534), Some(65_534)).unwrap();
    }
    lchown(&state, Some(65_534), Some(65_534)).unwrap();
    set(&state, 0o700);
    // As an agent makes it.
    let _agent = TetragonAgent::at_socket(&socket);
    set(&socket, 0o660);
    let tetragon = format!("unix://{}", socket.display());
    let doctor = ["doctor", "--format", "json", "--interface", "lo", "--tetragon", &tetragon];
    let output = confined(&doctor, folder.path()).output().expect("setpriv starts");
    let checks = checks(&output);
    for name in ["model", "database", "evidence", "disk", "tetragon"] {
        assert_eq!(of(&checks, name)["level"], "ok", "{}", of(&checks, name));
    }
}

#[test]
fn agents_of_a_cluster_are_well_once_each_of_them_has_answered() {
    let folder = tempfile::tempdir().unwrap();
    let (api, agent) = (ApiServer::start(), TetragonAgent::on_tcp());
    let (kubeconfig, database) = (api.kubeconfig(folder.path()), folder.path().join("weir.db"));
    let endpoint = agent.endpoint();
    let (address, port) = endpoint.rsplit_once(':').unwrap();
    let found = |wish: &str| {
        let kubeconfig = kubeconfig.to_str().unwrap();
        let wish = ["--format", "json", "--kubeconfig", kubeconfig, "--tetragon", wish];
        let check = of(&checks(&doctor(&database, &wish)), "tetragon").clone();
        let text = |name: &str| check[name].as_str().unwrap_or_default().to_owned();
        (text("level"), text("found"))
    };
    let grpc = format!("cluster:{port}");
    assert!(found(&grpc).1.contains("no running pod has"), "{:?}", found(&grpc));
    api.with(|kube| kube.seed(tetragon_pod("n1", "n1", address)));
    assert_eq!(found(&grpc), ("ok".into(), format!("{grpc}: 1 agent heard")));
    // Nobody listens there.
    api.with(|kube| kube.seed(tetragon_pod("n2", "n2", "127.0.0.1")));
    let (level, said) = found(&grpc);
    assert!(level == "warn" && said.contains("1 of 2 agents not heard: n2: "), "{said}");
    // Through their logs, of which the double has that of the one.
    api.with(|kube| kube.logs.print(["kube-system", "n1", "export-stdout"], "{}"));
    let (level, said) = found("cluster");
    assert!(level == "warn" && said.contains("1 of 2 agents not heard: n2: "), "{said}");
}
