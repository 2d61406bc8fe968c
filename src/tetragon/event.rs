//! One event: what Weir reads of it, and all that the agent said.

mod argument;
mod bound;
mod decode;
mod details;
mod parts;
mod reading;
mod salvage;

use std::net::SocketAddr;
use std::sync::Arc;

pub use decode::Unreadable;
pub use details::{Capabilities, Details, Fact, Namespace};
pub use parts::Exit;

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    /// A program was started.
    Exec,
    /// A process ended.
    Exit,
    /// A function of the kernel was called.
    Kprobe,
    /// A tracepoint of the kernel was passed.
    Tracepoint,
    /// A function of a program was called.
    Uprobe,
    /// A hook of the Linux security modules was called.
    Lsm,
    /// A static probe of a program was passed.
    Usdt,
    /// A library was loaded.
    Loader,
    /// The agent leaves out events of a cgroup, or does so no more.
    Throttle,
    /// The agent left out events of processes.
    RateLimit,
    /// Of a type that this version does not know.
    Other,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::Exec,
        Self::Exit,
        Self::Kprobe,
        Self::Tracepoint,
        Self::Uprobe,
        Self::Lsm,
        Self::Usdt,
        Self::Loader,
        Self::Throttle,
        Self::RateLimit,
        Self::Other,
    ];

    /// Its name everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exec => "exec",
            Self::Exit => "exit",
            Self::Kprobe => "kprobe",
            Self::Tracepoint => "tracepoint",
            Self::Uprobe => "uprobe",
            Self::Lsm => "lsm",
            Self::Usdt => "usdt",
            Self::Loader => "loader",
            Self::Throttle => "throttle",
            Self::RateLimit => "rate-limit",
            Self::Other => "other",
        }
    }
}

/// The pod of a process.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Pod {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// What manages it; empty where nothing does.
    pub workload: String,
    /// The container.
    pub container: String,
    /// What is known of how it came to be there.
    pub origin: Origin,
}

/// How a process came to be in its container.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Origin {
    /// Nothing is known of it.
    #[default]
    Unknown,
    /// It is the container's first, as where that was started again.
    First,
    /// The kubelet may have started it to see whether the container is well.
    Probe,
}

/// A process as the agent tells of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Process {
    /// Its identity in the whole cluster.
    pub exec_id: String,
    /// That of its parent.
    pub parent_exec_id: String,
    /// Its number on the node.
    pub pid: u32,
    /// The user it runs as, by number.
    pub uid: Option<u32>,
    /// The user it runs as, by name; empty where the agent does not say.
    pub user: String,
    /// Path of what it runs.
    pub binary: String,
    /// Its arguments, in one line.
    pub arguments: String,
    /// Its working folder.
    pub cwd: String,
    /// When it was started, in µs since the epoch.
    pub start_us: Option<i64>,
    /// The pod it is in, if it is in one.
    pub pod: Option<Pod>,
}

/// What a process does with a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SocketStep {
    /// It opens a connection.
    Connect,
    /// It waits for connections.
    Listen,
    /// It takes a connection.
    Accept,
    /// It sends or receives.
    Use,
    /// It closes a connection.
    Close,
    /// The kernel has given the socket what it lacked, its port or its connection. Whoever happens to
    /// run then has nothing to do with it.
    Named,
}

impl SocketStep {
    /// Whether the process of the event does it.
    #[must_use]
    pub const fn is_of_process(self) -> bool {
        !matches!(self, Self::Named)
    }
}

/// A socket in the hands of the process of an event. What the kernel does on its own is told of whoever
/// happens to run, and is left out, but for [`SocketStep::Named`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SocketUse {
    /// What is done.
    pub step: SocketStep,
    /// IP protocol number; 0 where the event does not say.
    pub protocol: u8,
    /// Its own end, of which the address may be any (`0.0.0.0`, `::`) where it waits for connections;
    /// none where the event does not say.
    pub local: Option<SocketAddr>,
    /// The other end; none where the event does not say.
    pub remote: Option<SocketAddr>,
    /// The kernel's address of the socket on its node, which another one has after it; 0 where the event
    /// does not say.
    pub socket: u64,
}

/// One event. Text in it is as the agent sent it: whoever shows it takes control characters out.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// When, by the clock of the node, in µs since the epoch.
    pub at_us: i64,
    /// The node.
    pub node: String,
    /// The cluster of that; empty where the agent does not name it.
    pub cluster: String,
    /// What it is about.
    pub kind: EventKind,
    /// What the agent calls that: `process_exec`; for an unknown type over gRPC `field 77`.
    pub type_name: String,
    /// Who did it.
    pub process: Option<Arc<Process>>,
    /// The parent of that process.
    pub parent: Option<Arc<Process>>,
    /// What was called: a function, `subsystem/event`, `path:symbol`, a hook, a library.
    pub call: String,
    /// With what, in one line; of an exit the status or the signal.
    pub arguments: String,
    /// The policy that asked for it; empty for none.
    pub policy: String,
    /// What that policy says of it.
    pub message: String,
    /// What was done about it: `post`, `sigkill`; empty where nothing is said.
    pub action: String,
    /// The socket in it.
    pub socket: Option<SocketUse>,
    /// Events that the agent says it left out.
    pub lost: u64,
    body: Body,
}

/// All that the agent said.
#[derive(Debug, Clone, PartialEq)]
enum Body {
    /// A line of its JSON export.
    Json(Box<str>),
    /// A message of its gRPC service.
    Protobuf(Box<[u8]>),
}

impl Event {
    /// The event as Tetragon's JSON export has it, in one line. What came over gRPC and cannot be read
    /// is `{"undecoded": {"type", "protobuf"}, "node_name", "time"}`, its bytes in Base64.
    #[must_use]
    pub fn json(&self) -> String {
        self.body.json().into_owned()
    }

    /// Memory that it takes, in bytes: its head, its processes and all that the agent said.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        let texts = [
            &self.node,
            &self.cluster,
            &self.type_name,
            &self.call,
            &self.arguments,
            &self.policy,
            &self.message,
            &self.action,
        ];
        let processes = [&self.process, &self.parent].into_iter().flatten();
        size_of::<Self>()
            + texts.into_iter().map(String::len).sum::<usize>()
            + processes.map(|process| process.size_bytes()).sum::<usize>()
            + self.body.len()
    }
}

impl Process {
    fn size_bytes(&self) -> usize {
        let texts = [
            &self.exec_id,
            &self.parent_exec_id,
            &self.user,
            &self.binary,
            &self.arguments,
            &self.cwd,
        ];
        let pod = self.pod.as_ref().map_or(0, |pod| {
            pod.namespace.len() + pod.name.len() + pod.workload.len() + pod.container.len()
        });
        size_of::<Self>() + texts.into_iter().map(String::len).sum::<usize>() + pod
    }
}
