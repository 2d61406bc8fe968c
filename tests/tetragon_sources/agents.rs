//! Agents over gRPC.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use tempfile::{TempDir, tempdir};
use tonic::Code;
use weir::tetragon::{AgentLink, EventKind};

use crate::support::data::shared;
use crate::support::double::tetragon::{TetragonAgent, bytes};
use crate::{Follower, counted, exec, is_down, pids, without_roots_powers};

fn socket(folder: &TempDir) -> PathBuf {
    folder.path().join("tetragon.sock")
}

/// An agent at a socket, and somebody who follows it and no other.
fn followed(folder: &TempDir) -> (TetragonAgent, Follower) {
    let agent = TetragonAgent::at_socket(&socket(folder));
    let follower = Follower::of(&[&agent.endpoint()]);
    agent.wait_for_listeners(1);
    (agent, follower)
}

#[test]
fn an_agent_is_asked_not_to_send_what_nobody_wants_and_what_comes_all_the_same_is_passed_over() {
    let folder = tempdir().unwrap();
    let agent = TetragonAgent::at_socket(&socket(&folder));
    let follower = Follower::denying("kube-system", &[&agent.endpoint()]);
    agent.wait_for_listeners(1);
    assert_eq!(agent.with(|agent| agent.denied.clone()), "kube-system");
    let in_pod = |pid, namespace: &str| {
        let pod = format!(r#""pid":{pid},"pod":{{"namespace":"{namespace}","name":"p"}}"#);
        exec(pid).replace(&format!(r#""pid":{pid}"#), &pod)
    };
    agent.say(&in_pod(1, "kube-system"));
    agent.say(&in_pod(2, "kube"));
    agent.say(&exec(3));
    let heard = follower.until("the rest comes", |heard| {
        heard.events.len() == 2 && heard.agents.first().is_some_and(|agent| agent.events == 2)
    });
    assert_eq!(pids(&heard), [2, 3]);
}

#[test]
fn who_denies_nothing_is_told_of_all() {
    let folder = tempdir().unwrap();
    let (agent, _follower) = followed(&folder);
    assert_eq!(agent.with(|agent| agent.denied.clone()), "");
}

#[test]
fn events_come_in_order_over_both_kinds_of_socket_with_node_and_version() {
    let folder = tempdir().unwrap();
    for agent in [TetragonAgent::at_socket(&socket(&folder)), TetragonAgent::on_tcp()] {
        let follower = Follower::of(&[&agent.endpoint(), "none", &agent.endpoint()]);
        agent.wait_for_listeners(1);
        (1..=50).for_each(|pid| agent.say(&exec(pid)));
        let heard = follower.until("all come", |heard| {
            heard.events.len() == 50 && heard.agents.first().is_some_and(|agent| agent.events == 50)
        });
        assert_eq!(pids(&heard), (1..=50).collect::<Vec<_>>());
        let [status] = &*heard.agents else { panic!("{:?}", heard.agents) };
        assert_eq!(status.endpoint.to_string(), agent.endpoint());
        assert_eq!((&*status.node, &*status.version), ("n1", "v1.6.0"));
        assert_eq!(status.link, AgentLink::Up);
        assert!(status.heard_us.is_some());
        assert_eq!(counted(&heard), [("events", 50)]);
        drop(heard);
        follower.end();
    }
}

#[test]
fn a_stream_that_is_cut_comes_back_and_the_gap_is_counted() {
    let folder = tempdir().unwrap();
    let (agent, follower) = followed(&folder);
    agent.say(&exec(1));
    drop(follower.until("the first", |heard| heard.events.len() == 1));
    agent.cut();
    agent.wait_for_listeners(1);
    agent.say(&exec(2));
    drop(follower.until("the second", |heard| heard.events.len() == 2));
    // It has nothing more to say, which is no error; and then it is in trouble.
    agent.end();
    agent.wait_for_listeners(1);
    agent.fail(Code::ResourceExhausted, "too many\nclients");
    agent.wait_for_listeners(1);
    agent.say(&exec(3));
    let heard = follower.until("three gaps", |heard| {
        heard.events.len() == 3
            && heard.agents.iter().any(|agent| agent.gaps == 3 && agent.events == 3)
    });
    assert_eq!(pids(&heard), [1, 2, 3]);
    assert_eq!(counted(&heard), [("events", 3), ("gaps", 3)]);
}

#[test]
fn an_agent_that_is_away_is_said_to_be_and_heard_once_it_is_back() {
    let folder = tempdir().unwrap();
    let (agent, follower) = followed(&folder);
    agent.refuse();
    follower.until_down("nobody listens at this socket any more");
    agent.heal();
    follower.until_up();
    agent.wait_for_listeners(1);
    agent.say(&exec(1));
    let heard = follower.until("it comes", |heard| heard.events.len() == 1);
    assert_eq!(heard.agents.iter().map(|agent| agent.gaps).sum::<u64>(), 1);
}

#[test]
fn an_agent_that_comes_later_is_heard_from_then_on_without_a_gap() {
    let folder = tempdir().unwrap();
    let path = socket(&folder);
    let follower = Follower::of(&[&format!("unix://{}", path.display())]);
    follower.until_down("there is no such socket");
    let agent = TetragonAgent::at_socket(&path);
    agent.wait_for_listeners(1);
    agent.say(&exec(1));
    let heard =
        follower.until("it comes", |heard| heard.agents.iter().any(|agent| agent.events == 1));
    assert_eq!(counted(&heard), [("events", 1)]);
}

#[test]
fn what_a_slow_reader_has_no_room_for_is_counted_and_the_stream_goes_on() {
    let folder = tempdir().unwrap();
    let agent = TetragonAgent::at_socket(&socket(&folder));
    let follower = Follower::start(&[&agent.endpoint()], None, Some(100));
    agent.wait_for_listeners(1);
    (1..=20_000).for_each(|pid| agent.say(&exec(pid)));
    let heard = follower
        .until("all are counted", |heard| heard.agents.iter().any(|agent| agent.events == 20_000));
    assert_eq!(counted(&heard), [("dropped", 19_900), ("events", 20_000)]);
    assert_eq!(pids(&heard), (1..=100).collect::<Vec<_>>());
    drop(heard);
    follower.keeper.lock().room = None;
    agent.say(&exec(7));
    drop(follower.until("the next is taken", |heard| pids(heard).last() == Some(&7)));
}

#[test]
fn what_the_agent_leaves_out_is_counted_and_told_of() {
    let folder = tempdir().unwrap();
    let (agent, follower) = followed(&folder);
    let throttle = |step: &str, cgroup: &str| {
        agent.say(&format!(
            r#"{{"process_throttle":{{"type":"THROTTLE_{step}","cgroup":"{cgroup}\u0000\u0000"}}}}"#
        ));
    };
    throttle("START", "a");
    throttle("START", "b");
    throttle("STOP", "a");
    agent.say(r#"{"rate_limit_info":{"number_of_dropped_process_events":"41"}}"#);
    agent.say(r#"{"rate_limit_info":{"number_of_dropped_process_events":"1"}}"#);
    let heard =
        follower.until("all come", |heard| heard.agents.iter().any(|agent| agent.events == 5));
    assert_eq!(counted(&heard), [("events", 5), ("rate_limited", 42), ("throttled", 1)]);
    let kinds: Vec<_> = heard.events.iter().map(|event| event.kind).collect();
    assert_eq!(kinds[2..4], [EventKind::Throttle, EventKind::RateLimit]);
    // They came without a time of their own.
    let now_us = jiff::Timestamp::now().as_microsecond();
    assert!(heard.events.iter().all(|event| (now_us - event.at_us).abs() < 60_000_000));
    drop(heard);
    agent.cut();
    let heard = follower.until("a gap", |heard| heard.agents.iter().any(|agent| agent.gaps == 1));
    assert_eq!(counted(&heard), [("events", 5), ("gaps", 1), ("rate_limited", 42)]);
}

#[test]
fn what_makes_no_sense_is_counted_and_what_is_new_is_shown() {
    let folder = tempdir().unwrap();
    let (agent, follower) = followed(&folder);
    let whole = bytes::event(&exec(1));
    agent.say_bytes(&[0xff; 9]);
    // It ends in the middle of what it began.
    agent.say_bytes(&bytes::sized(1, &[0; 100])[..50]);
    agent.say_bytes(&bytes::sized(77, b"of a later version"));
    // Longer than an event may be, though not than a message.
    agent.say_bytes(&bytes::sized(1, &vec![0; 5 << 20]));
    agent.say_bytes(&whole);
    let heard =
        follower.until("the last", |heard| heard.agents.iter().any(|agent| agent.events == 2));
    let kinds: Vec<_> = heard.events.iter().map(|event| event.kind).collect();
    assert_eq!(kinds.last(), Some(&EventKind::Exec));
    let other = heard.events.iter().find(|event| event.kind == EventKind::Other);
    assert!(other.is_some_and(|event| event.type_name.contains("77")), "{other:?}");
    assert_eq!(counted(&heard), [("events", 2), ("unreadable", 3)]);
}

#[test]
fn a_message_beyond_all_bounds_costs_a_gap_and_no_more() {
    let folder = tempdir().unwrap();
    let (agent, follower) = followed(&folder);
    agent.say_bytes(&vec![0; 17 << 20]);
    drop(follower.until("a gap", |heard| heard.agents.iter().any(|agent| agent.gaps == 1)));
    agent.wait_for_askings(2);
    agent.say(&exec(1));
    let heard =
        follower.until("the next", |heard| heard.agents.iter().any(|agent| agent.events == 1));
    assert_eq!(counted(&heard), [("events", 1), ("gaps", 1), ("unreadable", 1)]);
}

#[test]
fn a_sink_that_breaks_off_costs_a_gap() {
    let folder = tempdir().unwrap();
    let (agent, follower) = followed(&folder);
    follower.keeper.lock().breaks = true;
    agent.say(&exec(1));
    follower.until_down("a fault of Weir");
    agent.wait_for_askings(2);
    agent.say(&exec(2));
    let heard = follower.until("it goes on", |heard| {
        pids(heard) == [2] && heard.agents.iter().any(|agent| agent.events == 1)
    });
    assert_eq!(counted(&heard), [("events", 1), ("gaps", 1)]);
}

#[test]
fn a_socket_that_accepts_and_says_nothing_is_noticed() {
    let folder = tempdir().unwrap();
    let agent = TetragonAgent::at_socket(&socket(&folder));
    agent.hang();
    let began = SystemTime::now();
    let follower = Follower::of(&[&agent.endpoint()]);
    follower.until_down("no answer within 5 s");
    assert!(began.elapsed().unwrap() < Duration::from_secs(15));
    agent.heal();
    follower.until_up();
    agent.hang();
    // Nor does it hold up who wants to end.
    follower.end();
}

#[test]
fn an_agent_that_falls_silent_for_good_is_told_from_one_that_has_nothing_to_say() {
    let folder = tempdir().unwrap();
    let (agent, follower) = followed(&folder);
    // It says nothing for longer than it takes to notice the other.
    drop(follower.until("it was asked", |_| {
        agent.with(|agent| agent.log.iter().filter(|call| *call == "GetHealth").count() >= 2)
    }));
    let heard = follower.keeper.lock();
    assert_eq!(counted(&heard), []);
    assert_eq!(heard.agents[0].link, AgentLink::Up);
    drop(heard);
    let began = SystemTime::now();
    agent.freeze();
    follower.until_down("no answer within 5 s");
    assert!(began.elapsed().unwrap() < Duration::from_secs(15));
    agent.heal();
    agent.wait_for_listeners(1);
    agent.say(&exec(1));
    drop(follower.until("it comes", |heard| heard.events.len() == 1));
}

#[test]
fn an_agent_of_another_version_is_heard_as_far_as_it_goes() {
    let folder = tempdir().unwrap();
    let agent = TetragonAgent::at_socket(&socket(&folder));
    agent.with(|agent| {
        agent.version = None;
        agent.unknown.insert("GetHealth");
    });
    let follower = Follower::of(&[&agent.endpoint()]);
    agent.wait_for_listeners(1);
    agent.say(&exec(1));
    let heard =
        follower.until("it comes", |heard| heard.agents.iter().any(|agent| agent.events == 1));
    assert_eq!((&*heard.agents[0].version, &heard.agents[0].link), ("", &AgentLink::Up));
    drop(heard);
    agent.with(|agent| agent.unknown.insert("GetEvents"));
    agent.cut();
    follower.until_down("it does not know how to send events");
}

#[test]
fn an_agent_that_sends_no_events_is_not_heard_and_there_is_nothing_to_miss() {
    let folder = tempdir().unwrap();
    let agent = TetragonAgent::at_socket(&socket(&folder));
    agent.with(|agent| agent.unknown.insert("GetEvents"));
    let follower = Follower::of(&[&agent.endpoint()]);
    follower.until_down("it does not know how to send events");
    let asked = |agent: &TetragonAgent| {
        agent.with(|agent| agent.log.iter().filter(|call| *call == "GetVersion").count())
    };
    drop(follower.until("it was asked again", |heard| {
        assert!(heard.agents.iter().all(|agent| agent.link != AgentLink::Up));
        asked(&agent) >= 3
    }));
    assert_eq!(counted(&follower.keeper.lock()), []);
}

#[test]
fn what_is_no_agent_is_said_not_to_be_one() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let web = std::thread::spawn(move || {
        use std::io::{Read, Write};
        for line in listener.incoming().take(1) {
            let mut line = line.unwrap();
            line.read_exact(&mut [0; 16]).unwrap();
            line.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").unwrap();
        }
    });
    let follower = Follower::of(&[&address.to_string(), "127.0.0.1:1"]);
    web.join().unwrap();
    let heard = follower.until("both are down", |heard| {
        heard.agents.len() == 2
            && heard.agents.iter().all(|agent| matches!(agent.link, AgentLink::Down { .. }))
    });
    assert!(heard.agents.iter().any(|agent| is_down(agent, "`tetragon.grpc.address`")));
}

#[test]
fn a_socket_of_others_is_told_with_who_may_open_it() {
    without_roots_powers();
    let folder = tempdir().unwrap();
    let agent = TetragonAgent::at_socket(&socket(&folder));
    fs::set_permissions(socket(&folder), fs::Permissions::from_mode(0o040)).unwrap();
    let follower = Follower::of(&[&agent.endpoint()]);
    follower.until_down("may not open this socket: it belongs to");
    follower.until_down("(mode 040)");
    fs::set_permissions(socket(&folder), fs::Permissions::from_mode(0o700)).unwrap();
    follower.until_up();
}

#[test]
fn the_events_of_a_live_agent_all_come() {
    let Some(path) = shared("tetragon-live/events.jsonl") else { return };
    let text = fs::read_to_string(path).unwrap();
    let folder = tempdir().unwrap();
    let (agent, follower) = followed(&folder);
    let lines: Vec<_> = text.lines().collect();
    for line in &lines {
        agent.say(line);
    }
    let heard = follower.until("all come", |heard| {
        heard.agents.iter().any(|agent| agent.events == lines.len() as u64)
    });
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    for (event, line) in heard.events.iter().zip(&lines) {
        assert_eq!(json(&event.json()), json(line));
    }
    assert_eq!(heard.agents[0].unreadable, 0);
}
