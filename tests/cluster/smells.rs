//! `weir smells --cluster`, and the engine: what runs now.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::watch;
use weir::engine::Handle;
use weir::posture::Rules;

use crate::Stage;
use crate::support::double::fault::Fault;

/// An object with a privileged container in its template, and whose it is.
fn privileged(kind: &str, name: &str, owner: Option<&str>) -> Value {
    let owners: Vec<_> =
        owner.into_iter().map(|kind| json!({ "kind": kind, "name": "web" })).collect();
    json!({
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": { "name": name, "namespace": "default", "ownerReferences": owners },
        "spec": {
            "selector": { "matchLabels": { "app": "web" } },
            "template": {
                "metadata": { "labels": { "app": "web" } },
                "spec": { "containers": [{
                    "name": "web", "image": "shop/web:1.4", "securityContext": { "privileged": true },
                }] },
            },
        },
    })
}

fn smells(stage: &Stage) -> Value {
    let output = stage.weir("smells --cluster --select WEIR-101 --format json");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn what_runs_is_looked_at_once_and_has_no_lines() {
    let stage = Stage::new();
    stage.seed(privileged("Deployment", "web", None));
    stage.seed(privileged("ReplicaSet", "web-5d4f8", Some("Deployment")));
    let found = smells(&stage);
    let list = found["smells"].as_array().expect("a list");
    assert_eq!(list.len(), 1, "what a Deployment makes is not told of again: {found}");
    assert_eq!(list[0]["kind"], "Deployment");
    assert_eq!((&list[0]["line"], &list[0]["file"]), (&Value::Null, &"cluster/deployments".into()));
}

#[test]
fn a_kind_that_may_not_be_read_is_left_out_and_named() {
    let stage = Stage::new();
    stage.seed(privileged("Deployment", "web", None));
    stage.api.with(|kube| {
        kube.plan.fail(9, Fault::Status(403), |asked| asked.resource == "services");
    });
    let output = stage.weir("smells --cluster --select WEIR-101");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("services are left out"), "{output:?}");
    assert!(
        String::from_utf8_lossy(&output.stdout)
            .contains("critical WEIR-101 Deployment default/web")
    );
}

#[test]
fn a_cluster_that_does_not_answer_is_no_clean_one() {
    let stage = Stage::new();
    stage.api.refuse();
    let output = stage.weir("smells --cluster");
    assert_eq!(output.status.code(), Some(69), "{output:?}");
}

#[test]
fn a_running_engine_tells_what_runs_too() {
    let stage = Stage::new();
    stage.seed(privileged("Deployment", "web", None));
    let (_, snapshots) = watch::channel(Arc::default());
    let handle = Handle::new(snapshots, Arc::default());
    assert!(stage.tasks.block_on(handle.manifests()).is_none(), "there is no cluster");
    let handle = handle.with_cluster(Some(stage.cluster.clone()));
    let manifests = stage.tasks.block_on(handle.manifests()).unwrap().unwrap();
    let report = manifests.scan(&Rules::default());
    assert!(report.findings.iter().any(|finding| finding.check.id == "WEIR-101"));
    stage.api.refuse();
    assert!(stage.tasks.block_on(handle.manifests()).unwrap().is_err());
}
