use weir::engine::map::MapEdge;

use super::*;

fn node(sort: Sort, id: &str, kind: Option<&str>) -> MapNode {
    let name = id.split('/').next_back().unwrap().to_owned();
    let kind = kind.map(str::to_owned);
    MapNode { id: id.into(), sort, namespace: "shop".into(), name, kind }
}

fn edge(from: &str, to: &str, why: Why, routes: &[&str]) -> MapEdge {
    let routes = routes.iter().map(|route| (*route).to_owned()).collect();
    MapEdge { from: from.into(), to: to.into(), why, routes }
}

#[test]
fn what_comes_first_stands_above_what_it_leads_to() {
    let map = ServiceMap {
        nodes: vec![
            node(Sort::Ingress, "i/web", None),
            node(Sort::Service, "s/web", None),
            node(Sort::Service, "s/db", None),
            node(Sort::Workload, "w/web", Some("Deployment")),
            node(Sort::Workload, "w/cron", Some("CronJob")),
            node(Sort::Pod, "p/web-1", None),
            node(Sort::Pod, "p/cron-1", None),
            node(Sort::Pod, "p/lone", None),
            node(Sort::Outside, "o/203.0.113.7", None),
        ],
        edges: vec![
            edge("i/web", "s/web", Why::Routes, &["shop.example/"]),
            edge("s/web", "p/web-1", Why::Selects, &[]),
            edge("w/web", "p/web-1", Why::Owns, &[]),
            edge("w/cron", "p/cron-1", Why::Owns, &[]),
        ],
        ..ServiceMap::default()
    };
    let expected = "\
shop
  Ingress web
    Service web  by shop.example/
      Deployment web  1 pod
        Pod web-1
  Service db
  CronJob cron  1 pod
    Pod cron-1
  Pod lone";
    assert_eq!(written(&by_namespace(&map)), expected);
}

#[test]
fn pods_that_no_service_leads_to_stand_below_their_workload() {
    let map = ServiceMap {
        nodes: vec![
            node(Sort::Service, "s/web", None),
            node(Sort::Workload, "w/web", Some("Deployment")),
            node(Sort::Pod, "p/web-1", None),
            node(Sort::Pod, "p/web-2", None),
        ],
        edges: vec![
            edge("s/web", "p/web-1", Why::Selects, &[]),
            edge("w/web", "p/web-1", Why::Owns, &[]),
            edge("w/web", "p/web-2", Why::Owns, &[]),
        ],
        ..ServiceMap::default()
    };
    let expected = "\
shop
  Service web
    Deployment web  1 of 2 pods
      Pod web-1
  Deployment web  1 of 2 pods
    Pod web-2";
    assert_eq!(written(&by_namespace(&map)), expected);
}

#[test]
fn what_stands_below_a_service_is_said_once() {
    let mut map = ServiceMap {
        nodes: vec![node(Sort::Service, "s/web", None), node(Sort::Pod, "p/web-1", None)],
        edges: vec![edge("s/web", "p/web-1", Why::Selects, &[])],
        ..ServiceMap::default()
    };
    for ingress in ["i/one", "i/two"] {
        map.nodes.push(node(Sort::Ingress, ingress, None));
        map.edges.push(edge(ingress, "s/web", Why::Routes, &["*/"]));
    }
    let expected = "\
shop
  Ingress one
    Service web  by */
      Pod web-1
  Ingress two
    Service web  by */, as above";
    assert_eq!(written(&by_namespace(&map)), expected);
}

fn live(from: &str, to: &str, (score, is_alarm): (f64, bool)) -> LiveEdge {
    LiveEdge {
        from: from.into(),
        to: to.into(),
        ports: vec![80],
        flows: 10,
        bytes: 1_000,
        flows_per_s: 1.0,
        bytes_per_s: 100.0,
        resets: 2,
        score,
        class: if is_alarm { "dos-slow" } else { "benign" },
        is_alarm,
    }
}

#[test]
fn a_workload_says_what_came_to_all_its_pods_and_shows_those_it_came_to() {
    let mut map = ServiceMap {
        nodes: vec![node(Sort::Workload, "w/web", Some("Deployment"))],
        live: vec![
            live("o/1", "p/web-1", (0.6, true)),
            live("o/1", "p/web-2", (0.8, false)),
            live("p/web-2", "o/1", (0.1, false)),
        ],
        ..ServiceMap::default()
    };
    map.nodes.push(node(Sort::Outside, "o/1", None));
    for pod in ["p/web-1", "p/web-2", "p/web-3"] {
        map.nodes.push(node(Sort::Pod, pod, None));
        map.edges.push(edge("w/web", pod, Why::Owns, &[]));
    }
    let lines = with_traffic(&map);
    let expected = "\
outside
  1
    → shop/web-1:80
    → shop/web-2:80
shop
  Deployment web  3 pods
    Pod web-1
    Pod web-2
      → 1:80";
    assert_eq!(written(&lines), expected);
    let traffic = lines.iter().find(|line| line.name == "Deployment web").unwrap().traffic.unwrap();
    assert_eq!((traffic.flows, traffic.resets), (20, 4));
    // An alarm is worse than a higher score without one.
    assert_eq!(traffic.worst(), "ALARM dos-slow");
    assert_eq!(traffic.written(), "ALARM dos-slow 0.600, 20 flows, 2.0/s, 200 B/s, 4 resets");
}

#[test]
fn ports_stand_apart_from_addresses() {
    let edge = LiveEdge { ports: vec![80, 443], ..live("a", "b", (0.0, false)) };
    let mut outside = node(Sort::Outside, "o/x", None);
    outside.name = "2001:db8::7".into();
    assert_eq!(target(&outside, &edge), "[2001:db8::7]:80,443");
    let many = LiveEdge { ports: (1..9).collect(), ..edge };
    assert!(target(&node(Sort::Pod, "p/web", None), &many).ends_with(":1,2,3,4,5,6,7,8,…"));
}

fn written(lines: &[Line]) -> String {
    let line = |line: &Line| {
        let Line { depth, name, note, .. } = line;
        format!("{}{name}  {note}", "  ".repeat(*depth)).trim_end().to_owned()
    };
    lines.iter().map(line).collect::<Vec<_>>().join("\n")
}
