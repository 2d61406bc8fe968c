//! Rights, and the cluster at a glance.

use std::process::Command;

use serde_json::{Value, json};
use weir::cluster::info::ClusterInfo;
use weir::cluster::{self, ClusterStatus, World};

use crate::support::double::fault::Fault;
use crate::support::double::kube::rights::{Grant, Rights};
use crate::{Stage, pod};

#[test]
fn rights_that_are_missing_are_named() {
    let stage = Stage::new();
    stage.api.with(|kube| {
        let pods = Grant::new(&["list"], "", &["pods"]);
        let reviews =
            Grant::new(&["create"], "authorization.k8s.io", &["selfsubjectaccessreviews"]);
        kube.users[0].rights = Rights::Only(vec![pods, reviews]);
    });
    let access = stage.tasks.block_on(stage.cluster.access());
    assert_eq!(access.len(), cluster::RIGHTS.len());
    let pods = access.iter().find(|one| one.right.resource == "pods").unwrap();
    assert_eq!((pods.missing.as_slice(), &pods.unknown), (&["watch"][..], &None));
    stage.api.refuse();
    let access = stage.tasks.block_on(stage.cluster.access());
    assert!(access.iter().all(|one| one.unknown.is_some() && one.missing.is_empty()));
}

/// The cluster at a glance, as it is now.
fn glance(stage: &Stage, status: &ClusterStatus, world: &World) -> ClusterInfo {
    let asked = stage.tasks.block_on(stage.cluster.asked());
    stage.cluster.info(status, world, asked)
}

fn warning(name: &str, last: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": { "name": name, "namespace": "default" },
        "involvedObject": { "kind": "Pod", "namespace": "default", "name": name },
        "type": "Warning", "reason": "BackOff", "message": "back-off\u{1b}[31m restarting",
        "count": 3, "lastTimestamp": last,
    })
}

#[test]
fn the_cluster_at_a_glance_says_what_it_knows_and_why_not() {
    let stage = Stage::new();
    stage.seed(pod("first", "10.244.0.1"));
    stage.seed(warning("old", "2026-01-01T00:00:00Z"));
    stage.seed(warning("new", "2026-02-01T00:00:00Z"));
    stage.api.with(|kube| {
        kube.plan.fail(1, Fault::Status(404), |asked| asked.path.contains("metrics.k8s.io"));
    });
    let mut watched = stage.watch();
    watched.until_listed();
    let (status, world) = &watched.latest;
    let info = glance(&stage, status, world);
    let warnings = info.warnings.value.unwrap();
    let names: Vec<_> = warnings.newest.iter().map(|one| one.name.as_str()).collect();
    assert_eq!((names, warnings.seen, warnings.is_cut), (vec!["new", "old"], 2, false));
    assert_eq!(warnings.newest[0].message, "back-off[31m restarting");
    assert_eq!(info.pods.value.unwrap().by_phase["Running"], 1);
    assert_eq!((info.version.value.as_deref(), info.link), (Some("v1.33.1"), "up"));
    assert_eq!(info.usage.value, None);
    let why = info.usage.unknown.unwrap();
    assert_eq!(why, "the cluster does not measure it: there is no metrics-server");
}

#[test]
fn what_no_node_has_been_measured_for_is_not_nothing() {
    let stage = Stage::new();
    let mut watched = stage.watch();
    watched.until_listed();
    let (status, world) = &watched.latest;
    let usage = glance(&stage, status, world).usage;
    let why = "metrics-server has measured no node yet";
    assert_eq!((usage.value, usage.unknown.as_deref()), (None, Some(why)));
}

#[test]
fn an_event_is_somebody_elses_word() {
    let stage = Stage::new();
    let mut odd = warning("odd", "2026-01-01T00:00:00Z");
    odd["count"] = json!(-1);
    let about =
        json!({ "kind": "\u{1b}[2J".repeat(500), "namespace": "a\nb", "name": "\u{202e}x" });
    odd["involvedObject"] = about;
    stage.seed(odd);
    let mut watched = stage.watch();
    watched.until_listed();
    let (status, world) = &watched.latest;
    let info = glance(&stage, status, world);
    let odd = &info.warnings.value.expect("a page that is read").newest[0];
    assert_eq!((odd.count, odd.namespace.as_str(), odd.name.as_str()), (0, "a b", "x"));
    assert!(odd.kind.chars().count() <= 400 && !odd.kind.contains('\u{1b}'), "{:?}", odd.kind);
}

/// What `weir doctor` finds of the cluster and of rights in it, and how bad.
fn doctor(stage: &Stage) -> Vec<(String, String)> {
    let folder = stage.folder.path();
    let mut weir = Command::new(env!("CARGO_BIN_EXE_weir"));
    weir.env_clear().env("HOME", "/nonexistent").args(["doctor", "--format", "json"]);
    weir.args(["--interface", "lo"]).arg("--database").arg(folder.join("weir.db"));
    let output = weir.arg("--kubeconfig").arg(folder.join("kubeconfig")).output().expect("it runs");
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
    let checks = report["checks"].as_array().into_iter().flatten();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    checks
        .filter(|check| check["check"] == "cluster" || check["check"] == "rights")
        .map(|check| (text(&check["level"]), text(&check["found"])))
        .collect()
}

#[test]
fn the_doctor_says_what_the_cluster_is_and_what_is_missing_in_it() {
    let stage = Stage::new();
    let pair = |level: &str, found: &str| (level.to_owned(), found.to_owned());
    let known = pair("ok", "double, version v1.33.1");
    assert_eq!(doctor(&stage), [known.clone(), pair("ok", "all that Weir makes use of")]);
    stage.api.with(|kube| {
        let all = Grant::new(&["*"], "*", &["*"]);
        kube.users[0].rights = Rights::Only(vec![all.within("default")]);
    });
    let found = doctor(&stage);
    assert_eq!(found[0], known);
    let (level, pods) = &found[3];
    assert_eq!(level, "warn");
    assert_eq!(pods, "Weir may not list, watch pods: addresses of pods have no names");
    stage.api.refuse();
    let found = doctor(&stage);
    assert_eq!((found.len(), found[0].0.as_str()), (1, "warn"));
    assert!(found[0].1.contains("the API server cannot be reached"), "{found:?}");
}
