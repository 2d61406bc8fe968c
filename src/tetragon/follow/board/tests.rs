use serde_json::{Value, json};

use super::*;

/// Who takes everything.
struct Taker(Mutex<Vec<Event>>);

impl EventSink for Taker {
    fn take(&self, event: Event) -> bool {
        locked(&self.0).push(event);
        true
    }

    fn agents(&self, _agents: Vec<AgentStatus>) {}
}

fn board() -> (Arc<Board>, Arc<Taker>) {
    let taker = Arc::new(Taker(Mutex::default()));
    (Board::new(Arc::<Taker>::clone(&taker)), taker)
}

fn named(place: &str) -> AgentStatus {
    AgentStatus::new(Endpoint::Tcp(place.into()))
}

/// An agent of the cluster.
fn found(place: &str, node: &str) -> AgentStatus {
    AgentStatus { node: node.into(), namespace: "kube-system".into(), ..named(place) }
}

fn said(node: &str, what: &str, with: &Value) -> Event {
    let line = json!({ what: with, "node_name": node }).to_string();
    Event::from_json(line.as_bytes()).unwrap()
}

fn exec(node: &str) -> Event {
    said(node, "process_exec", &json!({ "process": { "pid": 7 } }))
}

fn only(board: &Board) -> AgentStatus {
    let [agent] = &*board.agents() else { panic!("one agent") };
    agent.clone()
}

#[test]
fn what_was_counted_goes_on_with_the_next_agent_of_the_node() {
    let (board, _taker) = board();
    let first = board.ear(found("10.0.0.1:1", "n1")).unwrap();
    first.take(exec("n1"));
    first.take(said("n1", "rate_limit_info", &json!({ "number_of_dropped_process_events": "5" })));
    first.unreadable();
    first.gap();
    board.leave(first.endpoint());
    let other = board.ear(found("10.0.0.2:1", "n2")).unwrap();
    assert_eq!(only(&board).events, 0);
    board.leave(other.endpoint());
    let next = board.ear(found("10.0.0.3:1", "n1")).unwrap();
    next.take(exec("n1"));
    let AgentStatus { events, rate_limited, unreadable, gaps, link, .. } = only(&board);
    assert_eq!((events, rate_limited, unreadable, gaps), (3, 5, 1, 1));
    assert_eq!(link, AgentLink::Connecting);
}

#[test]
fn an_agent_that_is_named_and_found_too_is_taken_in_once() {
    let (board, taker) = board();
    let here = board.ear(named("unix")).unwrap();
    let there = board.ear(found("10.0.0.1:1", "n1")).unwrap();
    let elsewhere = board.ear(found("10.0.0.2:1", "n2")).unwrap();
    for ear in [&here, &there, &elsewhere] {
        ear.up();
    }
    here.take(exec("n1"));
    there.take(exec("n1"));
    elsewhere.take(exec("n2"));
    assert_eq!(locked(&taker.0).len(), 2);
    // Where the one falls silent, the other takes its place.
    here.down("away".into());
    there.take(exec("n1"));
    here.up();
    here.take(exec("n1"));
    assert_eq!(locked(&taker.0).len(), 3);
    let counts: Vec<_> = board.agents().iter().map(|agent| agent.events).collect();
    assert_eq!(counts.iter().sum::<u64>(), 3);
}

#[test]
fn of_a_log_and_a_service_of_one_agent_the_service_is_taken_in() {
    let (board, taker) = board();
    let log = Endpoint::Log { namespace: "kube-system".into(), pod: "t".into(), node: "n1".into() };
    let log = board.ear(AgentStatus { endpoint: log, ..found("", "n1") }).unwrap();
    let service = board.ear(named("n1:1")).unwrap();
    for ear in [&log, &service] {
        ear.up();
        ear.take(exec("n1"));
    }
    log.take(exec("n1"));
    assert_eq!(locked(&taker.0).len(), 2);
}

#[test]
fn agents_that_are_named_and_those_of_other_clusters_are_several() {
    let (board, taker) = board();
    let agents = [named("a:1"), named("b:1"), found("10.0.0.1:1", "n1")];
    let [one, two, found] = agents.map(|agent| board.ear(agent).unwrap());
    for ear in [&one, &two, &found] {
        ear.up();
    }
    one.take(exec("n1"));
    two.take(exec("n1"));
    let line =
        json!({ "process_exec": {}, "node_name": "n1", "cluster_name": "other" }).to_string();
    found.take(Event::from_json(line.as_bytes()).unwrap());
    assert_eq!(locked(&taker.0).len(), 3);
}

#[test]
fn an_agent_that_speaks_for_other_nodes_silences_nobody() {
    let (board, taker) = board();
    let liar = board.ear(found("10.0.0.1:1", "n1")).unwrap();
    let honest = board.ear(found("10.0.0.2:1", "n2")).unwrap();
    let here = board.ear(named("n3:1")).unwrap();
    for ear in [&liar, &honest, &here] {
        ear.up();
    }
    for node in ["n2", "n3"] {
        liar.take(exec(node));
    }
    honest.take(exec("n2"));
    here.take(exec("n3"));
    assert_eq!(locked(&taker.0).len(), 4);
    let cluster = "c".repeat(1 << 20);
    let line =
        json!({ "process_exec": {}, "node_name": "n1", "cluster_name": cluster }).to_string();
    liar.take(Event::from_json(line.as_bytes()).unwrap());
    let remembered: usize = locked(&board.places).values().map(|place| place.cluster.len()).sum();
    assert_eq!(remembered, 0);
}

#[test]
fn a_cgroup_is_throttled_once_however_often_that_is_said() {
    let (board, _taker) = board();
    let ear = board.ear(named("n1:1")).unwrap();
    let throttle = |step: &str, cgroup: &str| {
        let with = json!({ "type": format!("THROTTLE_{step}"), "cgroup": cgroup });
        ear.take(said("n1", "process_throttle", &with));
        only(&board).throttled
    };
    assert_eq!(throttle("START", "a"), 1);
    assert_eq!(throttle("START", "a"), 1);
    assert_eq!(throttle("START", "b"), 2);
    assert_eq!(throttle("STOP", "c"), 2);
    assert_eq!(throttle("STOP", "a"), 1);
    for number in 0..CGROUPS * 2 {
        throttle("START", &number.to_string());
    }
    assert_eq!(only(&board).throttled, CGROUPS as u64);
}

#[test]
fn what_an_agent_says_of_itself_is_bounded_and_plain() {
    let (board, _taker) = board();
    for place in ["a:1", "b:1"] {
        let ear = board.ear(named(place)).unwrap();
        let lost = json!({ "number_of_dropped_process_events": u64::MAX.to_string() });
        let node = format!("n\u{1b}[31m\n1{}", "x".repeat(100_000));
        ear.take(said(&node, "rate_limit_info", &lost));
        ear.take(said(&node, "rate_limit_info", &lost));
    }
    let agents = board.agents();
    let all: u64 = agents.iter().map(AgentStatus::lost).sum();
    assert!(all >= MOST_LOST, "{all}");
    for agent in agents {
        assert!(agent.node.starts_with("n[31m 1x") && agent.node.len() < 1_000, "{}", agent.node);
    }
}
