//! An attack in a capture, and what Weir does about it at an API server: it finds the Ingress, limits
//! it, and lifts that when the attack is over. All of it on packet time.

mod support;

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use support::abroad;
use support::double::kube::ApiServer;
use support::double::kube::merge::Force;
use support::engine::{DEMO, await_within};
use support::flows::Folder;
use support::pcap::{Capture, EPOCH_US};
use support::transport::udp;
use weir::engine::{Engine, Handle};
use weir::respond::{DecisionKind, IngressName, Mode};
use weir::settings::Speed;
use weir::store::Reader;

/// What the shop's Ingress looks like where nobody limits it.
const LIMIT_RPS: &str = "nginx.ingress.kubernetes.io/limit-rps";

/// The cluster that the bundled capture was recorded in: one node that is the ingress, a shop and an
/// API behind it.
fn cluster(api: &ApiServer) {
    let pod = |namespace: &str, name: &str, address: &str, image: &str| {
        json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": { "namespace": namespace, "name": name, "labels": { "app": name } },
            "spec": {
                "nodeName": "worker-1",
                "hostNetwork": address == "192.0.2.10",
                "containers": [{ "name": "main", "image": image }],
            },
            "status": {
                "phase": "Running", "podIP": address, "podIPs": [{ "ip": address }],
                "startTime": "2026-11-20T00:00:00Z",
                "conditions": [{ "type": "Ready", "status": "True" }],
            },
        })
    };
    let service = |name: &str, ip: &str, port: u16| {
        json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": { "namespace": "shop", "name": name },
            "spec": { "clusterIP": ip, "clusterIPs": [ip], "selector": { "app": name },
                "ports": [{ "port": port, "targetPort": port }] },
        })
    };
    let slice = |name: &str, address: &str, port: u16| {
        json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": { "namespace": "shop", "name": format!("{name}-1"),
                "labels": { "kubernetes.io/service-name": name } },
            "addressType": "IPv4",
            "endpoints": [{ "addresses": [address], "conditions": { "ready": true },
                "targetRef": { "kind": "Pod", "namespace": "shop", "name": name } }],
            "ports": [{ "port": port }],
        })
    };
    let objects = [
        json!({
            "apiVersion": "v1", "kind": "Node", "metadata": { "name": "worker-1" },
            "status": { "addresses": [{ "type": "InternalIP", "address": "192.0.2.10" }],
                "conditions": [{ "type": "Ready", "status": "True" }] },
        }),
        json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "shop" } }),
        json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "ingress-nginx" } }),
        json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass",
            "metadata": { "name": "nginx" },
            "spec": { "controller": "k8s.io/ingress-nginx" },
        }),
        pod(
            "ingress-nginx",
            "controller",
            "192.0.2.10",
            "registry.k8s.io/ingress-nginx/controller:v1.12.1",
        ),
        pod("shop", "web", "10.244.1.21", "shop/web:1"),
        pod("shop", "api", "10.244.1.22", "shop/api:1"),
        service("web", "10.96.0.21", 80),
        service("api", "10.96.0.22", 8080),
        slice("web", "10.244.1.21", 80),
        slice("api", "10.244.1.22", 8080),
    ];
    api.with(|kube| {
        for mut object in objects {
            object["metadata"]["creationTimestamp"] = "2026-11-20T00:00:00Z".into();
            kube.seed(object);
        }
        for (name, host, port) in [("web", "shop.example", 80), ("api", "api.shop.example", 8080)] {
            let ingress = ingress(name, host, port);
            kube.apply_as("kubectl", &ingress, Force::No).expect("an Ingress");
        }
    });
}

fn ingress(name: &str, host: &str, port: u16) -> Value {
    let backend = json!({ "service": { "name": name, "port": { "number": port } } });
    let path = json!({ "path": "/", "pathType": "Prefix", "backend": backend });
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": { "namespace": "shop", "name": name },
        "spec": { "ingressClassName": "nginx",
            "rules": [{ "host": host, "http": { "paths": [path] } }] },
    })
}

/// Five quiet minutes after the bundled capture: somebody asks for a name now and then.
fn afterwards(folder: &Path) -> PathBuf {
    let end_us = 1_795_574_320_000_000 - EPOCH_US;
    let at = |text: &str| text.parse::<SocketAddr>().expect("an address");
    let ask = udp(at("10.244.1.21:40000"), at("10.244.1.53:53"), 30);
    let packets: Vec<_> = (0..60).map(|n| (end_us + n * 5_000_000, ask.clone())).collect();
    let path = folder.join("afterwards.pcap");
    fs::write(&path, Capture::ethernet(&packets).bytes()).expect("a file");
    path
}

/// An engine that takes the bundled capture for what happens now, at twenty times its pace.
fn engine(api: &ApiServer, folder: &Folder, mode: Mode) -> Engine {
    let paths = vec![PathBuf::from(DEMO), afterwards(folder.path())];
    abroad::engine(api, folder.path(), (paths, Speed::Times(20.0)), abroad::response(mode))
}

/// Waits until `found` finds something; a capture of six minutes has to go by at twenty times its pace.
#[track_caller]
fn awaited<T>(what: &str, found: impl FnMut() -> Option<T>) -> T {
    await_within(Duration::from_mins(2), what, found)
}

/// What is set at the shop's Ingress.
fn limit(api: &ApiServer) -> Option<String> {
    let web = api.with(|kube| kube.get("ingresses", "shop", "web"));
    web["metadata"]["annotations"][LIMIT_RPS].as_str().map(str::to_owned)
}

fn kinds(handle: &Handle) -> Vec<DecisionKind> {
    let snapshot = handle.snapshot();
    snapshot.response.decisions.iter().rev().map(|decision| decision.kind).collect()
}

#[test]
fn an_attack_becomes_an_incident_and_a_limit_which_is_lifted_when_the_attack_is_over() {
    let (api, folder) = (ApiServer::start(), Folder::new());
    cluster(&api);
    let before = api.with(|kube| kube.get("ingresses", "shop", "web"));
    let engine = engine(&api, &folder, Mode::Enforce);
    let handle = engine.handle();

    let set = awaited("a limit", || limit(&api));
    let rate: u32 = set.parse().expect("a whole number");
    assert!((1..100).contains(&rate), "the flood asks 110 times a second: {rate}");
    let snapshot = handle.snapshot();
    let incident = snapshot.incidents.iter().find(|one| one.class.name() == "dos-flood");
    assert!(incident.is_some_and(|one| one.target_port == Some(80)), "{:?}", snapshot.incidents);
    let api_ingress = api.with(|kube| kube.get("ingresses", "shop", "api"));
    assert_eq!(api_ingress["metadata"]["annotations"], Value::Null, "the other is left alone");

    awaited("the limit to be lifted", || limit(&api).is_none().then_some(()));
    let after = api.with(|kube| kube.get("ingresses", "shop", "web"));
    assert_eq!(after["metadata"]["annotations"], before["metadata"]["annotations"]);
    assert_eq!(after["spec"], before["spec"]);
    let managers = |object: &Value| {
        let all = object["metadata"]["managedFields"].as_array().expect("managers").clone();
        all.into_iter()
            .map(|one| (one["manager"].clone(), one["fieldsV1"].clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(managers(&after), managers(&before), "nothing of Weir's is left");

    awaited("the decision", || kinds(&handle).contains(&DecisionKind::Lifted).then_some(()));
    let kinds = kinds(&handle);
    let applied = kinds.iter().filter(|kind| **kind == DecisionKind::Applied).count();
    assert_eq!(applied, 1, "nothing is set twice: {kinds:?}");
    engine.finish().expect("an end");
    let reader = Reader::open(&folder.path().join("weir.db")).expect("a database");
    let audit = reader.audit(None, 100).expect("a record");
    for act in ["limit.apply", "limit.revert"] {
        assert!(audit.iter().any(|record| record.what == act), "{act}: {audit:?}");
    }
}

#[test]
fn who_only_observes_says_what_would_help_and_writes_nothing() {
    let (api, folder) = (ApiServer::start(), Folder::new());
    cluster(&api);
    let engine = engine(&api, &folder, Mode::Observe);
    let handle = engine.handle();
    let decision = awaited("a recommendation", || {
        let snapshot = handle.snapshot();
        let mut decisions = snapshot.response.decisions.iter();
        decisions.find(|one| one.kind == DecisionKind::Recommended).cloned()
    });
    assert_eq!(decision.ingress, Some(IngressName::new("shop", "web").expect("a name")));
    assert!(decision.text.contains("the mode is observe"), "{}", decision.text);
    engine.finish().expect("an end");
    let writes = api.with(|kube| {
        kube.writes().iter().filter(|one| one.asked.path.contains("/ingresses/")).count()
    });
    assert_eq!(writes, 0);
    assert_eq!(limit(&api), None);
}
