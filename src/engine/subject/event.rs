//! What the filter language finds in an event.

use std::borrow::Cow;
use std::net::SocketAddr;

use crate::engine::KeptEvent;
use crate::filter::{Process, Subject};
use crate::packet::Address;
use crate::tetragon::{Event, SocketStep, SocketUse};

impl Subject for Event {
    fn sources(&self) -> Cow<'_, [Address]> {
        self.socket.as_ref().and_then(client).map(address).into_iter().collect()
    }

    fn targets(&self) -> Cow<'_, [Address]> {
        self.socket.as_ref().and_then(server).map(address).into_iter().collect()
    }

    fn port(&self) -> Option<u16> {
        self.socket.as_ref().and_then(server).map(|end| end.port())
    }

    fn protocol(&self) -> Option<u8> {
        self.socket.as_ref().map(|socket| socket.protocol)
    }

    fn first_us(&self) -> Option<i64> {
        Some(self.at_us)
    }

    fn processes(&self) -> Vec<Process<'_>> {
        let Some(process) = self.process.as_deref() else {
            return vec![Process { node: &self.node, ..Process::default() }];
        };
        let pod = process.pod.as_ref();
        vec![Process {
            binary: &process.binary,
            arguments: &process.arguments,
            parent: self.parent.as_deref().map_or("", |parent| &parent.binary),
            user: &process.user,
            uid: process.uid,
            pid: Some(process.pid),
            namespace: pod.map_or("", |pod| &pod.namespace),
            pod: pod.map_or("", |pod| &pod.name),
            node: &self.node,
        }]
    }

    fn event_types(&self) -> Vec<&str> {
        vec![self.kind.name(), &self.type_name]
    }

    fn policy(&self) -> Option<&str> {
        Some(&self.policy)
    }

    fn action(&self) -> Option<&str> {
        Some(&self.action)
    }

    fn texts(&self) -> Vec<&str> {
        vec![&self.call, &self.arguments, &self.message]
    }
}

/// The end that opened the connection.
fn client(socket: &SocketUse) -> Option<SocketAddr> {
    if is_clients(socket) { socket.local } else { socket.remote }
}

/// The end that took it, or waits for one.
fn server(socket: &SocketUse) -> Option<SocketAddr> {
    if is_clients(socket) { socket.remote } else { socket.local }
}

/// Whether it is the socket of who opened the connection.
fn is_clients(socket: &SocketUse) -> bool {
    match (socket.step, socket.local, socket.remote) {
        (SocketStep::Connect | SocketStep::Named, ..) => true,
        (SocketStep::Accept | SocketStep::Listen, ..) => false,
        // Who uses or closes one does not say who opened it; services have the lower port nearly always.
        (SocketStep::Use | SocketStep::Close, Some(local), Some(remote)) => {
            local.port() >= remote.port()
        }
        // Without another end it is one that waits.
        (SocketStep::Use | SocketStep::Close, _, remote) => remote.is_some(),
    }
}

fn address(end: SocketAddr) -> Address {
    end.ip().into()
}

impl Subject for KeptEvent {
    fn sources(&self) -> Cow<'_, [Address]> {
        self.event.sources()
    }

    fn targets(&self) -> Cow<'_, [Address]> {
        self.event.targets()
    }

    fn port(&self) -> Option<u16> {
        self.event.port()
    }

    fn protocol(&self) -> Option<u8> {
        self.event.protocol()
    }

    fn first_us(&self) -> Option<i64> {
        self.event.first_us()
    }

    fn processes(&self) -> Vec<Process<'_>> {
        self.event.processes()
    }

    fn event_types(&self) -> Vec<&str> {
        self.event.event_types()
    }

    fn policy(&self) -> Option<&str> {
        self.event.policy()
    }

    fn action(&self) -> Option<&str> {
        self.event.action()
    }

    fn texts(&self) -> Vec<&str> {
        self.event.texts()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::filter::{ACTIONS, EVENT_TYPES, Filter};
    use crate::tetragon::EventKind;

    /// `curl` in a pod of `shop` opens a connection.
    fn connect() -> Event {
        let line = json!({
            "process_kprobe": {
                "process": {
                    "pid": 52_699, "uid": 0, "binary": "/usr/bin/curl", "arguments": "-s http://db",
                    "pod": { "namespace": "shop", "name": "web-7f9c", "workload": "web" },
                },
                "parent": { "pid": 52_698, "binary": "/bin/sh" },
                "function_name": "tcp_connect",
                "args": [{ "sock_arg": {
                    "family": "AF_INET", "type": "SOCK_STREAM", "protocol": "IPPROTO_TCP",
                    "saddr": "10.244.1.17", "daddr": "10.244.2.9", "sport": 40_112, "dport": 5_432,
                } }],
                "policy_name": "weir-sockets", "action": "KPROBE_ACTION_POST",
            },
            "node_name": "worker-1",
            "time": "2026-11-25T14:02:11.000012345Z",
        });
        Event::from_json(line.to_string().as_bytes()).unwrap()
    }

    fn finds(text: &str, event: &Event) -> bool {
        let filter = Filter::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        filter.matches(event, event.at_us + 90_000_000)
    }

    #[test]
    fn an_event_is_found_by_all_that_is_known_of_it() {
        let event = connect();
        for text in [
            "binary:curl binary:/usr/bin/curl binary:/usr/bin/* binary:c*l binary:wget,curl",
            "parent:sh parent:/bin/*",
            "user:0 pid:52699 pid>52698",
            "namespace:shop pod:web* pod:shop/web-7f9c pod:sho*/web*",
            "node:worker-1 node:w*",
            "type:kprobe type:process_kprobe type:exec,kprobe type:k*",
            "policy:weir-sockets policy:weir* action:post",
            "age<2m age>1m",
            "tcp_connect curl \"http://db\" shop/web-7f9c worker weir-sock 52699",
            "!type:exec !action:sigkill !binary:wget !pod:db*",
        ] {
            assert!(finds(text, &event), "{text}");
        }
        for text in [
            "binary:cur",
            "binary:bin",
            "binary:sh",
            "parent:bash",
            "user:1",
            "user:*root",
            "pid:1",
            "namespace:sh",
            "pod:web",
            "pod:shop",
            "node:worker",
            "type:process_exec",
            "policy:sockets",
            "action:*kill",
            "score>0",
            "severity:high",
            "status:open",
            "5269",
        ] {
            assert!(!finds(text, &event), "{text}");
        }
    }

    #[test]
    fn the_socket_of_an_event_is_found_as_a_flow_is() {
        let socket = |step| SocketUse {
            step,
            protocol: crate::packet::protocol::TCP,
            local: Some("10.244.1.17:40112".parse().unwrap()),
            remote: Some("10.244.2.9:5432".parse().unwrap()),
            socket: 0,
        };
        let with = |socket| {
            let mut event = connect();
            event.socket = socket;
            event
        };
        let event = |step| with(Some(socket(step)));
        let there = "src:10.244.1.17 dst:10.244.2.0/24 port:5432 proto:tcp host:10.244.1.17";
        let used = [SocketStep::Use, SocketStep::Close];
        assert!(finds(there, &event(SocketStep::Connect)));
        for step in used {
            assert!(finds(there, &event(step)), "{step:?}");
            // The server uses and closes its end of the same connection.
            let SocketUse { local, remote, .. } = socket(step);
            let other = SocketUse { local: remote, remote: local, ..socket(step) };
            assert!(finds(there, &with(Some(other))), "{step:?}");
        }
        let alone = SocketUse { remote: None, ..socket(SocketStep::Close) };
        assert!(finds("dst:10.244.1.17 port:40112 !src:10.0.0.0/8", &with(Some(alone))));
        let back = "src:10.244.2.9 dst:10.244.1.17 port:40112";
        assert!(finds(back, &event(SocketStep::Accept)));
        assert!(!finds("host:10.0.0.1", &event(SocketStep::Accept)));
        assert!(!finds("host:::/0", &with(None)));
    }

    #[test]
    fn an_event_without_a_process_has_its_node_and_no_binary() {
        let line =
            br#"{"rate_limit_info":{"number_of_dropped_process_events":"9"},"node_name":"w"}"#;
        let event = Event::from_json(line).unwrap();
        assert!(finds("type:rate-limit node:w", &event));
        assert!(!finds("binary:* or pid:0 or user:0 or pod:* or policy:* or action:*", &event));
    }

    #[test]
    fn the_language_has_the_words_of_the_events() {
        assert_eq!(EVENT_TYPES, EventKind::ALL.map(EventKind::name));
        for action in ACTIONS {
            let name = format!("KPROBE_ACTION_{}", action.to_uppercase());
            let line = json!({ "process_kprobe": { "function_name": "f", "action": name } });
            let event = Event::from_json(line.to_string().as_bytes()).unwrap();
            assert_eq!(event.action, action);
        }
    }
}
