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
        let socket = self.socket.as_ref()?;
        match (socket.step, socket.local, socket.remote) {
            // Who closes does not say who opened; services have the lower port nearly always.
            (SocketStep::Close, Some(local), Some(remote)) => Some(local.port().min(remote.port())),
            _ => server(socket).map(|end| end.port()),
        }
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
    match socket.step {
        SocketStep::Connect | SocketStep::Close => socket.local,
        SocketStep::Accept | SocketStep::Listen => socket.remote,
    }
}

/// The end that took it, or waits for one.
fn server(socket: &SocketUse) -> Option<SocketAddr> {
    match socket.step {
        SocketStep::Connect | SocketStep::Close => socket.remote,
        SocketStep::Accept | SocketStep::Listen => socket.local,
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
