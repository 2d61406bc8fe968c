//! What nodes and the cluster cannot do without.

/// Programs that a node or the cluster runs on.
const NODE: [&str; 61] = [
    "kubelet",
    "containerd",
    "containerd-shim",
    "containerd-shim-runc-v2",
    "containerd-stress",
    "runc",
    "crun",
    "runsc",
    "kata-runtime",
    "crio",
    "conmon",
    "dockerd",
    "docker-init",
    "cri-dockerd",
    "ctr",
    "crictl",
    "pause",
    "systemd",
    "init",
    "tini",
    "dumb-init",
    "s6-svscan",
    "systemd-journald",
    "systemd-udevd",
    "systemd-networkd",
    "systemd-resolved",
    "dbus-daemon",
    "kube-proxy",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "etcd",
    "coredns",
    "metrics-server",
    "nginx-ingress-controller",
    "kube-router",
    "kindnetd",
    "flanneld",
    "calico-node",
    "felix",
    "bird",
    "cilium-agent",
    "cilium-operator",
    "cilium-cni",
    "tetragon",
    "tetragon-operator",
    "weir",
    "k3s",
    "rke2",
    "local-path-provisioner",
    "mount",
    "umount",
    "iptables",
    "ip6tables",
    "iptables-restore",
    "xtables-nft-multi",
    "xtables-legacy-multi",
    "nft",
    "ip",
    "modprobe",
    "conntrack",
];

/// Shells, with which containers are started, probed and looked into.
const SHELLS: [&str; 6] = ["sh", "bash", "dash", "ash", "busybox", "env"];

/// Places where these lie.
const FOLDERS: [&str; 9] = [
    "/usr/local/bin/",
    "/usr/local/sbin/",
    "/usr/bin/",
    "/usr/sbin/",
    "/usr/lib/systemd/",
    "/bin/",
    "/sbin/",
    "/opt/cni/bin/",
    "/",
];

/// Libraries that nearly every process loads.
const LIBRARIES: [&str; 7] =
    ["libc.so", "libc-", "libc.musl", "ld-linux", "ld-musl", "libpthread", "libssl.so"];

/// Places that everything reads or writes.
const PLACES: [&str; 13] = [
    "/proc", "/sys", "/dev", "/run", "/var", "/usr", "/lib", "/lib64", "/etc", "/bin", "/sbin",
    "/opt", "/tmp",
];

/// Places that the kubelet, the runtime or every client of the API needs, with all in them.
const KEPT: [&str; 10] = [
    "/var/run/secrets/kubernetes.io",
    "/run/secrets/kubernetes.io",
    "/var/lib/kubelet",
    "/var/lib/containerd",
    "/var/lib/etcd",
    "/run/containerd",
    "/etc/kubernetes",
    "/etc/cni",
    "/etc/resolv.conf",
    "/etc/ld.so.cache",
];

/// Values of the labels of what the cluster and Weir run on.
const WORKLOADS: [&str; 20] = [
    "kube-dns",
    "coredns",
    "kube-proxy",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "etcd",
    "kindnet",
    "cilium",
    "cilium-agent",
    "cilium-operator",
    "calico-node",
    "flannel",
    "metrics-server",
    "tetragon",
    "tetragon-operator",
    "weir",
    "ingress-nginx",
    "control-plane",
    "kube-system",
];

const BY_NODES: &str = "on which a node or the cluster runs";
const BY_SHELLS: &str = "with which containers are started and probed";
const BY_ALL: &str = "where what everything needs lies";

/// Whether pods with this value of a label are needed.
pub(super) fn is_workload(value: &str) -> bool {
    WORKLOADS.contains(&value)
}

/// Why a program is needed, if it is.
pub(super) fn binary(path: &str) -> Option<&'static str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_of = |names: &[&str]| names.contains(&name);
    match name {
        "" => Some(BY_ALL),
        _ if is_of(&NODE) => Some(BY_NODES),
        _ if is_of(&SHELLS) => Some(BY_SHELLS),
        _ => None,
    }
}

/// Why programs whose paths begin so are needed.
pub(super) fn binary_below(start: &str) -> Option<&'static str> {
    let begins = |name: &&str| FOLDERS.iter().any(|folder| starts(folder, name, start));
    NODE.iter()
        .any(begins)
        .then_some(BY_NODES)
        .or_else(|| SHELLS.iter().any(begins).then_some(BY_SHELLS))
}

/// Whether the path of `name` in `folder` begins with `start`.
fn starts(folder: &str, name: &str, start: &str) -> bool {
    match start.strip_prefix(folder) {
        Some(rest) => name.starts_with(rest),
        None => folder.starts_with(start),
    }
}

/// Why programs whose paths end so are needed.
pub(super) fn binary_ending(end: &str) -> Option<&'static str> {
    let ends = |name: &&str| match end.rsplit_once('/') {
        // `/sh` and `bin/sh` end the paths of `sh` alone.
        Some((_, last)) => *name == last,
        None => name.ends_with(end),
    };
    NODE.iter()
        .any(ends)
        .then_some(BY_NODES)
        .or_else(|| SHELLS.iter().any(ends).then_some(BY_SHELLS))
}

/// Why a file is needed, be it run, read or written.
pub(super) fn path(path: &str) -> Option<&'static str> {
    let trimmed = path.trim_end_matches('/');
    let is_kept = KEPT.iter().any(|kept| is_in(trimmed, kept));
    if path.is_empty() || PLACES.contains(&trimmed) || trimmed.is_empty() || is_kept {
        return Some(BY_ALL);
    }
    binary(trimmed)
}

/// Why files whose paths begin so are needed.
pub(super) fn path_below(start: &str) -> Option<&'static str> {
    let is_above = |place: &&str| place.starts_with(start);
    let trimmed = start.trim_end_matches('/');
    let is_kept = KEPT.iter().any(|kept| is_in(trimmed, kept) || is_above(kept));
    if is_kept || PLACES.contains(&trimmed) || PLACES.iter().any(is_above) {
        return Some(BY_ALL);
    }
    binary_below(start)
}

/// Why files whose paths end so are needed.
pub(super) fn path_ending(end: &str) -> Option<&'static str> {
    if end.trim_matches('/').is_empty() { Some(BY_ALL) } else { binary_ending(end) }
}

/// Whether `path` is `place` or in it.
fn is_in(path: &str, place: &str) -> bool {
    path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Why a file of programs or functions is needed, which processes load.
pub(super) fn file(path: &str) -> Option<&'static str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    if LIBRARIES.iter().any(|library| name.starts_with(library)) {
        return Some("which nearly every process loads");
    }
    binary(path)
}

/// What processes do that make one of these calls, after `every process that`; none where only few
/// ever do.
pub(super) fn calls(calls: &[&str]) -> Option<&'static str> {
    calls.iter().find_map(|call| {
        let of = |words: &[&str]| words.iter().any(|word| call.contains(word));
        let (_, what) =
            CALLS.iter().find(|(words, _)| of(words)).unwrap_or(&(&[], Some("calls it")));
        *what
    })
}

/// What parts of the names of calls mean; the first that fits.
const CALLS: [(&[&str], Option<&str>); 17] = [
    (&["raw_syscalls", "sys_enter", "sys_exit"], Some("makes a system call")),
    (&["ptrace_access"], Some("looks at another, as the kubelet and Tetragon do")),
    // What neither nodes nor pods do in their daily work.
    (
        &[
            "ptrace",
            "init_module",
            "delete_module",
            "module_request",
            "load_module",
            "kexec",
            "reboot",
            "swapon",
            "swapoff",
            "sys_acct",
            "userfaultfd",
            "process_vm_",
            "ioperm",
            "iopl",
            "add_key",
            "request_key",
            "keyctl",
        ],
        None,
    ),
    (&["bpf"], Some("uses BPF, as Tetragon and the network of the cluster do")),
    (&["exec", "bprm"], Some("starts a program")),
    (&["clone", "fork", "task_alloc", "wake_up_new_task"], Some("starts a process or a thread")),
    (&["exit", "task_free"], Some("ends")),
    (&["kill", "signal"], Some("signals another, as the kubelet does to end a container")),
    (&["connect"], Some("opens a connection, DNS and the API server's among them")),
    (&["accept", "listen", "bind"], Some("takes connections")),
    (&["mount", "pivot_root", "sb_"], Some("mounts, as the container runtime does at every start")),
    (
        &["setns", "unshare", "namespace"],
        Some("changes its namespaces, as the container runtime does at every start"),
    ),
    (
        &["cred", "setuid", "setgid", "setres", "setreuid", "setgroups", "cap", "prctl", "seccomp"],
        Some("changes or uses its rights, as the container runtime does at every start"),
    ),
    (
        &["tcp", "udp", "inet", "sock", "skb", "ip_", "net_", "send", "recv"],
        Some("uses the network"),
    ),
    (&["mmap", "mprotect", "munmap", "brk", "futex", "madvise"], Some("uses memory")),
    (
        &[
            "open", "read", "write", "file", "inode", "path", "dentry", "fd_", "close", "stat",
            "unlink", "rename", "mkdir", "rmdir", "vfs", "filp", "dup", "chmod", "chown", "link",
        ],
        Some("opens, reads or writes files"),
    ),
    (&["sleep", "epoll", "poll", "select", "sched", "wait", "timer"], Some("waits")),
];
