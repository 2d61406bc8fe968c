//! Events in, processes of flows and incidents out.

use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::cluster::World;
use crate::correlate::{Answer, Nowhere};
use crate::detect::FlowSummary;
use crate::engine::events::EventId;
use crate::engine::fixture::{incident, pod};
use crate::flow::{self, FlowId, State};
use crate::incident::{Deed, FlowSpan, Hosts, Incident, IncidentId, Severity};
use crate::packet::{Address, Tuple, protocol};

const S: i64 = 1_000_000;

fn kept(id: u64, line: &serde_json::Value) -> Arc<KeptEvent> {
    let event = Event::from_json(line.to_string().as_bytes()).unwrap();
    Arc::new(KeptEvent { id: EventId(id), event })
}

fn process(binary: &str, arguments: &str) -> serde_json::Value {
    json!({
        "exec_id": format!("id-{binary}-{arguments}"), "pid": 7, "uid": 33, "binary": binary,
        "arguments": arguments,
        "pod": { "namespace": "shop", "name": "web-1", "container": { "name": "app" } },
    })
}

/// A program is started in the pod, so many seconds after the epoch.
pub(super) fn exec(second: i64, binary: &str, arguments: &str) -> Arc<KeptEvent> {
    exec_in(second, binary, arguments, &json!({ "name": "app" }))
}

fn exec_in(
    second: i64,
    binary: &str,
    arguments: &str,
    container: &serde_json::Value,
) -> Arc<KeptEvent> {
    let parent = json!({ "exec_id": "p", "pid": 1, "binary": "/usr/sbin/nginx" });
    started_by(second, (binary, arguments), container, &parent)
}

fn started_by(
    second: i64,
    (binary, arguments): (&str, &str),
    container: &serde_json::Value,
    parent: &serde_json::Value,
) -> Arc<KeptEvent> {
    let mut process = process(binary, arguments);
    process["pod"]["container"] = container.clone();
    let time = jiff::Timestamp::from_second(second).unwrap().to_string();
    kept(
        1,
        &json!({
            "process_exec": { "process": process, "parent": parent },
            "node_name": "worker-1", "time": time,
        }),
    )
}

/// The pod opens a connection.
fn connect(second: i64) -> Arc<KeptEvent> {
    connect_from(second, 40_000)
}

fn connect_from(second: i64, port: u16) -> Arc<KeptEvent> {
    let time = jiff::Timestamp::from_second(second).unwrap().to_string();
    let sock = json!({
        "family": "AF_INET", "type": "SOCK_STREAM", "protocol": "IPPROTO_TCP",
        "saddr": "10.0.0.1", "daddr": "10.0.0.2", "sport": port, "dport": 80,
    });
    kept(
        2,
        &json!({
            "process_kprobe": {
                "process": process("/usr/bin/curl", "-s"), "function_name": "tcp_connect",
                "args": [{ "sock_arg": sock }],
            },
            "node_name": "worker-1", "time": time,
        }),
    )
}

fn flow(state: State) -> FlowSummary {
    let tuple = Tuple {
        source: Address::v4([10, 0, 0, 1]),
        target: Address::v4([10, 0, 0, 2]),
        source_port: 40_000,
        target_port: 80,
        protocol: protocol::TCP,
        icmp_type: 0,
    };
    FlowSummary {
        id: FlowId(9),
        tuple,
        first_us: 100 * S + 50,
        last_us: 101 * S,
        at_us: 101 * S,
        packets: 9,
        bytes: 9,
        reports: 0,
        state,
    }
}

/// An incident about the pod, from the hundredth second to the next.
fn attack() -> Incident {
    let target = Address::v4([10, 0, 0, 1]);
    let mut attack = Incident {
        targets: Hosts { listed: vec![target], total: 1 },
        first_us: 1_000 * S,
        last_us: 1_100 * S,
        severity: Severity::Medium,
        ..Incident::clone(&incident(1, 3))
    };
    attack.names.add(target, &pod("web-1"));
    attack
}

#[test]
fn an_event_that_comes_late_is_still_joined_and_counted_once() {
    let processes = Processes::new();
    processes.observe(&exec(1, "/bin/true", ""));
    let mut joins = Joins::new(processes.clone());
    joins.heard(&flow(State::Provisional), 101 * S);
    processes.observe(&kept(3, &json!({
        "process_kprobe": {
            "process": process("/bin/other", ""), "function_name": "inet_csk_listen_start",
            "args": [{ "sock_arg": { "type": "SOCK_STREAM", "protocol": "IPPROTO_TCP", "sport": 9 } }],
        },
        "node_name": "worker-1", "time": "1970-01-01T00:00:09Z",
    })));
    joins.heard(&flow(State::Final(flow::End::Fin)), 101 * S);
    assert!(joins.look(101 * S, &Nowhere).flows.is_empty());
    processes.observe(&connect(100));
    let news = joins.look(103 * S, &Nowhere);
    let [(tuple, _, found)] = &*news.flows else { panic!("{news:?}") };
    assert_eq!(tuple.source_port, 40_000);
    let client = found.client.owner().unwrap();
    assert_eq!((&*client.process.binary, &*client.process.user), ("/usr/bin/curl", "33"));
    joins.look(i64::MAX, &Nowhere);
    assert_eq!(joins.counts(), (1, 1), "it is asked to the end where no packet will come any more");
}

#[test]
fn a_flow_of_an_incident_names_its_process_and_the_events_that_tell_of_it() {
    let processes = Processes::new();
    processes.observe(&exec(90, "/usr/bin/curl", "-s"));
    processes.observe(&connect(100));
    // The same process opens another one.
    processes.observe(&connect_from(101, 40_001));
    let mut joins = Joins::new(processes);
    let flow = flow(State::Final(flow::End::Fin));
    let span =
        FlowSpan { id: flow.id, tuple: flow.tuple, first_us: flow.first_us, last_us: flow.last_us };
    assert!(joins.of_incident(IncidentId(1), &span).is_empty(), "nobody has asked yet");
    assert!(joins.look(102 * S, &Nowhere).incidents.is_empty(), "it must stand once more");
    let news = joins.look(104 * S, &Nowhere);
    let [joined] = &*news.incidents else { panic!("{news:?}") };
    assert_eq!((joined.incident, joined.seen.deed), (IncidentId(1), Deed::Client));
    let calls: Vec<_> = joined.events.iter().map(|kept| kept.event.type_name.as_str()).collect();
    assert_eq!(calls, ["process_exec", "process_kprobe"]);
    let of_flow = joined.events[1].event.socket.as_ref().unwrap();
    assert_eq!(of_flow.local.unwrap().port(), 40_000, "of this connection");
    assert_eq!(joins.of_incident(IncidentId(1), &span).len(), 1, "it is known");
}

/// Another process closes the connection of [`connect`].
fn closed_by_another() -> Arc<KeptEvent> {
    let mut other = process("/usr/bin/other", "");
    other["exec_id"] = json!("another");
    let sock = json!({
        "family": "AF_INET", "type": "SOCK_STREAM", "protocol": "IPPROTO_TCP",
        "saddr": "10.0.0.1", "daddr": "10.0.0.2", "sport": 40_000, "dport": 80,
    });
    kept(
        5,
        &json!({
            "process_kprobe": {
                "process": other, "function_name": "tcp_close", "args": [{ "sock_arg": sock }],
            },
            "node_name": "worker-1", "time": "1970-01-01T00:01:40.5Z",
        }),
    )
}

#[test]
fn an_incident_is_told_nothing_that_did_not_stand_a_second_time() {
    let processes = Processes::new();
    processes.observe(&exec(90, "/usr/bin/curl", "-s"));
    processes.observe(&connect_from(100, 50_000));
    let mut joins = Joins::new(processes.clone());
    let flow = flow(State::Final(flow::End::Fin));
    joins.heard(&flow, 101 * S);
    let span =
        FlowSpan { id: flow.id, tuple: flow.tuple, first_us: flow.first_us, last_us: flow.last_us };
    joins.of_incident(IncidentId(1), &span);
    assert!(joins.look(101 * S, &Nowhere).flows.is_empty(), "nobody is known");
    processes.observe(&connect(100));
    let news = joins.look(102 * S, &Nowhere);
    assert!(news.flows[0].2.client.owner().is_some(), "it is shown where it can be taken back");
    assert!(news.incidents.is_empty(), "{news:?}");
    processes.observe(&closed_by_another());
    for second in 103..120 {
        let news = joins.look(second * S, &Nowhere);
        assert!(news.incidents.is_empty(), "{news:?}");
    }
}

#[test]
fn a_late_event_that_makes_it_unclear_takes_the_answer_back() {
    let processes = Processes::new();
    processes.observe(&connect(100));
    let mut joins = Joins::new(processes.clone());
    joins.heard(&flow(State::Final(flow::End::Fin)), 101 * S);
    let news = joins.look(101 * S, &Nowhere);
    assert!(news.flows[0].2.client.owner().is_some());
    processes.observe(&closed_by_another());
    let news = joins.look(102 * S, &Nowhere);
    let [(.., found)] = &*news.flows else { panic!("{news:?}") };
    assert_eq!(found.client, Answer::Unclear);
    (103..120).for_each(|second| drop(joins.look(second * S, &Nowhere)));
    assert_eq!(joins.counts(), (1, 0));
}

#[test]
fn a_program_that_is_started_where_an_incident_strikes_is_part_of_it_and_a_usual_one_is_not() {
    let processes = Processes::new();
    let world = World::default();
    // A health check, every ten seconds, and something of an hour ago.
    (500..1_000).step_by(10).for_each(|at| processes.observe(&exec(at, "/bin/check", "-q")));
    processes.observe(&exec(100, "/bin/sh", "-c id"));
    processes.fresh();
    let mut attacked = Attacked::default();
    assert!(attacked.watch(&attack(), &world, &processes).is_empty());
    processes.observe(&exec(1_050, "/bin/check", "-q"));
    processes.observe(&exec(1_050, "/bin/check", "-q --now"));
    processes.observe(&exec(1_399, "/bin/sh", "-c id"));
    processes.observe(&exec(1_401, "/bin/sh", "-c id -u"));
    let started = attacked.started(&processes.fresh(), 1_410 * S);
    let started: BTreeMap<_, _> =
        started.iter().map(|one| (one.seen.at_us / S, &*one.seen.process.arguments)).collect();
    assert_eq!(started, BTreeMap::from([(1_050, "-q --now"), (1_399, "-c id")]));
    let mut attack = attack();
    let late = attacked.watch(&attack, &world, &processes);
    assert!(late.is_empty(), "the pod is watched already");
    attack.last_us = 1_300 * S;
    attacked.watch(&attack, &world, &processes);
    processes.observe(&exec(1_590, "/bin/sh", "-c id"));
    assert_eq!(attacked.started(&processes.fresh(), 1_600 * S).len(), 1, "it goes on");
}

#[test]
fn checks_of_health_and_first_processes_of_containers_are_no_part_of_an_incident() {
    let processes = Processes::new();
    let mut attacked = Attacked::default();
    attacked.watch(&attack(), &World::default(), &processes);
    for (at, container) in [
        (1_050, json!({ "name": "app", "pid": 77, "maybe_exec_probe": true })),
        (1_051, json!({ "name": "app", "pid": 1 })),
        (1_052, json!({ "name": "app", "pid": 78 })),
    ] {
        processes.observe(&exec_in(at, "/bin/sh", &format!("-c {at}"), &container));
    }
    // In a namespace of its own what somebody in the pod starts is the first too.
    let container = json!({ "name": "app", "pid": 1 });
    processes.observe(&started_by(
        1_053,
        ("/bin/sh", "-i"),
        &container,
        &process("/usr/bin/unshare", "-pf"),
    ));
    let started = attacked.started(&processes.fresh(), 1_060 * S);
    let started: Vec<_> = started.iter().map(|one| one.seen.at_us / S).collect();
    assert_eq!(started, [1_052, 1_053]);
}

#[test]
fn what_was_started_before_the_incident_was_known_is_found() {
    let processes = Processes::new();
    processes.observe(&exec(980, "/bin/sh", "-c id"));
    processes.observe(&exec(960, "/bin/ls", ""));
    let found = Attacked::default().watch(&attack(), &World::default(), &processes);
    let [joined] = &*found else { panic!("{found:?}") };
    assert_eq!(
        (joined.seen.deed, &*joined.seen.process.parent),
        (Deed::Started, "/usr/sbin/nginx")
    );
    assert_eq!(&*joined.seen.process.binary, "/bin/sh");
}
