//! All that an event says.

use serde_json::{Value, json};
use weir::tetragon::{Exit, Fact, Namespace};

use super::{connect, from_line, from_message};

/// Label and text of each of `facts`.
fn pairs(facts: &[Fact]) -> Vec<(&str, &str)> {
    facts.iter().map(|fact| (fact.label.as_str(), fact.text.as_str())).collect()
}

/// What the text of the argument `argument` is.
fn text(argument: &Value) -> String {
    let line = json!({ "process_kprobe": { "args": [argument] } });
    let details = from_message(&line).details();
    assert_eq!(details, from_line(&line).details());
    details.arguments[0].text.clone()
}

/// An argument of each type, and how it is shown.
fn arguments() -> Vec<(Value, &'static str)> {
    vec![
        (json!({ "string_arg": "/etc/shadow" }), "/etc/shadow"),
        (json!({ "int_arg": -2 }), "-2"),
        (json!({ "size_arg": "5" }), "5"),
        (json!({ "bytes_arg": "aGVsbG8K" }), "hello\n"),
        (json!({ "bytes_arg": "AAECAw==" }), "0x00010203 (4 bytes)"),
        (
            json!({ "truncated_bytes_arg": { "bytes_arg": "aGk=", "orig_size": "65536" } }),
            "hi (of 65536 bytes)",
        ),
        (json!({ "truncated_bytes_arg": { "orig_size": "65536" } }), "(of 65536 bytes)"),
        (
            json!({ "path_arg": { "path": "/x", "mount": "/mnt", "flags": "f" } }),
            "/x, f, mount /mnt",
        ),
        (
            json!({ "file_arg": { "path": "/etc/passwd", "permission": "-rw-r--r--" } }),
            "/etc/passwd, -rw-r--r--",
        ),
        (
            json!({ "sock_arg": { "saddr": "::1", "sport": 1, "daddr": "::2", "dport": 2 } }),
            "[::1]:1 -> [::2]:2",
        ),
        (
            json!({ "sock_arg": { "daddr": "10.0.0.1", "dport": 80, "protocol": "IPPROTO_UDP" } }),
            "-> 10.0.0.1:80, IPPROTO_UDP",
        ),
        (
            json!({ "skb_arg": { "saddr": "10.0.0.1", "daddr": "10.0.0.2", "proto": 1, "len": 84 } }),
            "10.0.0.1:0 -> 10.0.0.2:0, protocol 1, 84 bytes",
        ),
        (
            json!({ "cred_arg": { "effective": ["CAP_CHOWN", "DAC_OVERRIDE"] } }),
            "effective CAP_CHOWN CAP_DAC_OVERRIDE",
        ),
        (json!({ "long_arg": "-9223372036854775808" }), "-9223372036854775808"),
        (
            json!({ "bpf_attr_arg": { "ProgType": "kprobe", "InsnCnt": 9, "ProgName": "p" } }),
            "p, kprobe, 9 instructions",
        ),
        (
            json!({ "bpf_prog_arg": { "ProgType": "xdp", "InsnCnt": 2, "ProgName": "q" } }),
            "q, xdp, 2 instructions",
        ),
        (
            json!({ "perf_event_arg": { "KprobeFunc": "f", "Type": "KPROBE", "ProbeOffset": "16" } }),
            "f, KPROBE, offset 0x10",
        ),
        (
            json!({ "bpf_map_arg": { "MapType": "HASH", "KeySize": 4, "ValueSize": 8,
                                   "MaxEntries": 10, "MapName": "m" } }),
            "m, HASH, key 4 bytes, value 8 bytes, 10 entries",
        ),
        (json!({ "uint_arg": 4_000_000_000_u32 }), "4000000000"),
        (
            json!({ "user_namespace_arg": { "level": 1, "owner": 5, "ns": { "inum": 3 } } }),
            "3, level 1, uid 5",
        ),
        (
            json!({ "user_ns_arg": { "level": 0, "uid": 0, "gid": 0,
                                   "ns": { "inum": 4_026_531_837_u32, "is_host": true } } }),
            "4026531837 (host), level 0, uid 0, gid 0",
        ),
        (
            json!({ "capability_arg": { "value": 34, "name": "CAP_SYSLOG" } }),
            "CAP_SYSLOG, number 34",
        ),
        (
            json!({ "process_credentials_arg": { "uid": 0, "gid": 1,
                                               "caps": { "permitted": ["CAP_BPF"] } } }),
            "uid 0, gid 1, permitted CAP_BPF",
        ),
        (
            json!({ "module_arg": { "name": "xfs", "signature_ok": true,
                                  "tainted": ["TAINT_UNSIGNED_MODULE", 3] } }),
            "xfs, signed, TAINT_UNSIGNED_MODULE, taint 3",
        ),
        (json!({ "kernel_cap_t_arg": "00ff" }), "00ff"),
        (json!({ "cap_inheritable_arg": "01" }), "01"),
        (json!({ "cap_permitted_arg": "02" }), "02"),
        (json!({ "cap_effective_arg": "03" }), "03"),
        (
            json!({ "linux_binprm_arg": { "path": "/bin/sh", "permission": "-rwxr-xr-x" } }),
            "/bin/sh, -rwxr-xr-x",
        ),
        (json!({ "net_dev_arg": { "name": "eth0" } }), "eth0"),
        (json!({ "bpf_cmd_arg": "BPF_PROG_LOAD" }), "BPF_PROG_LOAD"),
        (json!({ "bpf_cmd_arg": 99 }), "command 99"),
        (json!({ "syscall_id": { "id": 59, "abi": "x64" } }), "59, x64"),
        (
            json!({ "sockaddr_arg": { "family": "AF_INET", "addr": "10.0.0.9", "port": 53 } }),
            "10.0.0.9:53, AF_INET",
        ),
        (
            json!({ "sockaddrun_arg": { "family": "AF_UNIX", "path": "/run/docker.sock" } }),
            "/run/docker.sock, AF_UNIX",
        ),
        (json!({ "error_arg": { "Message": "page fault" } }), "page fault"),
        (json!({}), ""),
    ]
}

#[test]
fn every_argument_of_a_hook_has_a_readable_line() {
    for (argument, expected) in &arguments() {
        assert_eq!(text(argument), *expected, "{argument}");
    }
}

#[test]
fn bytes_that_are_no_text_are_shown_in_hexadecimal_and_never_as_nothing() {
    for (bytes, expected) in [
        ("AAAAAA==", "0x00000000 (4 bytes)"),
        ("//4B", "0xfffe01 (3 bytes)"),
        // The last character is cut off.
        ("Z3LDvMM=", "grü"),
    ] {
        assert_eq!(text(&json!({ "bytes_arg": bytes })), expected);
    }
}

#[test]
fn a_long_argument_is_cut_where_it_is_shown_and_nowhere_else() {
    let long = "ä".repeat(10_000);
    let line = json!({ "process_kprobe": { "args": [{ "string_arg": long }, { "int_arg": 1 }] } });
    let event = from_message(&line);
    assert!(event.arguments.len() < 600 && event.arguments.ends_with('…'), "{}", event.arguments);
    let shown = &event.details().arguments[0].text;
    assert!(shown.len() < 5_000 && shown.ends_with('…'));
    assert!(event.json().contains(&long));
}

#[test]
fn arguments_go_by_their_label_or_by_what_they_are() {
    let details = from_line(&connect()).details();
    assert_eq!(details.arguments[0].label, "connection");
    let line = json!({ "process_kprobe": { "args": [{ "int_arg": 1 }], "return": { "int_arg": -1 },
        "return_action": "KPROBE_ACTION_OVERRIDE", "data": [{ "string_arg": "x" }] } });
    let details = from_message(&line).details();
    assert_eq!(pairs(&details.arguments), [("int", "1")]);
    assert_eq!(pairs(&details.data), [("string", "x")]);
    assert_eq!(details.returned.map(|fact| fact.text).as_deref(), Some("-1"));
    assert_eq!(details.return_action, "override");
}

#[test]
fn a_process_has_its_place_its_rights_and_its_line() {
    let line = json!({ "process_exec": {
        "process": {
            "pid": 9,
            "auid": 1000,
            "tid": 9,
            "flags": "execve",
            "in_init_tree": false,
            "cap": { "permitted": ["CAP_NET_RAW"], "effective": ["DAC_OVERRIDE", 77] },
            "ns": { "net": { "inum": 11 }, "user": { "inum": 12, "is_host": true } },
            "process_credentials": {
                "uid": 1000, "euid": 0, "securebits": ["SecBitNoRoot"],
                "user_ns": { "level": 0, "ns": { "inum": 12, "is_host": true } }
            },
            "binary_properties": {
                "setuid": 0,
                "privileges_changed": ["PRIVILEGES_RAISED_EXEC_FILE_SETUID"],
                "file": { "inode": { "number": "42", "links": 0 }, "path": "/memfd:x" }
            },
            "environment_variables": [{ "Key": "LD_PRELOAD", "Value": "/tmp/x.so" }],
            "pod": { "uid": "u-1", "container": { "security_context": { "privileged": true } },
                     "pod_labels": { "app": "web", "tier": "front" } }
        },
        "ancestors": [{ "pid": 3, "binary": "/bin/sh" }, { "pid": 1, "binary": "/sbin/init" }]
    }, "cluster_name": "prod", "node_labels": { "zone": "a" }, "aggregation_info": { "count": "3" } });
    let details = from_message(&line).details();
    assert_eq!(details, from_line(&line).details());
    let ancestors: Vec<_> =
        details.ancestors.iter().map(|it| (it.pid, it.binary.as_str())).collect();
    assert_eq!(ancestors, [(3, "/bin/sh"), (1, "/sbin/init")]);
    assert_eq!(details.cluster, "prod");
    let capabilities = details.capabilities.expect("they are said");
    assert_eq!(capabilities.permitted, ["CAP_NET_RAW"]);
    assert_eq!(capabilities.effective, ["CAP_DAC_OVERRIDE", "capability 77"]);
    assert!(capabilities.inheritable.is_empty());
    let net = Namespace { name: "net", inum: 11, is_host: false };
    let user = Namespace { name: "user", inum: 12, is_host: true };
    assert_eq!(details.namespaces, [net, user]);
    let credentials = [
        ("uid", "1000"),
        ("euid", "0"),
        ("secure bits", "SecBitNoRoot"),
        ("user namespace", "12 (host), level 0"),
    ];
    assert_eq!(pairs(&details.credentials), credentials);
    let process = pairs(&details.process);
    for fact in [
        ("AUID", "1000"),
        ("TID", "9"),
        ("from the container's first process", "no"),
        ("environment", "LD_PRELOAD=/tmp/x.so"),
        ("setuid", "0"),
        ("privileges changed", "PRIVILEGES_RAISED_EXEC_FILE_SETUID"),
        ("file", "/memfd:x"),
        ("inode", "42"),
        ("links to it", "0"),
        ("pod UID", "u-1"),
        ("privileged", "yes"),
        ("pod labels", "app=web, tier=front"),
    ] {
        assert!(process.contains(&fact), "{fact:?} is not in {process:?}");
    }
    assert_eq!(pairs(&details.facts), [("aggregated events", "3"), ("node labels", "zone=a")]);
}

#[test]
fn the_rest_of_each_type_is_told() {
    let facts = |line: Value| {
        let details = from_message(&line).details();
        details
            .facts
            .into_iter()
            .map(|fact| format!("{} {}", fact.label, fact.text))
            .collect::<Vec<_>>()
    };
    assert_eq!(facts(json!({ "process_loader": { "buildid": "AP8=" } })), ["build 00ff"]);
    assert_eq!(facts(json!({ "process_lsm": { "ima_hash": "sha256:1" } })), ["IMA hash sha256:1"]);
    assert_eq!(facts(json!({ "process_usdt": { "flags": "f" } })), ["flags f"]);
    assert_eq!(
        facts(json!({ "process_uprobe": { "offset": "255", "ref_ctr_offset": "1" } })),
        ["offset 0xff", "counter 0x1"]
    );
    let line = json!({ "process_exit": { "status": 3, "signal": "SIGTERM", "time": "2026-01-01T00:00:00Z" } });
    assert_eq!(facts(line.clone()), ["ended 2026-01-01T00:00:00Z"]);
    let exit = Exit { signal: "SIGTERM".into(), status: 3 };
    assert_eq!(from_line(&line).details().exit, Some(exit));
    let line = json!({ "process_kprobe": {
        "tags": ["a", "b"],
        "kernel_stack_trace": [{ "address": "9", "offset": "18", "symbol": "tcp_connect" }],
        "user_stack_trace": [{ "address": "4660", "module": "/bin/curl" }]
    }});
    let details = from_message(&line).details();
    assert_eq!(details.tags, ["a", "b"]);
    assert_eq!(details.kernel_stack, ["tcp_connect+0x12"]);
    assert_eq!(details.user_stack, ["0x1234 (/bin/curl)"]);
}
