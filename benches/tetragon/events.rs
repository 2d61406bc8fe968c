//! What the agent of a busy node tells: programs that start and end, and their connections, of many
//! processes in many pods.

use serde_json::{Value, json};

use crate::bytes;

/// Different processes.
const PROCESSES: usize = 1_000;

/// One in so many messages is no event.
const DAMAGED: usize = 1_000;

/// The messages, in the order in which they are sent.
pub(crate) fn messages() -> Vec<Vec<u8>> {
    let mut messages = Vec::new();
    for line in lines() {
        if messages.len() % DAMAGED == DAMAGED / 2 {
            messages.push(vec![0xff; 100]);
        }
        messages.push(bytes::event(&line));
    }
    messages
}

/// The events, as the agent exports them.
pub(crate) fn lines() -> Vec<String> {
    (0..PROCESSES).flat_map(events).map(|event| event.to_string()).collect()
}

/// The life of a process.
fn events(n: usize) -> [Value; 6] {
    let (binary, arguments) = match n % 4 {
        0 => ("/usr/bin/curl", "--silent --max-time 5 http://web.shop.svc/healthz?deep=true"),
        1 => ("/usr/sbin/nginx", "-g \"daemon off;\""),
        2 => ("/usr/bin/python3.11", "/app/worker.py --queue orders --concurrency 8"),
        _ => ("/usr/local/bin/api", "serve --config /etc/api/config.yaml --log-format json"),
    };
    let server = process(n / 20, "/usr/bin/containerd-shim-runc-v2", "-namespace k8s.io");
    let one = process(PROCESSES + n, binary, arguments);
    let local = ("10.244.1.17", 32_768 + n);
    let sock = |state: &str| {
        json!({ "sock_arg": {
            "family": "AF_INET", "type": "SOCK_STREAM", "protocol": "IPPROTO_TCP",
            "saddr": local.0, "sport": local.1, "daddr": "10.244.2.9", "dport": 8_080,
            "cookie": (18_446_616_001_000_000_000_u64 + n as u64).to_string(), "state": state,
        }})
    };
    let probe = |function: &str, state: &str, message: &str| {
        json!({ "process_kprobe": {
            "process": one, "parent": server, "function_name": function, "args": [sock(state)],
            "action": "KPROBE_ACTION_POST", "policy_name": "weir-sockets",
            "return_action": "KPROBE_ACTION_POST", "message": message,
        }})
    };
    let mut accepted = probe("inet_csk_accept", "TCP_LISTEN", "accepts a connection");
    accepted["process_kprobe"]["return"] = sock("TCP_ESTABLISHED");
    [
        json!({ "process_exec": { "process": one, "parent": server } }),
        probe("tcp_connect", "TCP_SYN_SENT", "opens a connection"),
        accepted,
        json!({ "process_tracepoint": {
            "process": one, "parent": server, "subsys": "sock", "event": "inet_sock_set_state",
            "args": [{ "int_arg": 1 }, { "int_arg": 4 }], "policy_name": "states",
            "action": "KPROBE_ACTION_POST",
        }}),
        probe("tcp_close", "TCP_ESTABLISHED", "closes a connection"),
        json!({ "process_exit": {
            "process": one, "parent": server, "time": "2026-11-22T13:31:05.369157763Z",
        }}),
    ]
    .map(|mut event| {
        event["node_name"] = "weir-worker".into();
        event["time"] = format!("2026-11-22T13:31:05.{n:09}Z").into();
        event
    })
}

fn process(n: usize, binary: &str, arguments: &str) -> Value {
    let id = |n: usize| format!("d2Vpci13b3JrZXI6MjcwMjMxMTMxMDEw{n:06}OjMyNTMw");
    json!({
        "exec_id": id(n), "parent_exec_id": id(n / 20), "pid": n + 2, "tid": n + 2, "uid": 101,
        "cwd": "/", "binary": binary, "arguments": arguments, "flags": "execve rootcwd clone",
        "start_time": "2026-11-22T13:31:04.368335668Z", "auid": 4_294_967_295_u32,
        "docker": "5cc1013786788a9fbdc1d806b91ac3b", "in_init_tree": false,
        "pod": {
            "namespace": "shop", "name": format!("web-7f9c8d6b5-{:05}", n / 10), "workload": "web",
            "workload_kind": "Deployment", "uid": "0f6a3d1c-6d5e-4b52-9d34-2b6d6f2f7f11",
            "container": {
                "id": "containerd://5cc1013786788a9fbdc1d806b91ac3b2e58c8357465961fd96f758e87d0269d",
                "name": "web", "start_time": "2026-11-22T11:44:48Z", "pid": 43,
                "image": { "id": "registry.example/shop/web@sha256:8e86f744bfea", "name": "registry.example/shop/web:1.2.3" },
            },
            "pod_labels": { "app.kubernetes.io/name": "web", "pod-template-hash": "7f9c8d6b5" },
        },
        "cap": {
            "permitted": ["CAP_CHOWN", "CAP_KILL", "CAP_NET_BIND_SERVICE"],
            "effective": ["CAP_CHOWN", "CAP_KILL", "CAP_NET_BIND_SERVICE"],
        },
        "ns": {
            "mnt": { "inum": 4_026_532_200_u32 }, "pid": { "inum": 4_026_532_201_u32 },
            "net": { "inum": 4_026_532_100_u32 }, "user": { "inum": 4_026_531_837_u32, "is_host": true },
        },
    })
}
