//! Network namespaces that stand for pods, and one for their node, removed when dropped.

use std::process::Command;

/// Addresses of the pods that open connections.
pub(crate) const CLIENTS: [&str; 2] = ["10.214.1.2", "10.214.2.2"];

/// Address of the pod that takes them.
pub(crate) const SERVER: &str = "10.214.3.2";

/// Address of a service in front of that pod, at port 80 for its port 8080.
pub(crate) const SERVICE: &str = "10.214.96.10";

const PODS: [(&str, &str); 3] = [("one", CLIENTS[0]), ("two", CLIENTS[1]), ("server", SERVER)];

/// The pod that has an address.
pub(crate) fn pod_at(address: &str) -> &'static str {
    PODS.iter().find(|(_, at)| *at == address).map_or("", |(name, _)| name)
}

/// The address of a pod.
pub(crate) fn address_of(pod: &str) -> Option<&'static str> {
    PODS.iter().find(|(name, _)| *name == pod).map(|(_, at)| *at)
}

/// The namespace of a pod, or of the node.
pub(crate) fn namespace(name: &str) -> String {
    format!("weir-join-{}-{name}", std::process::id())
}

/// The namespaces.
pub(crate) struct Network {
    has_service: bool,
}

impl Network {
    pub(crate) fn new() -> Self {
        let mut network = Self { has_service: false };
        let node = namespace("node");
        ip(&format!("netns add {node}"));
        for (number, (name, address)) in (1..).zip(PODS) {
            let pod = namespace(name);
            let gateway = format!("10.214.{number}.1");
            ip(&format!("netns add {pod}"));
            ip(&format!("-n {node} link add pod{number} type veth peer name eth0 netns {pod}"));
            ip(&format!("-n {node} address add {gateway}/24 dev pod{number}"));
            ip(&format!("-n {pod} address add {address}/24 dev eth0"));
            ip(&format!("-n {node} link set pod{number} up"));
            ip(&format!("-n {pod} link set eth0 up"));
            ip(&format!("-n {pod} link set lo up"));
            ip(&format!("-n {pod} route add default via {gateway}"));
        }
        inside(&node, &["sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"]);
        network.has_service = Self::serve(&node);
        network
    }

    /// Whether connections to the service are turned to the pod, as a node does it.
    pub(crate) fn has_service(&self) -> bool {
        self.has_service
    }

    fn serve(node: &str) -> bool {
        let rule = format!("ip daddr {SERVICE} tcp dport 80 dnat to {SERVER}:8080");
        let rules = format!(
            "table ip weir {{ chain services {{ type nat hook prerouting priority -100; {rule}; }}; }}"
        );
        inside(node, &["nft", &rules])
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for name in PODS.iter().map(|(name, _)| *name).chain(["node"]) {
            // What cannot be removed was never made.
            drop(Command::new("ip").args(["netns", "delete", &namespace(name)]).output());
        }
    }
}

fn inside(namespace: &str, command: &[&str]) -> bool {
    let output = Command::new("ip").args(["netns", "exec", namespace]).args(command).output();
    output.is_ok_and(|output| output.status.success())
}

fn ip(arguments: &str) {
    let output = Command::new("ip").args(arguments.split(' ')).output().expect("ip runs");
    assert!(output.status.success(), "ip {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Whether this machine can make namespaces; said where it cannot.
pub(crate) fn is_possible() -> bool {
    let probe = namespace("probe");
    let netns = |verb| Command::new("ip").args(["netns", verb, &probe]).output();
    let possible = nix::unistd::geteuid().is_root()
        && netns("add").is_ok_and(|output| output.status.success())
        && netns("delete").is_ok();
    if !possible {
        println!("skipped: needs root and iproute2");
    }
    possible
}
