//! Who has which address, and what leads where.

mod routing;

use serde_json::{Value, json};

use super::*;
use crate::cluster::record::{Object, PodObject, ReplicaSetObject};
use crate::cluster::store::{Ended, Kind, Store};
use crate::incident::WhoKind;

const HOUR_US: i64 = 3_600_000_000;

fn us(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_microsecond()
}

fn at(text: &str) -> Address {
    Address::from(text.parse::<std::net::IpAddr>().unwrap())
}

fn pod(name: &str, address: &str, start: &str) -> Value {
    json!({
        "kind": "Pod",
        "metadata": {
            "name": name, "namespace": "shop", "uid": format!("uid-{name}"),
            "ownerReferences": [{ "kind": "ReplicaSet", "name": "web-6d", "controller": true }],
        },
        "spec": { "nodeName": "worker", "containers": [{ "image": "shop/web:1" }] },
        "status": {
            "phase": "Running", "podIP": address, "startTime": start,
            "podIPs": [{ "ip": address }, { "ip": "fd00::7" }],
            "conditions": [{ "type": "Ready", "status": "True" }],
        },
    })
}

fn with(mut object: Value, path: &str, value: Value) -> Value {
    let (parent, last) = path.rsplit_once('/').unwrap();
    object.pointer_mut(parent).unwrap()[last] = value;
    object
}

fn replica_set() -> Value {
    json!({
        "kind": "ReplicaSet",
        "metadata": {
            "name": "web-6d", "namespace": "shop",
            "ownerReferences": [{ "kind": "Deployment", "name": "web", "controller": true }],
        },
    })
}

fn node(name: &str, address: &str) -> Value {
    json!({
        "kind": "Node",
        "metadata": { "name": name, "creationTimestamp": "2026-01-01T00:00:00Z" },
        "status": { "addresses": [
            { "type": "InternalIP", "address": address }, { "type": "Hostname", "address": name },
        ] },
    })
}

fn service(name: &str, address: &str) -> Value {
    json!({
        "kind": "Service",
        "metadata": { "name": name, "namespace": "shop" },
        "spec": { "type": "ClusterIP", "clusterIP": address, "clusterIPs": [address] },
        "status": { "loadBalancer": {} },
    })
}

fn slice(service: &str, pod: &str, address: &str) -> Value {
    json!({
        "kind": "EndpointSlice",
        "metadata": {
            "name": format!("{service}-x"), "namespace": "shop",
            "labels": { "kubernetes.io/service-name": service },
        },
        "endpoints": [{ "addresses": [address], "targetRef": { "kind": "Pod", "name": pod } }],
    })
}

fn world(objects: &[Value]) -> World {
    World::made_of(objects).unwrap()
}

fn named(world: &World, address: &str, at_us: i64) -> Option<String> {
    world.who(at(address), at_us).map(|who| who.to_string())
}

const NOON: &str = "2026-05-01T12:00:00Z";

#[test]
fn an_address_of_a_pod_is_the_pod_its_workload_and_its_service() {
    let world = world(&[
        pod("web-6d-7f", "10.244.1.17", NOON),
        replica_set(),
        slice("web", "web-6d-7f", "10.244.1.17"),
        slice("also", "web-6d-7f", "10.244.1.17"),
    ]);
    let who = world.who(at("10.244.1.17"), us(NOON)).unwrap();
    assert_eq!(who.to_string(), "shop/web-6d-7f");
    assert_eq!(who.label(), "shop/web");
    assert_eq!(who.workload, Some(Workload { kind: "Deployment".into(), name: "web".into() }));
    assert_eq!(who.service.as_deref(), Some("also"), "the first by name");
    assert_eq!(named(&world, "fd00::7", us(NOON)).as_deref(), Some("shop/web-6d-7f"));
    assert_eq!(named(&world, "203.0.113.7", us(NOON)), None);
}

#[test]
fn a_pod_whose_replica_set_is_not_to_be_seen_is_named_after_it() {
    let world = world(&[pod("web-6d-7f", "10.244.1.17", NOON)]);
    assert_eq!(world.workload_of("shop", "web-6d-7f").unwrap().kind, "ReplicaSet");
}

#[test]
fn a_pod_on_the_network_of_its_node_is_the_node() {
    let on_host = with(pod("proxy", "172.18.0.3", NOON), "/spec/hostNetwork", json!(true));
    let both = world(&[node("worker", "172.18.0.3"), on_host.clone()]);
    let who = both.who(at("172.18.0.3"), us(NOON)).unwrap();
    assert_eq!((who.kind, who.to_string().as_str()), (WhoKind::Node, "node/worker"));
    assert_eq!(both.node_addresses(), [at("172.18.0.3")]);
    let unseen = world(&[on_host]);
    assert_eq!(named(&unseen, "172.18.0.3", us(NOON)).as_deref(), Some("node/worker"));
}

#[test]
fn a_service_is_known_by_each_of_its_addresses_and_a_headless_one_by_none() {
    let balanced = with(
        service("web", "10.96.3.9"),
        "/status/loadBalancer",
        json!({ "ingress": [{ "ip": "203.0.113.10" }, { "hostname": "lb.example.org" }] }),
    );
    let on_nodes = with(service("other", "10.96.3.10"), "/spec/externalIPs", json!(["172.18.0.3"]));
    let world = world(&[
        balanced,
        on_nodes,
        with(service("db", "None"), "/spec/clusterIPs", json!(["None"])),
        node("worker", "172.18.0.3"),
    ]);
    assert_eq!(named(&world, "10.96.3.9", us(NOON)).as_deref(), Some("shop/web"));
    assert_eq!(named(&world, "203.0.113.10", us(NOON)).as_deref(), Some("shop/web"));
    assert_eq!(named(&world, "172.18.0.3", us(NOON)).as_deref(), Some("node/worker"));
}

#[test]
fn a_service_takes_no_address_that_is_a_pods_or_nobodys() {
    let external = json!(["10.244.1.17", "203.0.113.66"]);
    let balanced = json!({ "ingress": [{ "ip": "10.244.1.17" }] });
    let greedy = with(service("greedy", "10.96.3.9"), "/spec/externalIPs", external);
    let greedy = with(greedy, "/status/loadBalancer", balanced);
    let later = with(greedy, "/metadata/creationTimestamp", json!("2026-05-02T00:00:00Z"));
    let world = world(&[later, pod("web-6d-7f", "10.244.1.17", NOON)]);
    let now_us = us(NOON) + 48 * HOUR_US;
    assert_eq!(named(&world, "10.244.1.17", now_us).as_deref(), Some("shop/web-6d-7f"));
    assert_eq!(named(&world, "203.0.113.66", now_us), None);
}

#[test]
fn an_address_that_passed_on_is_whoever_had_it_then() {
    let old = with(
        pod("job-a", "10.244.1.17", "2026-05-01T10:00:00Z"),
        "/status/phase",
        json!("Succeeded"),
    );
    let end = json!([{ "state": { "terminated": { "finishedAt": "2026-05-01T10:30:00Z" } } }]);
    let old = with(old, "/status/containerStatuses", end);
    let world = world(&[old, pod("web", "10.244.1.17", NOON)]);
    let named = |time: &str| named(&world, "10.244.1.17", us(time));
    assert_eq!(named("2026-05-01T09:59:00Z"), None);
    assert_eq!(named("2026-05-01T10:15:00Z").as_deref(), Some("shop/job-a"));
    assert_eq!(named("2026-05-01T11:00:00Z"), None);
    assert_eq!(
        named("2026-05-01T11:59:59Z").as_deref(),
        Some("shop/web"),
        "clocks differ a little"
    );
    assert_eq!(named("2026-05-01T12:00:01Z").as_deref(), Some("shop/web"));
}

#[test]
fn a_pod_that_is_gone_is_remembered_by_its_names_for_an_hour() {
    let mut store = Store::default();
    let read = |object| serde_json::from_value::<PodObject>(object).unwrap();
    let key = ("shop".to_owned(), "web-6d-7f".to_owned());
    let set = serde_json::from_value::<ReplicaSetObject>(replica_set()).unwrap();
    store.put::<ReplicaSetObject>(&("shop".into(), "web-6d".into()), set.record(), 0);
    store.put::<PodObject>(&key, read(pod("web-6d-7f", "10.244.1.17", NOON)).record(), 0);
    let mut past = Past::default();
    let before = World::of(&store, &past, 1);
    let end_us = us(NOON) + 60_000_000;
    // The Deployment goes with all that is its own.
    store.remove::<ReplicaSetObject>(&("shop".into(), "web-6d".into()), end_us);
    store.remove::<PodObject>(&key, end_us);
    past.take(std::mem::take(&mut store.ended), &before, end_us);
    let after = World::of(&store, &past, 2);
    let who = after.who(at("10.244.1.17"), end_us - 1_000_000).unwrap();
    assert_eq!((who.label().as_str(), who.to_string().as_str()), ("shop/web", "shop/web-6d-7f"));
    assert_eq!(after.who(at("10.244.1.17"), end_us + 10_000_000), None);
    past.take(Vec::new(), &after, end_us + HOUR_US + 1);
    let later = World::of(&store, &past, 3);
    assert_eq!(later.who(at("10.244.1.17"), end_us - 1_000_000), None);
}

#[test]
fn the_past_is_bounded() {
    let record =
        serde_json::from_value::<PodObject>(pod("web", "10.244.1.17", NOON)).unwrap().record();
    let record = Arc::new(record);
    let many = (0..10_050).map(|at_us| Ended { pod: Arc::clone(&record), at_us }).collect();
    let mut past = Past::default();
    past.take(many, &World::default(), 0);
    assert_eq!(past.pods().count(), 10_000);
}

#[test]
fn a_pod_of_the_same_name_is_another_pod() {
    let mut store = Store::default();
    let read = |uid: &str| {
        let object = with(pod("db-0", "10.244.1.17", NOON), "/metadata/uid", json!(uid));
        serde_json::from_value::<PodObject>(object).unwrap().record()
    };
    let key = || ("shop".to_owned(), "db-0".to_owned());
    store.put::<PodObject>(&key(), read("a"), 0);
    store.put::<PodObject>(&key(), read("b"), 7);
    assert_eq!(store.ended.len(), 1);
    let all = [(key(), Arc::new(read("c")))].into();
    store.replace::<PodObject>(all, 9);
    assert_eq!(store.ended.len(), 2);
    assert_eq!(store.ended[1].pod.uid, "b");
    assert!(PodObject::shelf(&mut store).contains_key(&key()));
}

#[test]
fn lists_that_are_null_are_empty() {
    let pod = json!({
        "kind": "Pod",
        "metadata": { "name": "a", "namespace": "b", "labels": null, "ownerReferences": null },
        "spec": { "containers": null },
        "status": { "podIPs": null, "conditions": null, "phase": "Odd" },
    });
    let slice = json!({ "kind": "EndpointSlice", "metadata": { "name": "s" }, "endpoints": null });
    let world = world(&[pod, slice, json!({ "kind": "Other" }), json!(7)]);
    assert_eq!(world.pods()[0].phase, crate::cluster::Phase::Unknown);
}

#[test]
fn a_pod_reserves_what_its_largest_moment_needs() {
    let container = |cpu: &str, memory: &str| json!({ "resources": { "requests": { "cpu": cpu, "memory": memory } } });
    let sidecar = with(container("50m", "10Mi"), "/restartPolicy", json!("Always"));
    let mut pod = pod("web", "10.244.1.17", NOON);
    pod["spec"]["containers"] = json!([container("100m", "64Mi"), container("0.15", "64Mi")]);
    pod["spec"]["initContainers"] = json!([sidecar, container("1", "32Mi")]);
    let requests = world(&[pod]).pods()[0].requests;
    assert_eq!(requests.cpu.unwrap().thousandths(), 1_050, "the init container beside the sidecar");
    assert_eq!(requests.memory.unwrap().wholes(), 138 << 20, "all that run beside each other");
}
