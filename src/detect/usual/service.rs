//! What flows are usual together: a protocol and a port.

use crate::packet::Tuple;

/// A protocol and the port that names the service in it, whoever serves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Service {
    /// The number of the protocol in the IP header.
    pub protocol: u8,
    /// The server's port; for ICMP the message type.
    pub port: u16,
}

impl Service {
    /// The service that a flow in this direction asks for.
    #[must_use]
    pub const fn of(tuple: &Tuple) -> Self {
        Self { protocol: tuple.protocol, port: tuple.server_port() }
    }
}
