use serde_json::{Value, json};

use super::*;
use crate::cluster::WatchStatus;

fn node(name: &str, conditions: &Value) -> Value {
    json!({
        "kind": "Node",
        "metadata": { "name": name, "labels": { "node-role.kubernetes.io/control-plane": "" } },
        "status": {
            "allocatable": { "cpu": "3920m", "memory": "8Gi", "pods": "110" },
            "conditions": conditions,
            "nodeInfo": { "kubeletVersion": "v1.33.1" },
        },
    })
}

fn pod(namespace: &str, name: &str, node: &str, phase: &str) -> Value {
    let requests = json!({ "cpu": "250m", "memory": "64Mi" });
    json!({
        "kind": "Pod",
        "metadata": { "name": name, "namespace": namespace },
        "spec": { "nodeName": node, "containers": [{ "resources": { "requests": requests } }] },
        "status": { "phase": phase },
    })
}

fn listed(resources: &[&'static str]) -> ClusterStatus {
    let watch = |resource: &&'static str| WatchStatus {
        resource,
        objects: 1,
        heard_us: Some(1_000_000),
        failure: None,
        refused: None,
    };
    let watches = resources.iter().map(watch).collect();
    ClusterStatus { link: Link::Up, watches, ..ClusterStatus::default() }
}

#[test]
fn nodes_say_how_they_are_and_what_is_reserved_there() {
    let world = World::made_of(&[
        node("a", &json!([{ "type": "Ready", "status": "True" }, { "type": "DiskPressure", "status": "True" }])),
        node("b", &json!([{ "type": "Ready", "status": "Unknown" }])),
        pod("shop", "one", "a", "Running"),
        pod("shop", "two", "a", "Pending"),
        pod("shop", "done", "a", "Succeeded"),
        pod("shop", "waiting", "", "Pending"),
    ])
    .unwrap();
    let nodes = count::nodes(&listed(&["nodes", "pods"]), &world, &BTreeMap::new());
    let [a, b] = nodes.value.unwrap().try_into().unwrap();
    assert_eq!((a.is_ready, a.kubelet.as_str()), (Some(true), "v1.33.1"));
    assert_eq!((a.roles, a.pressure), (vec!["control-plane".to_owned()], vec![Pressure::Disk]));
    let reserved = a.reserved.unwrap();
    assert_eq!(reserved.pods, 2, "a pod that has ended or has no node reserves nothing");
    assert_eq!(reserved.requests, Load { cpu_milli: 500, memory_bytes: 128 << 20 });
    assert_eq!(reserved.allocatable, Some(Load { cpu_milli: 3_920, memory_bytes: 8 << 30 }));
    assert_eq!(b.is_ready, None, "a node that does not answer is neither");
    let all = count::reserved(&listed(&["nodes", "pods"]), &world).value.unwrap();
    assert_eq!(all.allocatable.unwrap().cpu_milli, 7_840);
}

#[test]
fn pods_are_counted_by_namespace_and_phase() {
    let world = World::made_of(&[
        pod("a", "one", "x", "Running"),
        pod("a", "two", "x", "Failed"),
        pod("b", "one", "x", "Running"),
    ])
    .unwrap();
    let counts = count::pods(&listed(&["pods"]), &world).value.unwrap();
    assert_eq!((counts.total, counts.by_phase["Running"]), (3, 2));
    assert_eq!(counts.by_namespace["a"]["Failed"], 1);
}

#[test]
fn what_may_not_be_seen_is_null_and_says_why() {
    let mut status = listed(&["nodes"]);
    status.watches.push(WatchStatus {
        resource: "pods",
        objects: 0,
        heard_us: None,
        failure: Some("the API server says: pods is forbidden (403)".into()),
        refused: Some(403),
    });
    let world = World::default();
    let pods = count::pods(&status, &world);
    assert_eq!(pods.value, None);
    assert_eq!(pods.unknown.unwrap(), "pods: the API server says: pods is forbidden (403)");
    assert_eq!(count::reserved(&status, &world).value, None, "half of it is not all of it");
    let namespaces = count::namespaces(&status, &world);
    assert_eq!(namespaces.unknown.unwrap(), "namespaces: they have not been listed yet");
    let shown = serde_json::to_value(count::pods(&status, &world)).unwrap();
    assert_eq!(shown["value"], Value::Null);
}

#[test]
fn what_some_nodes_use_is_not_what_all_use() {
    let ready = json!([{ "type": "Ready", "status": "True" }]);
    let world = World::made_of(&[node("a", &ready), node("b", &ready)]).unwrap();
    let status = listed(&["nodes"]);
    let load = Load { cpu_milli: 10, memory_bytes: 20 };
    let used = |names: &[&str]| {
        let by_node = names.iter().map(|&name| (name.to_owned(), load)).collect();
        count::used(&status, &world, &Known::at(by_node, None))
    };
    let part = used(&["a"]);
    assert_eq!(
        (part.value, part.unknown.as_deref()),
        (None, Some("1 of 2 nodes are not measured"))
    );
    let whole = Load { cpu_milli: 20, memory_bytes: 40 };
    assert_eq!(used(&["a", "b"]).value, Some(whole));
}
