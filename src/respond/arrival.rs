//! What came to an Ingress and what was answered, as far as packets show it.

use std::sync::Arc;

use crate::packet::Address;
use crate::packet::application::Head;

/// What arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ArrivalKind {
    /// An HTTP/1 request in the clear: its first bytes.
    Request,
    /// A TLS handshake: requests in it cannot be seen.
    Handshake,
    /// An HTTP/2 connection in the clear: requests on it are not seen.
    Http2,
}

/// A request, a TLS handshake or an HTTP/2 connection, when its first packet came.
///
/// A segment is believed: whether its connection was ever open is not looked into. What is sent
/// again counts once.
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
    /// The first segment of the request's path: `/login` of `/login/now?as=me`.
    pub path: Option<Arc<str>>,
    /// What arrived.
    pub kind: ArrivalKind,
    /// How much of the request's head, or of the handshake, came in its first packet.
    pub head: Head,
}

/// An HTTP/1 answer in the clear, when its first packet came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// When, in µs since the epoch of packet time.
    pub at_us: i64,
    /// To whom.
    pub client: Address,
    /// To which port.
    pub client_port: u16,
    /// Who answered: the controller, or a pod behind it.
    pub server: Address,
    /// From which port.
    pub server_port: u16,
    /// Its status; one that only says that the answer will come is no answer.
    pub status: u16,
}

/// Who broke a connection off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResetBy {
    /// Who asked.
    Client,
    /// Who was asked.
    Server,
}

/// A connection to a server that was broken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reset {
    /// When, in µs since the epoch of packet time.
    pub at_us: i64,
    /// Whose connection it was.
    pub client: Address,
    /// From which port.
    pub client_port: u16,
    /// To whom: an address and port at which something arrived lately.
    pub server: Address,
    /// To which port.
    pub server_port: u16,
    /// Who broke it off.
    pub by: ResetBy,
}
