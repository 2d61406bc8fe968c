//! What a process does with a socket, as far as flows can be joined with it.

use std::sync::Arc;

use crate::incident::Process;
use crate::packet::Address;

/// An address and a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct End {
    /// The address; all zeroes for any.
    pub address: Address,
    /// The port.
    pub port: u16,
}

impl End {
    /// Whether it stands for any address of its host.
    #[must_use]
    pub const fn is_any(&self) -> bool {
        let bits = self.address.bits();
        bits == 0 || bits == Address::v4([0; 4]).bits()
    }
}

/// What is done with a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// A process opens a connection.
    Connect,
    /// A process takes a connection.
    Accept,
    /// The kernel has given a socket that connects its port.
    Named,
    /// A process sends or receives.
    Use,
    /// A process closes a connection or a listener.
    Close,
    /// A process waits for connections, or for datagrams.
    Listen,
}

/// A process that owns sockets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Its identity in the whole cluster.
    pub id: String,
    /// That of its parent.
    pub parent_id: String,
    /// What people are told of it.
    pub process: Process,
}

impl Owner {
    /// Where its addresses are those of all others too: its pod, else its node.
    pub(super) fn scope(&self) -> [&str; 3] {
        let Process { node, namespace, pod, .. } = &self.process;
        [if pod.is_empty() { node } else { "" }, namespace, pod]
    }

    /// Whether either is a child of the other: then it may have been handed the socket.
    pub(super) fn is_kin(&self, other: &Self) -> bool {
        let is_parent = |one: &Self, two: &Self| !one.id.is_empty() && one.id == two.parent_id;
        self.id == other.id || is_parent(self, other) || is_parent(other, self)
    }

    /// Its size in bytes.
    pub(super) fn bytes(&self) -> usize {
        let Process { binary, arguments, user, parent, namespace, pod, container, node, .. } =
            &self.process;
        let texts = [binary, arguments, user, parent, namespace, pod, container, node];
        let texts = texts.into_iter().chain([&self.id, &self.parent_id]);
        size_of::<Self>() + texts.map(String::len).sum::<usize>()
    }
}

/// That somebody did something with a socket.
#[derive(Debug, Clone)]
pub struct Claim<'a> {
    /// What.
    pub step: Step,
    /// IP protocol number; 0 where it is not known.
    pub protocol: u8,
    /// The end of the socket; none where it is not known.
    pub local: Option<End>,
    /// The other end; none where it is not known, or there is none.
    pub remote: Option<End>,
    /// What tells the socket from others of its node at the time; 0 where that is not known.
    pub socket: u64,
    /// The node.
    pub node: &'a str,
    /// When, in µs since the epoch by the clock of the node.
    pub at_us: i64,
    /// Who; none of [`Step::Named`].
    pub owner: Option<Arc<Owner>>,
}
