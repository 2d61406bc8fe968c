//! What addresses of an incident are called.

use std::sync::Arc;

use serde_json::{Value, from_value, json, to_value};

use super::*;
use crate::incident::{Alert, Names, Who, WhoKind, Workload};

fn pod(name: &str) -> Arc<Who> {
    Arc::new(Who {
        kind: WhoKind::Pod,
        namespace: "shop".into(),
        name: name.into(),
        workload: Some(Workload { kind: "Deployment".into(), name: "web".into() }),
        service: Some("front".into()),
    })
}

fn node(name: &str) -> Arc<Who> {
    Arc::new(Who {
        kind: WhoKind::Node,
        namespace: String::new(),
        name: name.into(),
        workload: None,
        service: None,
    })
}

/// A flood of host 1 by host 7.
fn flood() -> Incident {
    only(&after((0..3).map(|id| alarm(id, Class::DosFlood, (7, 1), 0))))
}

fn named(mut incident: Incident, names: &[(u8, Arc<Who>)]) -> Incident {
    for (number, who) in names {
        incident.names.add(host(*number), who);
    }
    incident
}

#[test]
fn a_sentence_calls_hosts_by_their_names() {
    let flood = named(flood(), &[(1, pod("web-7f9c")), (7, node("worker-1"))]);
    assert_eq!(flood.sentence(), "high dos-flood of shop/web:80 by node/worker-1 (3 flows)");
    let scan = only(&after((0..3_u8).map(|id| alarm(id.into(), Class::Scan, (7, 1 + id), 0))));
    let scan = named(scan, &[(7, pod("web-7f9c"))]);
    let said = scan.sentence();
    assert_eq!(said, "low scan of 192.0.2.1:80 and 2 others by shop/web (3 flows)");
}

#[test]
fn a_file_of_packets_gives_the_address_beside_the_name() {
    let flood = named(flood(), &[(1, pod("web-7f9c"))]);
    assert!(flood.caption(2).contains(": high dos-flood, shop/web (192.0.2.1), first packet "));
}

#[test]
fn a_name_of_any_length_leaves_room_for_the_rest() {
    let long = Who { workload: None, name: "x".repeat(253), ..Who::clone(&pod("")) };
    let flood = named(flood(), &[(1, Arc::new(long))]);
    let said = flood.sentence();
    assert!(said.contains("…:80 by 192.0.2.7") && said.chars().count() < 120, "{said}");
}

#[test]
fn a_name_holds_nothing_that_no_object_of_a_cluster_is_called() {
    let hostile = "<!channel> \u{1b}[2J\u{202e}`*_\n\"";
    let who = Who {
        kind: WhoKind::Pod,
        namespace: hostile.into(),
        name: "y".repeat(10_000),
        workload: Some(Workload { kind: hostile.into(), name: hostile.into() }),
        service: Some(hostile.into()),
    };
    let mut names = Names::default();
    names.add(host(1), &Arc::new(who));
    let who = names.get(host(1)).unwrap();
    let workload = who.workload.as_ref().unwrap();
    let service = who.service.as_ref().unwrap();
    for text in [&who.namespace, &who.name, &workload.kind, &workload.name, service] {
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-._?".contains(letter);
        assert!(text.chars().all(is_plain) && text.len() <= 253, "{text}");
    }
}

#[test]
fn the_first_name_of_an_address_stays_and_there_are_so_many_and_no_more() {
    let mut names = Names::default();
    assert!(names.add(host(1), &pod("web-1")));
    assert!(!names.add(host(1), &pod("web-2")));
    assert_eq!(names.get(host(1)).unwrap().name, "web-1");
    for number in 0..=255 {
        names.add(host(number), &pod("web-3"));
    }
    assert_eq!(names.len(), Names::MOST);
}

#[test]
fn names_are_asked_for_once_and_only_where_there_is_none() {
    let flood = named(flood(), &[(1, pod("web-1"))]);
    let learnt = flood.learnt(|address, _| {
        assert_eq!(address, host(7));
        Some(node("worker-1"))
    });
    assert_eq!(learnt, [(host(7), node("worker-1"))]);
}

#[test]
fn an_alert_says_of_each_address_what_it_is() {
    let mut flood = named(flood(), &[(1, pod("web-7f9c")), (7, node("worker-1"))]);
    flood.names = flood.names.opened(flood.pivot);
    let names = to_value(Alert::from(&flood)).unwrap()["names"].clone();
    let expected = json!([
        {
            "address": "192.0.2.1",
            "kind": "pod",
            "namespace": "shop",
            "name": "web-7f9c",
            "workload": { "kind": "Deployment", "name": "web" },
            "service": "front",
            "opened": true,
        },
        { "address": "192.0.2.7", "kind": "node", "name": "worker-1" },
    ]);
    assert_eq!(names, expected);
    let read: Incident =
        from_value::<Alert>(to_value(Alert::from(&flood)).unwrap()).unwrap().try_into().unwrap();
    assert_eq!(read.names, flood.names);
    assert_eq!(read.names.opened_about(), flood.names.get(flood.pivot));
}

#[test]
fn an_alert_of_earlier_versions_has_no_names() {
    let mut alert = to_value(Alert::from(&flood())).unwrap();
    assert_eq!(alert.as_object_mut().unwrap().remove("names"), Some(json!([])));
    let read: Incident = from_value::<Alert>(alert).unwrap().try_into().unwrap();
    assert!(read.names.is_empty());
}

#[test]
fn of_names_that_others_wrote_those_are_read_that_are_names() {
    let mut alert = to_value(Alert::from(&flood())).unwrap();
    let one = |address: &str, kind: &str, name: &str| -> Value {
        json!({ "address": address, "kind": kind, "name": name, "colour": "red" })
    };
    alert["names"] = json!([
        one("nowhere", "pod", "a"),
        one("192.0.2.1", "balloon", "b"),
        one("192.0.2.7", "node", "c\u{1b}[2J"),
    ]);
    let read: Incident = from_value::<Alert>(alert).unwrap().try_into().unwrap();
    let names: Vec<_> = read.names.iter().map(|(_, who)| who.to_string()).collect();
    assert_eq!(names, ["node/c??2J"]);
}
