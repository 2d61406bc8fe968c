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

fn ingress(name: &str, class: Option<&str>, hosts: &[&str]) -> Value {
    let backend = json!({ "service": { "name": "web", "port": { "number": 80 } } });
    let rule = |host: &&str| {
        let path = json!({ "path": "/", "backend": backend });
        if host.is_empty() {
            json!({ "http": { "paths": [path] } })
        } else {
            json!({ "host": host, "http": { "paths": [path] } })
        }
    };
    json!({
        "kind": "Ingress",
        "metadata": { "name": name, "namespace": "shop", "uid": name },
        "spec": { "ingressClassName": class, "rules": hosts.iter().map(rule).collect::<Vec<_>>() },
    })
}

fn class(name: &str, controller: &str) -> Value {
    json!({ "kind": "IngressClass", "metadata": { "name": name }, "spec": { "controller": controller } })
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
    store.put::<ReplicaSetObject>(("shop".into(), "web-6d".into()), set.record(), 0);
    store.put::<PodObject>(key.clone(), read(pod("web-6d-7f", "10.244.1.17", NOON)).record(), 0);
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
    store.put::<PodObject>(key(), read("a"), 0);
    store.put::<PodObject>(key(), read("b"), 7);
    assert_eq!(store.ended.len(), 1);
    let all = [(key(), Arc::new(read("c")))].into();
    store.replace::<PodObject>(all, 9);
    assert_eq!(store.ended.len(), 2);
    assert_eq!(store.ended[1].pod.uid, "b");
    assert!(PodObject::shelf(&mut store).contains_key(&key()));
}

#[test]
fn a_host_is_served_by_name_then_by_wildcard_then_by_any() {
    let world = world(&[
        ingress("any", Some("nginx"), &[""]),
        ingress("exact", Some("nginx"), &["www.Example.org"]),
        ingress("exact-too", Some("nginx"), &["www.example.org", "www.example.org"]),
        ingress("wild", Some("nginx"), &["*.example.org"]),
    ]);
    let names = |host: &str| {
        let all = world.ingress_for_host(host);
        all.iter().map(|one| one.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names("WWW.example.org:8443"), ["exact", "exact-too"]);
    assert_eq!(names("api.example.org."), ["wild"]);
    assert_eq!(names("a.b.example.org"), ["any"], "a wildcard stands for one label");
    assert_eq!(names("example.org"), ["any"]);
    assert_eq!(names(""), ["any"]);
    assert_eq!(names("[fd00::1]:80"), ["any"]);
}

#[test]
fn the_pods_behind_an_ingress_are_its_backends() {
    let world = world(&[
        ingress("web", Some("nginx"), &["www.example.org"]),
        service("web", "10.96.3.9"),
        slice("web", "web-6d-7f", "10.244.1.17"),
    ]);
    let ingress = world.ingress("shop", "web").unwrap();
    assert_eq!(ingress.backends, [at("10.96.3.9"), at("10.244.1.17")]);
    assert_eq!(ingress.routes[0].port, "80");
    assert!(world.ingress("shop", "nothing").is_none());
}

fn served_by(objects: &[Value]) -> ServedBy {
    let mut all = objects.to_vec();
    all.push(ingress("web", Some("nginx"), &["www.example.org"]));
    world(&all).ingress("shop", "web").unwrap().served_by.clone()
}

fn running(name: &str, image: &str, args: &[&str]) -> Value {
    let pod = pod(name, "10.244.2.2", NOON);
    let pod = with(pod, "/spec/containers", json!([{ "image": image, "args": args }]));
    with(pod, "/status/podIPs", Value::Null)
}

#[test]
fn a_class_whose_controller_may_be_two_is_told_by_the_pods() {
    let nginx = class("nginx", "k8s.io/ingress-nginx");
    let images = |objects: &[Value]| match served_by(objects) {
        ServedBy::Controller { images, replicas, .. } => Ok((images, replicas)),
        ServedBy::Unknown(why) => Err(why),
    };
    let real = running("c", "registry.k8s.io/ingress-nginx/controller:v1.12", &[]);
    let other = running("t", "traefik:v3.5", &["--providers.kubernetesingressnginx=true"]);
    let plain = running("t", "traefik:v3.5", &[]);
    assert_eq!(images(&[nginx.clone(), real]), Ok((vec!["ingress-nginx/controller".into()], 1)));
    assert_eq!(images(&[nginx.clone(), other]), Ok((vec!["traefik".into()], 1)));
    let why = images(&[nginx.clone(), plain]).unwrap_err();
    assert!(why.contains("may be ingress-nginx or Traefik"), "{why}");
    assert!(images(&[nginx]).is_err());
}

#[test]
fn what_stands_in_front_of_a_controller_is_known() {
    let found = served_by(&[
        class("nginx", "nginx.org/ingress-controller"),
        running("c", "nginx/nginx-ingress:5", &[]),
        slice("edge", "c", "10.244.2.2"),
        service("edge", "10.96.0.80"),
    ]);
    let ServedBy::Controller { addresses, .. } = found else { panic!("{found:?}") };
    assert_eq!(addresses, [at("10.96.0.80"), at("10.244.2.2")]);
}

#[test]
fn an_ingress_without_a_class_is_served_by_the_default_if_there_is_one() {
    let default = |name: &str| {
        let annotation = json!({ "ingressclass.kubernetes.io/is-default-class": "true" });
        with(class(name, "traefik.io/ingress-controller"), "/metadata/annotations", annotation)
    };
    let of = |objects: &[Value]| {
        let mut all = objects.to_vec();
        all.push(ingress("web", None, &[""]));
        let ingress = world(&all).ingress("shop", "web").unwrap().clone();
        (ingress.class.clone(), matches!(ingress.served_by, ServedBy::Controller { .. }))
    };
    assert_eq!(of(&[default("a")]), (Some("a".into()), true));
    assert_eq!(of(&[default("a"), default("b")]), (None, false));
    assert_eq!(of(&[]), (None, false));
}

#[test]
fn the_field_outdoes_the_old_annotation_and_a_class_that_is_missing_is_said() {
    let old = json!({ "kubernetes.io/ingress.class": "old" });
    let classes = [class("old", "nginx.org/ingress-controller")];
    let of = |name: Option<&str>| {
        let mut all = classes.to_vec();
        all.push(with(ingress("web", name, &[""]), "/metadata/annotations", old.clone()));
        let ingress = world(&all).ingress("shop", "web").unwrap().clone();
        (ingress.class.clone(), ingress.served_by.clone())
    };
    assert!(matches!(of(None), (Some(name), ServedBy::Controller { .. }) if name == "old"));
    let (_, missing) = of(Some("new"));
    assert_eq!(missing, ServedBy::Unknown("there is no IngressClass `new`".into()));
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
