//! Events of Tetragon, over gRPC and as lines of its JSON export: what Weir reads of them, that nothing of
//! them is lost, and what it makes of what is no event.

#[path = "tetragon_events/anything.rs"]
mod anything;
#[path = "tetragon_events/bad_input.rs"]
mod bad_input;
#[expect(dead_code, unreachable_pub, reason = "other tests use more of it")]
#[path = "support/double/tetragon/bytes.rs"]
mod bytes;
#[expect(dead_code, unreachable_pub, reason = "other tests use more of it")]
#[path = "support/data.rs"]
mod data;
#[path = "tetragon_events/details.rs"]
mod details;
#[path = "tetragon_events/fields.rs"]
mod fields;
#[path = "tetragon_events/head.rs"]
mod head;
#[path = "tetragon_events/recorded.rs"]
mod recorded;
#[expect(unreachable_pub, reason = "other tests share it")]
#[path = "support/double/tetragon/table.rs"]
mod table;

use serde_json::{Value, json};
use weir::tetragon::Event;

/// The event that `line` is.
fn from_line(line: &Value) -> Event {
    Event::from_json(line.to_string().as_bytes()).expect("a line of the export")
}

/// The bytes of the message that `line` is the JSON form of, by the tables.
fn message(line: &Value) -> Vec<u8> {
    bytes::message("GetEventsResponse", line)
}

/// The event that the same agent would have sent over gRPC instead of `line`.
fn from_message(line: &Value) -> Event {
    Event::from_protobuf(&message(line)).expect("a message of an agent")
}

/// What the event says in JSON.
fn rendered(event: &Event) -> Value {
    serde_json::from_str(&event.json()).expect("an event is rendered as JSON")
}

/// A connection that the process of a pod opens.
fn connect() -> Value {
    json!({
        "process_kprobe": {
            "process": {
                "exec_id": "bm9kZTE6MTox",
                "pid": 4321,
                "uid": 1000,
                "cwd": "/srv",
                "binary": "/usr/bin/curl",
                "arguments": "-s http://10.0.0.9:8080/",
                "flags": "execve clone",
                "start_time": "2026-03-01T10:00:00.250Z",
                "auid": 4_294_967_295_u32,
                "pod": {
                    "namespace": "shop",
                    "name": "web-1",
                    "container": {
                        "id": "containerd://77aa",
                        "name": "web",
                        "image": { "id": "registry/web@sha256:1", "name": "registry/web:1" },
                        "start_time": "2026-03-01T09:59:58Z",
                        "pid": 12
                    },
                    "pod_labels": { "app": "web" },
                    "workload": "web",
                    "workload_kind": "Deployment"
                },
                "docker": "77aa",
                "parent_exec_id": "bm9kZTE6MDow",
                "tid": 4322
            },
            "parent": { "exec_id": "bm9kZTE6MDow", "pid": 4000, "binary": "/bin/sh" },
            "function_name": "tcp_connect",
            "args": [{
                "sock_arg": {
                    "family": "AF_INET",
                    "type": "SOCK_STREAM",
                    "protocol": "IPPROTO_TCP",
                    "saddr": "10.0.0.5",
                    "daddr": "10.0.0.9",
                    "sport": 40000,
                    "dport": 8080,
                    "cookie": "18446744073709551615",
                    "state": "TCP_SYN_SENT"
                },
                "label": "connection"
            }],
            "action": "KPROBE_ACTION_POST",
            "policy_name": "weir-sockets",
            "message": "a connection was opened",
            "tags": ["network"]
        },
        "node_name": "node1",
        "time": "2026-03-01T10:00:01.000000001Z"
    })
}
