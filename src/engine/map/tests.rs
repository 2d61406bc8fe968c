use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::cluster::ClusterStatus;
use crate::detect::{Class, Score};
use crate::engine::snapshot::Conversation;
use crate::packet::Address;

fn ingress() -> Value {
    json!({
        "kind": "Ingress",
        "metadata": { "name": "web", "namespace": "shop" },
        "spec": { "rules": [{
            "host": "www.example.org",
            "http": { "paths": [{ "path": "/", "backend": { "service": { "name": "web" } } }] },
        }] },
    })
}

fn service() -> Value {
    json!({
        "kind": "Service",
        "metadata": { "name": "web", "namespace": "shop" },
        "spec": { "clusterIP": "10.96.3.9" },
    })
}

fn pod(number: usize) -> Value {
    let address = format!("10.244.{}.{}", number / 250, number % 250);
    json!({
        "kind": "Pod",
        "metadata": {
            "name": format!("web-{number}"), "namespace": "shop",
            "ownerReferences": [{ "kind": "StatefulSet", "name": "web", "controller": true }],
        },
        "status": { "phase": "Running", "podIP": address },
    })
}

fn slice() -> Value {
    json!({
        "kind": "EndpointSlice",
        "metadata": {
            "name": "web-x", "namespace": "shop",
            "labels": { "kubernetes.io/service-name": "web" },
        },
        "endpoints": [
            { "addresses": ["10.244.0.1"], "targetRef": { "kind": "Pod", "name": "web-1" } },
        ],
    })
}

fn address(text: &str) -> Address {
    Address::from(text.parse::<std::net::IpAddr>().unwrap())
}

fn talk(client: &str, server: &str, flows: u64) -> Arc<Conversation> {
    Arc::new(Conversation {
        client: address(client),
        server: address(server),
        client_who: None,
        server_who: None,
        client_process: None,
        server_process: None,
        server_port: Some(80),
        protocol: 6,
        score: Score::new(0.9),
        class: Class::DosSlow,
        is_alarm: true,
        flows,
        packets: flows,
        bytes: flows * 100,
        resets: 3,
        first_us: 0,
        last_us: 10_000_000,
        recent: Vec::new(),
    })
}

fn snapshot(objects: &[Value], conversations: Vec<Arc<Conversation>>) -> Snapshot {
    Snapshot {
        conversations,
        world: Arc::new(World::made_of(objects).unwrap()),
        cluster: ClusterStatus { link: Link::Up, ..ClusterStatus::default() },
        ..Snapshot::default()
    }
}

#[test]
fn an_ingress_leads_through_its_service_to_pods_and_their_workload() {
    let map = ServiceMap::of(&snapshot(&[ingress(), service(), pod(1), slice()], Vec::new()));
    let ids: Vec<_> = map.nodes.iter().map(|node| node.id.as_str()).collect();
    let all =
        ["ingress:shop/web", "service:shop/web", "workload:shop/StatefulSet/web", "pod:shop/web-1"];
    assert_eq!(ids, all);
    let edges: Vec<_> =
        map.edges.iter().map(|edge| (edge.from.as_str(), edge.why, edge.to.as_str())).collect();
    assert_eq!(
        edges,
        [
            (all[0], Why::Routes, all[1]),
            (all[1], Why::Selects, all[3]),
            (all[2], Why::Owns, all[3]),
        ]
    );
    assert_eq!(map.edges[0].routes, ["www.example.org/"]);
    assert_eq!((map.unknown, map.left_out), (None, LeftOut::default()));
}

#[test]
fn traffic_joins_those_whom_the_cluster_knows_and_the_outside() {
    let talks = vec![
        talk("203.0.113.7", "10.96.3.9", 100),
        talk("203.0.113.7", "10.96.3.9", 20),
        talk("10.244.0.1", "203.0.113.9", 1),
    ];
    let map = ServiceMap::of(&snapshot(&[service(), pod(1)], talks));
    let [first, second] = map.live.as_slice() else { panic!("{:?}", map.live) };
    assert_eq!(
        (first.from.as_str(), first.to.as_str()),
        ("outside:203.0.113.7", "service:shop/web")
    );
    assert_eq!((first.flows, first.resets, first.ports.as_slice()), (120, 6, &[80][..]));
    assert!((first.flows_per_s - 12.0).abs() < 1e-9 && (first.bytes_per_s - 1_200.0).abs() < 1e-9);
    assert_eq!((first.class, first.is_alarm), ("dos-slow", true));
    assert_eq!(second.from, "pod:shop/web-1");
}

#[test]
fn a_map_that_does_not_fit_says_what_is_left_out() {
    let mut objects: Vec<_> = (0..MOST_NODES + 10).map(pod).collect();
    objects.push(service());
    let last = format!("10.244.{}.{}", (MOST_NODES + 9) / 250, (MOST_NODES + 9) % 250);
    let map = ServiceMap::of(&snapshot(&objects, vec![talk(&last, "10.96.3.9", 1)]));
    assert_eq!(map.nodes.len(), MOST_NODES);
    // The pods, the service and the workload, but for those that fit.
    assert_eq!(map.left_out.nodes, 12);
    assert!(map.nodes.iter().any(|node| node.id == format!("pod:shop/web-{}", MOST_NODES + 9)));
    assert_eq!(map.edges.len() + usize::try_from(map.left_out.edges).unwrap(), MOST_NODES + 10);
}

#[test]
fn what_leads_to_nothing_that_is_there_is_neither_on_the_map_nor_left_out() {
    let map = ServiceMap::of(&snapshot(&[ingress(), service(), slice()], Vec::new()));
    assert_eq!(map.nodes.len(), 2, "the pod of the slice is gone");
    assert_eq!(map.edges.len(), 1);
    assert_eq!(map.left_out, LeftOut::default());
}

#[test]
fn a_crowd_outside_is_one_node() {
    let talks = (0..200).map(|n| talk(&format!("203.0.113.{n}"), "10.96.3.9", 1)).collect();
    let map = ServiceMap::of(&snapshot(&[service()], talks));
    assert_eq!(map.live.len(), 51);
    let others = map.live.iter().find(|edge| edge.from == "outside:others").unwrap();
    assert_eq!(others.flows, 150);
}

#[test]
fn without_a_cluster_the_map_says_why() {
    let mut snapshot = snapshot(&[], vec![talk("203.0.113.7", "203.0.113.9", 1)]);
    snapshot.cluster.link = Link::Absent("no cluster".into());
    let map = ServiceMap::of(&snapshot);
    assert_eq!(map.unknown.as_deref(), Some("no cluster"));
    assert_eq!(map.live.len(), 1);
}

#[test]
fn the_graph_names_what_it_joins() {
    let talks = vec![talk("203.0.113.7", "10.96.3.9", 100)];
    let dot = ServiceMap::of(&snapshot(&[ingress(), service()], talks)).to_dot();
    assert!(dot.starts_with("digraph weir {") && dot.ends_with("}\n"), "{dot}");
    assert!(
        dot.contains("\"ingress:shop/web\" -> \"service:shop/web\" [label=\"www.example.org/\"")
    );
    assert!(dot.contains("\"outside:203.0.113.7\" -> \"service:shop/web\""));
}
