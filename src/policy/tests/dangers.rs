//! What would break a node, the cluster or Weir.

use crate::policy::{Guarded, Policy, PolicyMode};

/// A kprobe at `call` that kills, with these filters in its selector.
fn killing(call: &str, filters: &str) -> String {
    format!(
        "kprobes:
- call: {call}
  selectors:
  - matchActions: [{{action: Sigkill}}]
    {filters}"
    )
}

fn dangers_of(head: &str, spec: &str) -> Vec<String> {
    let spec = spec.lines().map(|line| format!("  {line}\n")).collect::<Vec<_>>().concat();
    let text = format!("apiVersion: cilium.io/v1alpha1\n{head}\nspec:\n{spec}");
    let policy = Policy::from_yaml(&text).unwrap_or_else(|problems| panic!("{text}: {problems:?}"));
    let guarded = Guarded::new(["weir".to_owned()]);
    let monitored = policy.clone().with_mode(PolicyMode::Monitor);
    assert_eq!(monitored.dangers(&guarded), Vec::<String>::new(), "monitor is never dangerous");
    let enforced = policy.clone().with_mode(PolicyMode::Enforce);
    assert_eq!(enforced.dangers(&guarded), policy.dangers(&guarded), "no mode is enforced");
    policy.dangers(&guarded)
}

fn on_nodes(spec: &str) -> Vec<String> {
    dangers_of("kind: TracingPolicy\nmetadata: {name: t}", spec)
}

fn in_namespace(namespace: &str, spec: &str) -> Vec<String> {
    let head =
        format!("kind: TracingPolicyNamespaced\nmetadata: {{name: t, namespace: {namespace}}}");
    dangers_of(&head, spec)
}

#[test]
fn a_danger_says_what_it_would_hit_and_how_to_narrow_it() {
    assert_eq!(
        on_nodes(&killing("tcp_connect", "")),
        ["kprobe tcp_connect would kill every process of every node, the kubelet, the container \
          runtime, Tetragon and Weir among them, that opens a connection, DNS and the API \
          server's among them: narrow it with `podSelector`, or with `matchBinaries` or \
          `matchArgs` that name what is meant, or set `policy-mode` to `monitor`"]
    );
}

#[test]
fn what_would_break_a_node_is_dangerous() {
    for (call, filters) in [
        ("tcp_connect", ""),
        ("security_bprm_check", ""),
        ("sys_execve", ""),
        ("sys_clone", ""),
        ("do_exit", ""),
        ("inet_csk_accept", ""),
        ("sys_write", ""),
        ("security_file_open", ""),
        ("sys_mount", ""),
        ("sys_setns", ""),
        ("sys_bpf", ""),
        ("some_function_that_nobody_knows", ""),
        // What is only excluded says nothing of what is left.
        ("tcp_connect", "matchBinaries: [{operator: NotIn, values: [/usr/bin/curl]}]"),
        ("tcp_connect", "matchArgs: [{index: 0, operator: NotDAddr, values: [10.0.0.0/8]}]"),
        ("tcp_connect", "matchPIDs: [{operator: NotIn, values: [0, 1]}]"),
        ("tcp_connect", "matchNamespaces: [{namespace: Pid, operator: NotIn, values: [host_ns]}]"),
        (
            "tcp_connect",
            "matchCapabilities: [{type: Effective, operator: In, values: [CAP_SYS_ADMIN]}]",
        ),
        // What is named is needed.
        ("tcp_connect", "matchArgs: [{index: 0, operator: DPort, values: ['53']}]"),
        ("tcp_connect", "matchArgs: [{index: 0, operator: DPort, values: ['1024:65535']}]"),
        ("tcp_connect", "matchArgs: [{index: 0, operator: DAddr, values: [0.0.0.0/0]}]"),
        ("tcp_connect", "matchArgs: [{index: 0, operator: DAddr, values: [10.96.0.0/12]}]"),
        ("tcp_connect", "matchArgs: [{index: 0, operator: DAddr, values: [127.0.0.1]}]"),
        ("tcp_connect", "matchArgs: [{index: 0, operator: Family, values: [AF_INET]}]"),
        ("sys_write", "matchArgs: [{index: 0, operator: Equal, values: ['1']}]"),
        ("tcp_connect", "matchBinaries: [{operator: In, values: [/usr/bin/kubelet]}]"),
        ("tcp_connect", "matchBinaries: [{operator: Prefix, values: [/usr/]}]"),
        ("tcp_connect", "matchBinaries: [{operator: Postfix, values: [/runc]}]"),
        ("tcp_connect", "matchBinaries: [{operator: In, values: [/metrics-server]}]"),
        (
            "tcp_connect",
            "matchNamespaces: [{namespace: Pid, operator: In, values: ['4026531836']}]",
        ),
        ("sys_write", "matchPIDs: [{operator: In, values: [1], isNamespacePID: true}]"),
        ("security_bprm_check", "matchArgs: [{index: 0, operator: Postfix, values: [/sh]}]"),
        (
            "security_bprm_check",
            "matchArgs: [{index: 0, operator: Equal, values: [/usr/bin/runc]}]",
        ),
        ("security_file_open", "matchArgs: [{index: 0, operator: Prefix, values: [/]}]"),
        ("security_file_open", "matchArgs: [{index: 0, operator: Prefix, values: [/etc]}]"),
        (
            "security_file_open",
            "matchArgs: [{index: 0, operator: Prefix, values: [/var/run/secrets/kubernetes.io/serviceaccount]}]",
        ),
    ] {
        assert_eq!(on_nodes(&killing(call, filters)).len(), 1, "{call} {filters}");
        assert_eq!(
            in_namespace("kube-system", &killing(call, filters)).len(),
            1,
            "{call} {filters}"
        );
        assert_eq!(in_namespace("weir", &killing(call, filters)).len(), 1, "{call} {filters}");
        assert_eq!(in_namespace("shop", &killing(call, filters)).len(), 0, "{call} {filters}");
    }
}

#[test]
fn what_says_whose_processes_are_meant_is_not() {
    for (call, filters) in [
        ("tcp_connect", "matchBinaries: [{operator: In, values: [/usr/bin/curl]}]"),
        ("tcp_connect", "matchArgs: [{index: 0, operator: DAddr, values: [203.0.113.7]}]"),
        ("tcp_connect", "matchArgs: [{index: 0, operator: DPort, values: ['4444']}]"),
        // One filter that names something harmless is enough: all must fit.
        (
            "tcp_connect",
            "matchBinaries: [{operator: In, values: [/usr/bin/curl]}]\n    matchArgs: [{index: 0, operator: DPort, values: ['443']}]",
        ),
        ("security_bprm_check", "matchArgs: [{index: 0, operator: Postfix, values: [/nc]}]"),
        (
            "security_file_permission",
            "matchArgs: [{index: 0, operator: Equal, values: [/etc/shadow]}]",
        ),
        ("security_file_open", "matchArgs: [{index: 0, operator: Prefix, values: [/home/]}]"),
        ("tcp_connect", "matchPIDs: [{operator: In, values: [4711]}]"),
        (
            "tcp_connect",
            "matchNamespaces: [{namespace: Pid, operator: In, values: ['4026533000']}]",
        ),
        // What neither nodes nor pods do in their daily work.
        ("sys_kexec_load", ""),
        ("__x64_sys_init_module", ""),
    ] {
        let dangers = on_nodes(&killing(call, filters));
        assert!(dangers.is_empty(), "{call} {filters}: {dangers:?}");
    }
}

#[test]
fn pods_that_are_picked_are_meant_and_those_of_the_cluster_are_needed() {
    let with = |selector: &str| format!("{selector}\n{}", killing("tcp_connect", ""));
    for (selector, count) in [
        ("podSelector: {matchLabels: {app: web}}", 0),
        ("podSelector: {matchExpressions: [{key: app, operator: In, values: [web]}]}", 0),
        ("containerSelector: {matchExpressions: [{key: name, operator: In, values: [nginx]}]}", 0),
        (
            "podSelector: {matchExpressions: [{key: 'k8s:io.kubernetes.pod.namespace', operator: NotIn, values: [kube-system, weir]}]}",
            0,
        ),
        ("podSelector: {}", 1),
        ("podSelector: {matchExpressions: [{key: app, operator: Exists}]}", 1),
        ("podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [web]}]}", 1),
        (
            "podSelector: {matchExpressions: [{key: 'k8s:io.kubernetes.pod.namespace', operator: NotIn, values: [kube-system]}]}",
            1,
        ),
        ("podSelector: {matchLabels: {'k8s:io.kubernetes.pod.namespace': kube-system}}", 1),
        ("podSelector: {matchLabels: {k8s-app: kube-dns}}", 1),
        // What is needed has other labels too, and is needed whichever of it is picked.
        ("podSelector: {matchLabels: {k8s-app: kube-dns, release: a}}", 1),
        ("podSelector: {matchLabels: {release: a, k8s-app: kube-dns}}", 1),
        (
            "podSelector: {matchLabels: {app: web, 'k8s:io.kubernetes.pod.namespace': kube-system}}",
            1,
        ),
        ("podSelector: {matchLabels: {app: etcd, 'k8s:io.kubernetes.pod.namespace': shop}}", 0),
        (
            "podSelector: {matchLabels: {app: web}, matchExpressions: [{key: 'k8s:io.kubernetes.pod.namespace', operator: In, values: [shop, weir]}]}",
            1,
        ),
        ("podSelector: {matchLabels: {app: web}}\nhostSelector: {}", 1),
        ("nodeSelector: {matchLabels: {role: gpu}}", 1),
    ] {
        let dangers = on_nodes(&with(selector));
        assert_eq!(dangers.len(), count, "{selector}: {dangers:?}");
    }
    let of_pods = on_nodes(&with("podSelector: {}"));
    assert!(of_pods[0].contains("of every pod"), "{of_pods:?}");
    assert!(!of_pods[0].contains("kubelet"), "{of_pods:?}");
    for selector in ["podSelector: {matchLabels: {app: web}}", "podSelector: {}"] {
        assert_eq!(in_namespace("kube-system", &with(selector)).len(), 1, "{selector}");
        assert_eq!(in_namespace("weir", &with(selector)).len(), 1, "{selector}");
        assert_eq!(in_namespace("shop", &with(selector)).len(), 0, "{selector}");
    }
    let dns = "matchWorkloads: {podSelector: {matchLabels: {k8s-app: kube-dns}}}";
    assert_eq!(on_nodes(&killing("tcp_connect", dns)).len(), 1);
    assert_eq!(in_namespace("shop", &killing("tcp_connect", dns)).len(), 0);
    let workloads =
        killing("tcp_connect", "matchWorkloads: {podSelector: {matchLabels: {app: web}}}");
    assert!(on_nodes(&workloads).is_empty());
}

#[test]
fn what_is_named_is_said() {
    let dangers = on_nodes(&killing(
        "tcp_connect",
        "matchBinaries: [{operator: In, values: [/usr/bin/curl, /usr/bin/kubelet]}]",
    ));
    assert!(dangers[0].contains("`/usr/bin/kubelet`, on which a node or the cluster runs"));
    let dangers = on_nodes(&killing(
        "tcp_connect",
        "matchArgs: [{index: 0, operator: DPort, values: ['53']}]",
    ));
    assert!(dangers[0].contains("the port of DNS (53)"), "{dangers:?}");
}

#[test]
fn the_short_form_is_as_dangerous_as_what_it_kills() {
    let guarded = Guarded::default();
    for (command, count) in
        [("nc", 0), ("/usr/bin/nc", 0), ("kubelet", 1), ("sh", 1), ("/usr/bin/runc", 1)]
    {
        let policy = Policy::killing("t", command).unwrap();
        assert_eq!(policy.dangers(&guarded).len(), count, "{command}");
        assert!(policy.with_mode(PolicyMode::Monitor).dangers(&guarded).is_empty());
    }
}

#[test]
fn each_kind_of_hook_and_action_is_looked_at() {
    let acting = |action: &str| {
        format!(
            "lsmhooks:\n- hook: socket_connect\n  selectors:\n  - matchActions: [{{action: {action}}}]"
        )
    };
    for (action, word) in [
        ("Sigkill", "would kill"),
        ("Signal", "would signal"),
        ("Override", "would fail the call of"),
        ("NotifyEnforcer", "would have the enforcer stop"),
    ] {
        let dangers = on_nodes(&acting(action));
        assert_eq!(dangers.len(), 1, "{action}");
        assert!(dangers[0].contains(word), "{dangers:?}");
    }
    for action in ["Post", "NoPost", "TrackSock", "GetUrl"] {
        assert!(on_nodes(&acting(action)).is_empty(), "{action}");
    }
    let user = |path: &str| {
        format!(
            "uprobes:\n- path: {path}\n  symbols: [f]\n  selectors:\n  - matchActions: [{{action: Sigkill}}]"
        )
    };
    assert_eq!(on_nodes(&user("/lib/x86_64-linux-gnu/libc.so.6")).len(), 1);
    assert_eq!(on_nodes(&user("/usr/bin/containerd")).len(), 1);
    assert_eq!(on_nodes(&user("/opt/app/server")).len(), 0);
    let on_return =
        "kprobes:\n- call: tcp_connect\n  selectors:\n  - matchReturnActions: [{action: Sigkill}]";
    assert_eq!(on_nodes(on_return).len(), 1);
}

#[test]
fn lists_and_macros_are_looked_up() {
    let enforced = |calls: &str| {
        format!(
            "lists:
- name: mine
  type: syscalls
  values: [{calls}]
enforcers:
- calls: ['list:mine']
tracepoints:
- subsystem: raw_syscalls
  event: sys_enter
  args: [{{index: 4, type: syscall64}}]
  selectors:
  - matchArgs: [{{index: 0, operator: InMap, values: ['list:mine']}}]
    matchActions: [{{action: NotifyEnforcer, argError: -1, argSig: 9}}]"
        )
    };
    assert_eq!(on_nodes(&enforced("sys_kexec_load, sys_reboot")).len(), 0);
    assert_eq!(on_nodes(&enforced("sys_kexec_load, sys_openat")).len(), 1);
    let unknown = "lists:\n- {name: mine, type: generated_syscalls}\nkprobes:\n- call: list:mine\n  selectors:\n  - matchActions: [{action: Sigkill}]";
    assert_eq!(on_nodes(unknown).len(), 1);

    let with_macro = |values: &str| {
        format!(
            "selectorsMacros:\n  some: {{matchBinaries: [{{operator: In, values: [{values}]}}]}}\nkprobes:\n- call: tcp_connect\n  selectors:\n  - macros: [some]\n    matchActions: [{{action: Sigkill}}]"
        )
    };
    assert_eq!(on_nodes(&with_macro("/usr/bin/curl")).len(), 0);
    assert_eq!(on_nodes(&with_macro("/usr/bin/kubelet")).len(), 1);
}

#[test]
fn each_selector_is_looked_at_by_itself_and_sentences_are_not_endless() {
    let spec = "kprobes:
- call: tcp_connect
  selectors:
  - matchBinaries: [{operator: In, values: [/usr/bin/curl]}]
    matchActions: [{action: Sigkill}]
  - matchActions: [{action: Override, argError: -1}]";
    let dangers = on_nodes(spec);
    assert_eq!(dangers.len(), 1);
    assert!(dangers[0].starts_with("kprobe tcp_connect (selector 2) would fail"), "{dangers:?}");

    let many = (0..500)
        .map(|n| format!("- call: f{n}\n  selectors: [{{matchActions: [{{action: Sigkill}}]}}]\n"))
        .collect::<Vec<_>>()
        .concat();
    assert_eq!(on_nodes(&format!("kprobes:\n{many}")).len(), 20);
}
