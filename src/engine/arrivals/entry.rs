//! What was found in a segment, as it is handed over and as it is kept.

use crate::packet::application::Head;
use crate::packet::{Address, Tuple};
use crate::respond::ResetBy;

/// What was found; `N` is how a name in it is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What<N> {
    Request { host: Option<N>, path: Option<N>, head: Head },
    Handshake { host: Option<N>, head: Head },
    Http2,
    Answer { status: u16 },
    Reset { by: ResetBy },
}

/// What a recorder hands over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found<N> {
    pub(super) at_us: i64,
    /// From the client to the server; of a reset, as it travelled.
    pub(super) tuple: Tuple,
    /// The same where the same segment was sent again or captured twice.
    pub(super) print: u64,
    pub(super) what: What<N>,
}

/// What is kept, in 40 bytes: of names and servers only their number in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) at_us: i64,
    client: [u8; 16],
    pub(super) client_port: u16,
    pub(super) server: u16,
    pub(super) what: What<u16>,
}

impl Entry {
    pub(super) fn new(
        at_us: i64,
        (client, client_port): (Address, u16),
        server: u16,
        what: What<u16>,
    ) -> Self {
        // An address as a number would be aligned to 16 bytes.
        Self { at_us, client: client.bits().to_be_bytes(), client_port, server, what }
    }

    pub(super) const fn client(&self) -> Address {
        Address::v6(self.client)
    }
}
