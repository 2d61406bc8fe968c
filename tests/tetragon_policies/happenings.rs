//! What happens on a node, as the agent tells of it in its JSON form, and what nearly happens.

use serde_json::{Value, json};

/// Something that a policy is to tell of.
pub(crate) struct Happening {
    /// The file of the policy.
    pub(crate) policy: &'static str,
    /// The event.
    pub(crate) event: Value,
    /// Changes to it, a place and a value each, of which it is not to tell.
    pub(crate) misses: Vec<(&'static str, Value)>,
}

const BINARY: &str = "/process_kprobe/process/binary";
const IS_HOST: &str = "/process_kprobe/process/ns/pid/is_host";
const EFFECTIVE: &str = "/process_kprobe/process/cap/effective";
const LABELS: &str = "/process_kprobe/process/pod/pod_labels";
const FIRST: &str = "/process_kprobe/args/0";
const SECOND: &str = "/process_kprobe/args/1";

/// A call of `function` by a web server in a pod.
fn call(policy: &'static str, function: &str, message: &str, arguments: Value) -> Value {
    let process = |id: &str, binary: &str| {
        json!({
            "exec_id": id, "pid": 4711, "tid": 4711, "uid": 101, "cwd": "/", "binary": binary,
            "arguments": "-g \"daemon off;\"", "flags": "execve rootcwd clone",
            "start_time": "2026-11-22T13:31:04.368335668Z", "auid": 4_294_967_295_u32,
            "pod": {
                "namespace": "shop", "name": "web-7f9c", "workload": "web",
                "container": { "id": "containerd://5cc1013786788", "name": "nginx" },
                "pod_labels": { "app": "web", "weir.dev/egress": "none" },
            },
            "docker": "5cc1013786788", "parent_exec_id": "cGFyZW50",
            "cap": { "effective": ["CAP_CHOWN", "CAP_NET_BIND_SERVICE"] },
            "ns": { "pid": { "inum": 4_026_532_201_u32, "is_host": false } },
        })
    };
    let mut event = json!({
        "process_kprobe": {
            "process": process("c2VydmVy", "/usr/sbin/nginx"),
            "parent": process("cGFyZW50", "/usr/bin/containerd-shim-runc-v2"),
            "function_name": function, "action": "KPROBE_ACTION_POST",
            "policy_name": policy, "return_action": "KPROBE_ACTION_POST", "message": message,
        },
        "node_name": "weir-worker", "time": "2026-11-22T13:31:52.020606501Z",
    });
    event["process_kprobe"]["args"] = arguments;
    event
}

/// A socket of the server, in `state`.
fn sock(state: &str, local: (&str, u16), remote: (&str, u16)) -> Value {
    let family = if local.0.contains(':') { "AF_INET6" } else { "AF_INET" };
    json!({ "sock_arg": {
        "family": family, "type": "SOCK_STREAM", "protocol": "IPPROTO_TCP", "state": state,
        "saddr": local.0, "sport": local.1, "daddr": remote.0, "dport": remote.1,
        "cookie": "18446616001",
    }})
}

/// Every happening: one at least for each selector of each policy.
pub(crate) fn all() -> Vec<Happening> {
    [sockets(), shells(), credentials(), privileges(), modules(), egress()]
        .into_iter()
        .flatten()
        .collect()
}

fn sockets() -> Vec<Happening> {
    let policy = "weir-sockets";
    let (web, client) = (("10.244.1.17", 80), ("10.244.2.9", 41_822));
    let opened = sock("TCP_SYN_SENT", ("10.244.1.17", 51_034), ("10.96.0.20", 5_432));
    let mut accepted = call(
        policy,
        "inet_csk_accept",
        "accepts a connection",
        json!([sock("TCP_LISTEN", ("0.0.0.0", 80), ("0.0.0.0", 0)),]),
    );
    accepted["process_kprobe"]["return"] = sock("TCP_ESTABLISHED", web, client);
    let closed = sock("TCP_CLOSE_WAIT", web, client);
    vec![
        Happening {
            policy,
            event: call(policy, "tcp_connect", "opens a connection", json!([opened])),
            misses: vec![
                (FIRST, sock("TCP_SYN_SENT", ("127.0.0.1", 51_034), ("127.0.0.1", 80))),
                (FIRST, sock("TCP_SYN_SENT", ("::1", 51_034), ("::1", 80))),
            ],
        },
        Happening {
            policy,
            event: accepted,
            misses: vec![
                // Nobody was waiting.
                ("/process_kprobe/return", json!({ "sock_arg": { "protocol": "IPPROTO_IP" } })),
                (
                    "/process_kprobe/return",
                    sock("TCP_ESTABLISHED", ("127.0.0.1", 80), ("127.0.0.1", 41_822)),
                ),
            ],
        },
        Happening {
            policy,
            event: call(policy, "tcp_close", "closes a connection", json!([closed])),
            misses: vec![
                (FIRST, sock("TCP_LISTEN", ("0.0.0.0", 80), ("0.0.0.0", 0))),
                (FIRST, sock("TCP_CLOSE", web, client)),
                (FIRST, sock("TCP_ESTABLISHED", ("127.0.0.1", 80), ("127.0.0.1", 41_822))),
            ],
        },
    ]
}

fn shells() -> Vec<Happening> {
    let policy = "weir-shells";
    let program =
        |path: &str| json!({ "linux_binprm_arg": { "path": path, "permission": "-rwxr-xr-x" } });
    let started = "a server starts a shell or an interpreter";
    vec![Happening {
        policy,
        event: call(policy, "security_bprm_check", started, json!([program("/usr/bin/dash")])),
        misses: vec![
            (BINARY, json!("/usr/bin/containerd-shim-runc-v2")),
            (FIRST, program("/usr/sbin/nginx")),
            (FIRST, program("/usr/bin/bash-helper")),
            (IS_HOST, json!(true)),
        ],
    }]
}

fn credentials() -> Vec<Happening> {
    let policy = "weir-credentials";
    let touched = |path: &str, access: u8| {
        let file = json!({ "file_arg": { "path": path, "permission": "-rw-r--r--" } });
        let arguments = json!([file, { "int_arg": access }]);
        call(policy, "security_file_permission", "touches credentials", arguments)
    };
    let mut on_node = touched("/etc/kubernetes/pki/ca.crt", 2);
    *on_node.pointer_mut(IS_HOST).expect("it says so") = json!(true);
    let file = |path: &str| json!({ "file_arg": { "path": path, "permission": "-rw-r--r--" } });
    // `token` is a link to `..data/token`, and `..data` one to where the file really is, as the kernel says it.
    // Images whose /var/run is no link to /run have it below that.
    let token = |run: &str| {
        format!("{run}/secrets/kubernetes.io/serviceaccount/..2026_11_22_13_31_04.368335668/token")
    };
    vec![
        Happening {
            policy,
            // As useradd does it: a copy first, which then takes the name.
            event: touched("/etc/passwd+", 2),
            misses: vec![
                // To read it is what every program does that prints a name.
                (SECOND, json!({ "int_arg": 4 })),
                (FIRST, file("/etc/hosts")),
                (FIRST, file("/data/etc/passwd")),
            ],
        },
        Happening {
            policy,
            event: touched("/root/.ssh/authorized_keys", 2),
            misses: vec![
                (SECOND, json!({ "int_arg": 1 })),
                // The file says that it misses those of others.
                (FIRST, file("/home/app/.ssh/authorized_keys")),
            ],
        },
        Happening {
            policy,
            event: touched(&token("/run"), 2),
            misses: vec![
                (FIRST, file("/run/secrets/other/token")),
                (SECOND, json!({ "int_arg": 1 })),
            ],
        },
        Happening {
            policy,
            event: touched(&token("/var/run"), 2),
            misses: vec![(FIRST, file("/var/run/secrets/other/token"))],
        },
        Happening {
            policy,
            event: on_node,
            misses: vec![(SECOND, json!({ "int_arg": 4 })), (IS_HOST, json!(false))],
        },
        Happening {
            policy,
            event: touched(&token("/run"), 4),
            misses: vec![
                (IS_HOST, json!(true)),
                (FIRST, file("/run/secrets/other/token")),
                (SECOND, json!({ "int_arg": 1 })),
            ],
        },
        Happening {
            policy,
            event: touched(&token("/var/run"), 4),
            misses: vec![(FIRST, file("/var/run/secrets/other/token"))],
        },
    ]
}

fn privileges() -> Vec<Happening> {
    let policy = "weir-privileges";
    let users =
        |users: &[i32]| users.iter().map(|user| json!({ "int_arg": user })).collect::<Value>();
    let root = "becomes root";
    let nobody = json!({ "int_arg": 65_534 });
    let mighty = || (EFFECTIVE, json!(["CAP_CHOWN", "CAP_SETUID"]));
    let set = |set: &str| json!({ "cap_effective_arg": set });
    let made = "makes a user namespace in which it is privileged";
    let raised = "makes capabilities effective";
    vec![
        Happening {
            policy,
            event: call(policy, "__x64_sys_setuid", root, users(&[0])),
            misses: vec![(FIRST, nobody.clone()), (IS_HOST, json!(true)), mighty()],
        },
        Happening {
            policy,
            event: call(policy, "__x64_sys_setreuid", root, users(&[-1, 0])),
            misses: vec![(SECOND, nobody.clone()), (IS_HOST, json!(true)), mighty()],
        },
        Happening {
            policy,
            event: call(policy, "__x64_sys_setresuid", root, users(&[-1, 0, -1])),
            misses: vec![(SECOND, nobody), (IS_HOST, json!(true)), mighty()],
        },
        Happening {
            policy,
            event: call(policy, "create_user_ns", made, json!([])),
            misses: vec![
                (EFFECTIVE, json!(["CAP_CHOWN", "CAP_SYS_ADMIN"])),
                (IS_HOST, json!(true)),
            ],
        },
        Happening {
            policy,
            // CAP_NET_RAW comes to CAP_CHOWN.
            event: call(
                policy,
                "security_capset",
                raised,
                json!([set("0000000000002001"), set("0000000000000001"),]),
            ),
            misses: vec![
                (FIRST, set("0000000000000001")),
                (FIRST, set("0000000000000000")),
                (IS_HOST, json!(true)),
            ],
        },
    ]
}

fn modules() -> Vec<Happening> {
    let policy = "weir-modules";
    let file = json!({ "file_arg": { "path": "/tmp/rootkit.ko", "permission": "-rw-r--r--" } });
    let module = json!({ "module_arg": {
        "name": "rootkit", "tainted": ["TAINT_OUT_OF_TREE_MODULE", "TAINT_UNSIGNED_MODULE"],
    }});
    // Firmware is 1, an executable 5.
    let (firmware, policy_file) = (json!({ "int_arg": 1 }), json!({ "int_arg": 5 }));
    let (module_id, message) = (json!({ "int_arg": 2 }), "loads a kernel module from a file");
    vec![
        Happening {
            policy,
            event: call(policy, "security_kernel_read_file", message, json!([file, module_id])),
            misses: vec![(SECOND, firmware.clone()), (SECOND, policy_file)],
        },
        Happening {
            policy,
            event: call(
                policy,
                "security_kernel_load_data",
                "loads a kernel module from memory",
                json!([module_id]),
            ),
            misses: vec![(FIRST, firmware)],
        },
        Happening {
            policy,
            event: call(policy, "do_init_module", "a kernel module starts", json!([module])),
            misses: vec![("/process_kprobe/function_name", json!("free_module"))],
        },
        Happening {
            policy,
            event: call(
                policy,
                "security_kernel_module_request",
                "has the kernel look for a module",
                json!([{ "string_arg": "net-pf-38" }]),
            ),
            misses: vec![("/process_kprobe/function_name", json!("request_firmware"))],
        },
    ]
}

fn egress() -> Vec<Happening> {
    let policy = "weir-egress";
    let to = |family: &str, address: &str| json!({ "sockaddr_arg": { "family": family, "addr": address, "port": 443 } });
    let socket = json!({ "sock_arg": {
        "family": "AF_INET", "type": "SOCK_STREAM", "protocol": "IPPROTO_TCP", "state": "TCP_CLOSE",
    }});
    let message = "opens a connection and should open none";
    let arguments = json!([socket, to("AF_INET", "203.0.113.9")]);
    vec![Happening {
        policy,
        event: call(policy, "security_socket_connect", message, arguments),
        misses: vec![
            (LABELS, json!({ "app": "web" })),
            (LABELS, json!({ "app": "web", "weir.dev/egress": "some" })),
            (SECOND, to("AF_INET", "127.0.0.1")),
            (SECOND, to("AF_INET6", "::1")),
            (SECOND, json!({ "sockaddr_arg": { "family": "AF_UNIX" } })),
        ],
    }]
}
