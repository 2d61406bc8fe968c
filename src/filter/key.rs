//! The keys of the language, in one table: parser, help and completion are made from it.

use super::distance::hint;
use super::error::shown;

/// What a term can be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Key {
    /// Who opened the flows.
    Source,
    /// Whom they were opened to.
    Target,
    /// Either of them.
    Host,
    /// Namespace of either of them, or of the pod of a process.
    Namespace,
    /// A pod: either of them, or that of a process.
    Pod,
    /// A node: either of them, or that of a process.
    Node,
    /// Port of the service.
    Port,
    /// Transport protocol.
    Protocol,
    /// What it is.
    Class,
    /// How unusual it is.
    Score,
    /// Number of flows.
    Flows,
    /// Packets of them.
    Packets,
    /// Transport payload of them.
    Bytes,
    /// Time since the first packet, or since the event.
    Age,
    /// How urgent it is.
    Severity,
    /// Where it is in its life.
    Status,
    /// Whether a mute keeps it from those who are told.
    Muted,
    /// What a process runs.
    Binary,
    /// What the parent of a process runs.
    Parent,
    /// Whom a process runs as.
    User,
    /// Number of a process on its node.
    Pid,
    /// What kind of event it is.
    Type,
    /// The policy that asked for the event.
    Policy,
    /// What was done about the event.
    Action,
    /// Identity of the incident or the flow.
    Id,
}

/// What there is to know about a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyInfo {
    /// The key.
    pub key: Key,
    /// How it is written.
    pub name: &'static str,
    /// What its values are, in words.
    pub values: &'static str,
    /// A term with it.
    pub example: &'static str,
    /// What it is about.
    pub meaning: &'static str,
}

const HOSTS: &str = "address, network (CIDR), name or pattern";
const COUNT: &str = "number; k, M and G are taken";

/// All keys in the order in which they are explained.
#[rustfmt::skip]
pub const KEYS: [KeyInfo; 25] = [
    KeyInfo { key: Key::Source, name: "src", values: HOSTS,
        example: "src:10.0.0.0/8", meaning: "who opened the flows" },
    KeyInfo { key: Key::Target, name: "dst", values: HOSTS,
        example: "dst:shop/web", meaning: "whom they were opened to" },
    KeyInfo { key: Key::Host, name: "host", values: HOSTS,
        example: "host:fd00::/8", meaning: "either of the two" },
    KeyInfo { key: Key::Namespace, name: "namespace", values: "name or pattern",
        example: "namespace:shop", meaning: "namespace of either of the two, or of a process" },
    KeyInfo { key: Key::Pod, name: "pod", values: "name, namespace/name or pattern",
        example: "pod:web*", meaning: "either of the two, or the pod of a process" },
    KeyInfo { key: Key::Node, name: "node", values: "name or pattern",
        example: "node:worker-1", meaning: "either of the two, or the node of a process" },
    KeyInfo { key: Key::Port, name: "port", values: "number, 0 to 65535",
        example: "port:80,8000-8999", meaning: "port of the service; of ICMP the message type" },
    KeyInfo { key: Key::Protocol, name: "proto", values: "tcp, udp, icmp, icmp6, sctp or a number",
        example: "proto:tcp", meaning: "transport protocol" },
    KeyInfo { key: Key::Class, name: "class", values: "class or pattern",
        example: "class:dos*", meaning: "what it is taken for" },
    KeyInfo { key: Key::Score, name: "score", values: "number, 0 to 1",
        example: "score>0.9", meaning: "anomaly score" },
    KeyInfo { key: Key::Flows, name: "flows", values: COUNT,
        example: "flows>=10", meaning: "number of flows" },
    KeyInfo { key: Key::Packets, name: "packets", values: COUNT,
        example: "packets<10", meaning: "packets of these flows" },
    KeyInfo { key: Key::Bytes, name: "bytes", values: COUNT,
        example: "bytes>10M", meaning: "transport payload of these flows" },
    KeyInfo { key: Key::Age, name: "age", values: "duration in us, ms, s, m, h or d",
        example: "age<5m", meaning: "time since the first packet, or since the event" },
    KeyInfo { key: Key::Severity, name: "severity", values: "low, medium, high or critical",
        example: "severity>=high", meaning: "how urgent an incident is" },
    KeyInfo { key: Key::Status, name: "status", values: "open, acknowledged or resolved",
        example: "status:open", meaning: "where an incident is in its life" },
    KeyInfo { key: Key::Muted, name: "muted", values: "yes or no",
        example: "muted:no", meaning: "whether a mute keeps an incident from the sinks" },
    KeyInfo { key: Key::Binary, name: "binary", values: "name, path or pattern",
        example: "binary:curl", meaning: "what a process runs" },
    KeyInfo { key: Key::Parent, name: "parent", values: "name, path or pattern",
        example: "parent:nginx", meaning: "what the parent of a process runs" },
    KeyInfo { key: Key::User, name: "user", values: "name, number or pattern",
        example: "user:root", meaning: "whom a process runs as" },
    KeyInfo { key: Key::Pid, name: "pid", values: "number, 0 to 4294967295",
        example: "pid:4711", meaning: "number of a process on its node" },
    KeyInfo { key: Key::Type, name: "type", values: "type of event or pattern",
        example: "type:exec", meaning: "what kind of event of Tetragon's it is" },
    KeyInfo { key: Key::Policy, name: "policy", values: "name or pattern",
        example: "policy:no-egress", meaning: "the policy that asked for the event" },
    KeyInfo { key: Key::Action, name: "action", values: "action or pattern",
        example: "action:sigkill", meaning: "what the policy did about it, or would have done" },
    KeyInfo { key: Key::Id, name: "id", values: "sixteen hexadecimal digits or pattern",
        example: "id:5f1c*", meaning: "identity of an incident or a flow" },
];

impl Key {
    /// What there is to know about it.
    pub(super) const fn info(self) -> &'static KeyInfo {
        &KEYS[self as usize]
    }

    /// The key of this name; else what to write instead.
    pub(super) fn named(name: &str) -> Result<Self, String> {
        let (lower, shown) = (name.to_ascii_lowercase(), shown(name));
        let found = KEYS.iter().find(|info| info.name == lower);
        found.map(|info| info.key).ok_or_else(|| {
            let names = || KEYS.iter().map(|info| info.name);
            match hint(&lower, names()) {
                hint if hint.is_empty() => {
                    let all: Vec<_> = names().collect();
                    format!("there is no key `{shown}`; there are {}", all.join(", "))
                }
                hint => format!("there is no key `{shown}`{hint}"),
            }
        })
    }

    /// Whether its values have an order, so that they can be compared.
    pub(super) const fn is_ordered(self) -> bool {
        matches!(
            self,
            Self::Port
                | Self::Score
                | Self::Flows
                | Self::Packets
                | Self::Bytes
                | Self::Age
                | Self::Severity
                | Self::Pid
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::Filter;

    #[test]
    fn the_table_is_in_the_order_of_the_variants() {
        assert!(KEYS.iter().enumerate().all(|(at, info)| info.key as usize == at));
    }

    #[test]
    fn every_example_is_a_filter_about_its_key() {
        for info in Filter::keys() {
            assert!(info.example.starts_with(info.name));
            assert!(Filter::parse(info.example).is_ok(), "{}", info.example);
        }
    }
}
