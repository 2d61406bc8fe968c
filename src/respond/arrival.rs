//! What came to an Ingress, as far as packets show it.

use std::sync::Arc;

use crate::packet::Address;

/// What arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ArrivalKind {
    /// An HTTP request in the clear: its first bytes.
    Request,
    /// A TLS handshake: requests in it cannot be seen.
    Handshake,
}

/// A request or a TLS handshake, when its first packet came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// When, in µs since the epoch of packet time.
    pub at_us: i64,
    /// Who asked: the address that the controller sees.
    pub client: Address,
    /// Its port: with the address it tells connections apart.
    pub client_port: u16,
    /// Whom: the controller, or a pod behind it.
    pub server: Address,
    /// On which port.
    pub server_port: u16,
    /// `Host` of the request, or the server name of the handshake, in lower case and without port.
    pub host: Option<Arc<str>>,
    /// What arrived.
    pub kind: ArrivalKind,
}
