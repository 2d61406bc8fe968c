//! What Weir reads of an event at once.

use serde_json::{Value, json};
use weir::tetragon::{Event, EventKind, Pod};

use super::{connect, from_line, from_message};

/// The event `line`, which must be the same whichever way it comes.
fn read(line: &Value) -> Event {
    let event = from_line(line);
    let sent = from_message(line);
    assert_eq!(
        (&event.kind, &event.type_name, &event.call, &event.arguments, event.at_us),
        (&sent.kind, &sent.type_name, &sent.call, &sent.arguments, sent.at_us)
    );
    assert_eq!((&event.process, &event.parent), (&sent.process, &sent.parent));
    event
}

#[test]
fn a_call_of_a_kernel_function_says_who_did_what_with_what() {
    let event = read(&connect());
    assert_eq!(event.kind, EventKind::Kprobe);
    assert_eq!(event.type_name, "process_kprobe");
    assert_eq!(event.at_us, 1_772_359_201_000_000);
    assert_eq!(event.node, "node1");
    assert_eq!(event.call, "tcp_connect");
    assert_eq!(
        event.arguments,
        "10.0.0.5:40000 -> 10.0.0.9:8080, AF_INET, SOCK_STREAM, IPPROTO_TCP, TCP_SYN_SENT"
    );
    assert_eq!(event.policy, "weir-sockets");
    assert_eq!(event.message, "a connection was opened");
    assert_eq!(event.action, "post");
    assert_eq!(event.lost, 0);
    let process = event.process.expect("it has a process");
    assert_eq!((process.pid, process.uid), (4_321, Some(1_000)));
    assert_eq!(process.binary, "/usr/bin/curl");
    assert_eq!(process.arguments, "-s http://10.0.0.9:8080/");
    assert_eq!(process.exec_id, "bm9kZTE6MTox");
    assert_eq!(process.parent_exec_id, "bm9kZTE6MDow");
    assert_eq!(process.start_us, Some(1_772_359_200_250_000));
    let pod = Pod {
        namespace: "shop".into(),
        name: "web-1".into(),
        workload: "web".into(),
        container: "web".into(),
        ..Pod::default()
    };
    assert_eq!(process.pod, Some(pod));
    assert_eq!(event.parent.expect("and a parent").binary, "/bin/sh");
}

#[test]
fn a_start_says_with_which_arguments_and_an_end_how() {
    let process = json!({ "pid": 7, "binary": "/bin/cat", "arguments": "/etc/shadow" });
    let exec = read(&json!({ "process_exec": { "process": process } }));
    assert_eq!((exec.kind, exec.arguments.as_str()), (EventKind::Exec, "/etc/shadow"));
    assert_eq!(exec.at_us, 0, "no time is no time");
    let exit = read(&json!({ "process_exit": { "process": process, "status": 2 } }));
    assert_eq!((exit.kind, exit.arguments.as_str()), (EventKind::Exit, "status 2"));
    let exit = read(&json!({ "process_exit": { "process": process } }));
    assert_eq!(exit.arguments, "status 0");
    let killed = read(&json!({ "process_exit": { "process": process, "signal": "SIGKILL" } }));
    assert_eq!(killed.arguments, "SIGKILL");
}

#[test]
fn each_type_says_what_was_called() {
    let called = |line: Value| read(&line).call;
    let cases = [
        (
            json!({ "process_tracepoint": { "subsys": "sock", "event": "inet_sock_set_state" } }),
            "sock/inet_sock_set_state",
        ),
        (
            json!({ "process_uprobe": { "path": "/bin/bash", "symbol": "readline" } }),
            "/bin/bash:readline",
        ),
        (
            json!({ "process_uprobe": { "path": "/bin/bash", "offset": "4660" } }),
            "/bin/bash+0x1234",
        ),
        (
            json!({ "process_usdt": { "path": "/bin/db", "provider": "db", "name": "query" } }),
            "/bin/db:db/query",
        ),
        (json!({ "process_lsm": { "function_name": "file_open" } }), "file_open"),
        (json!({ "process_loader": { "path": "/lib/libssl.so.3" } }), "/lib/libssl.so.3"),
    ];
    for (line, call) in cases {
        assert_eq!(called(line), call);
    }
}

#[test]
fn what_the_agent_left_out_is_said() {
    let line = json!({ "rate_limit_info": { "number_of_dropped_process_events": "12" } });
    let event = read(&line);
    assert_eq!((event.kind, event.lost), (EventKind::RateLimit, 12));
    assert_eq!(event.arguments, "12 events left out");
    let cgroup = "5cc101\0\0\0\0";
    let start = json!({ "process_throttle": { "type": "THROTTLE_START", "cgroup": cgroup } });
    let event = read(&start);
    assert_eq!((event.kind, event.call.as_str()), (EventKind::Throttle, "start"));
    assert_eq!(event.arguments, "5cc101");
    let stop = json!({ "process_throttle": { "type": "THROTTLE_STOP", "cgroup": cgroup } });
    assert_eq!(read(&stop).call, "stop");
}

#[test]
fn actions_are_words_and_an_unknown_one_is_a_number() {
    let acted = |action: Value| read(&json!({ "process_lsm": { "action": action } })).action;
    assert_eq!(acted(json!("KPROBE_ACTION_SIGKILL")), "sigkill");
    assert_eq!(acted(json!("KPROBE_ACTION_OVERRIDE")), "override");
    assert_eq!(acted(json!(0)), "");
    assert_eq!(acted(json!(99)), "action 99");
    let event = from_line(&json!({ "process_lsm": { "action": "KPROBE_ACTION_OF_TOMORROW" } }));
    assert_eq!(event.action, "");
    assert!(event.json().contains("KPROBE_ACTION_OF_TOMORROW"), "the line keeps the word");
    let process = json!({ "cap": { "effective": ["CAP_OF_TOMORROW", "CAP_BPF", 77] } });
    let event = from_line(&json!({ "process_exec": { "process": process } }));
    let capabilities = event.details().capabilities.expect("they are said");
    assert_eq!(capabilities.effective, ["unknown capability", "CAP_BPF", "capability 77"]);
}

#[test]
fn numbers_may_be_strings_and_strings_numbers() {
    let line = json!({ "process_kprobe": {
        "process": { "pid": "17" },
        "args": [{ "size_arg": 5 }, { "long_arg": "-3" }, { "uint_arg": "9" }],
    }});
    let event = read(&line);
    assert_eq!(event.process.as_ref().map(|process| process.pid), Some(17));
    assert_eq!(event.arguments, "5, -3, 9");
}
