//! What was read of a message, before it becomes an event or its details.

use std::collections::BTreeMap;
use std::sync::Arc;

use prost_types::Timestamp;

use super::parts::{Parts, kind_called, type_name};
use super::{Body, Event, EventKind, Origin, Pod, Process, argument};
use crate::tetragon::socket::socket_use;
use crate::tetragon::wire;

/// An event as it was read.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) node: String,
    pub(super) time: Option<Timestamp>,
    pub(super) cluster: String,
    pub(super) node_labels: BTreeMap<String, String>,
    /// How many events it stands for; 0 where that is not said.
    pub(super) count: u64,
    /// What the agent calls its type.
    pub(super) type_name: String,
    pub(super) parts: Parts,
}

impl From<wire::GetEventsResponse> for Reading {
    fn from(response: wire::GetEventsResponse) -> Self {
        Self {
            node: response.node_name,
            time: response.time,
            cluster: response.cluster_name,
            node_labels: response.node_labels,
            count: response.aggregation_info.map(|info| info.count).unwrap_or_default(),
            type_name: response.event.as_ref().map(type_name).unwrap_or_default().to_owned(),
            parts: response.event.map(Parts::from).unwrap_or_default(),
        }
    }
}

impl Event {
    pub(super) fn new(reading: Reading, body: Body) -> Self {
        let Reading { node, cluster, time, type_name, parts, .. } = reading;
        let kind = kind_called(&type_name);
        let arguments = argument::one_line(summary(kind, &parts));
        let socket = match kind {
            EventKind::Kprobe | EventKind::Tracepoint | EventKind::Lsm => {
                socket_use(&parts.call, &parts.arguments, parts.returned.as_ref())
            }
            _ => None,
        };
        Self {
            at_us: time.as_ref().map_or(0, micros),
            node,
            cluster,
            kind,
            type_name,
            process: parts.process.map(|process| Arc::new(process.into())),
            parent: parts.parent.map(|parent| Arc::new(parent.into())),
            call: parts.call,
            arguments,
            policy: parts.policy,
            message: parts.message,
            action: action(parts.action),
            socket,
            lost: parts.lost,
            body,
        }
    }
}

/// With what it was, in one line.
fn summary(kind: EventKind, parts: &Parts) -> String {
    match kind {
        EventKind::Exec => {
            parts.process.as_ref().map(|process| process.arguments.clone()).unwrap_or_default()
        }
        EventKind::Exit => parts.exit.as_ref().map_or_else(String::new, |exit| {
            if exit.signal.is_empty() {
                format!("status {}", exit.status)
            } else {
                exit.signal.clone()
            }
        }),
        EventKind::Throttle => {
            parts.facts.first().map(|fact| fact.text.clone()).unwrap_or_default()
        }
        EventKind::RateLimit => format!("{} events left out", parts.lost),
        EventKind::Loader => String::new(),
        EventKind::Other => argument::facts_line(&parts.facts),
        EventKind::Kprobe
        | EventKind::Tracepoint
        | EventKind::Uprobe
        | EventKind::Lsm
        | EventKind::Usdt => argument::line(&parts.arguments),
    }
}

/// An action in one word: `post`, `sigkill`; empty where nothing is said.
pub(super) fn action(number: i32) -> String {
    match wire::KprobeAction::try_from(number) {
        Ok(wire::KprobeAction::Unknown) => String::new(),
        Ok(known) => {
            let name = known.as_str_name();
            name.strip_prefix("KPROBE_ACTION_").unwrap_or(name).to_ascii_lowercase()
        }
        Err(_) => format!("action {number}"),
    }
}

/// µs since the epoch.
fn micros(time: &Timestamp) -> i64 {
    time.seconds.saturating_mul(1_000_000).saturating_add(i64::from(time.nanos) / 1_000)
}

impl From<wire::Process> for Process {
    fn from(process: wire::Process) -> Self {
        Self {
            exec_id: process.exec_id,
            parent_exec_id: process.parent_exec_id,
            pid: process.pid.unwrap_or_default(),
            uid: process.uid,
            user: process.user.map(|user| user.name).unwrap_or_default(),
            binary: process.binary,
            arguments: process.arguments,
            cwd: process.cwd,
            start_us: process.start_time.as_ref().map(micros),
            pod: process.pod.map(Pod::from),
        }
    }
}

fn origin(container: &wire::Container) -> Origin {
    match container {
        wire::Container { maybe_exec_probe: true, .. } => Origin::Probe,
        wire::Container { pid: Some(1), .. } => Origin::First,
        _ => Origin::Unknown,
    }
}

impl From<wire::Pod> for Pod {
    fn from(pod: wire::Pod) -> Self {
        Self {
            namespace: pod.namespace,
            name: pod.name,
            workload: pod.workload,
            origin: pod.container.as_ref().map_or(Origin::Unknown, origin),
            container: pod.container.map(|container| container.name).unwrap_or_default(),
        }
    }
}
