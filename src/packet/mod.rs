//! Bytes to packets: one captured frame becomes one [`Packet`], or a counted reason why not.
//!
//! Every function here is total: no input panics, none allocates without bound. Lengths come from
//! the IP header and never from how much of the frame was captured, so a capture cut at 192 bytes
//! gives the same packets as the full one. Reassembly is refused: fragments are only attributed to
//! the ports of their first fragment. Folding packets into flows belongs to [`crate::flow`].

mod address;
pub mod application;
mod decoder;
mod fragment;
mod ip;
mod link;
mod transport;
mod tunnel;
mod view;

pub use address::Address;
pub use decoder::{Counts, Decoder};
pub use link::LinkType;
pub use transport::TcpFlags;
pub use tunnel::{Tunnel, TunnelKind};
pub use view::Skipped;

/// One captured frame as a source hands it over.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// When it was captured, in microseconds since the Unix epoch.
    pub time_us: i64,
    /// What the first byte belongs to.
    pub link: LinkType,
    /// Length on the wire in bytes; more than `bytes` holds where the capture was cut.
    pub wire_len: u32,
    /// What was captured of it.
    pub bytes: &'a [u8],
}

/// IP protocol numbers that Weir looks into (IANA "Assigned Internet Protocol Numbers").
pub mod protocol {
    /// Internet Control Message Protocol, RFC 792.
    pub const ICMP: u8 = 1;
    /// Transmission Control Protocol, RFC 9293.
    pub const TCP: u8 = 6;
    /// User Datagram Protocol, RFC 768.
    pub const UDP: u8 = 17;
    /// Internet Control Message Protocol for IPv6, RFC 4443.
    pub const ICMPV6: u8 = 58;
    /// Stream Control Transmission Protocol, RFC 9260.
    pub const SCTP: u8 = 132;

    /// What protocols are called where something can be typed.
    pub const NAMES: [(&str, u8); 5] =
        [("tcp", TCP), ("udp", UDP), ("icmp", ICMP), ("icmp6", ICMPV6), ("sctp", SCTP)];

    /// What protocol `number` is called, if it has a name.
    #[must_use]
    pub fn name(number: u8) -> Option<&'static str> {
        NAMES.iter().find(|(_, known)| *known == number).map(|(name, _)| *name)
    }

    /// The protocol of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<u8> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, number)| *number)
    }
}

/// What a flow needs to know of one packet: who, when, how long, which flags. Fixed size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet {
    /// When it was captured, in microseconds since the Unix epoch.
    pub time_us: i64,
    /// Who spoke with whom; of a tunnelled packet, the inner addresses.
    pub tuple: Tuple,
    /// Length of the transport payload in bytes, by the IP header.
    pub payload_len: u32,
    /// Length of the transport header in bytes; 0 where there is none, as in a later fragment.
    pub header_len: u8,
    /// TCP flags; none for other protocols.
    pub flags: TcpFlags,
    /// TCP window as sent, unscaled; 0 for other protocols.
    pub window: u16,
    /// The outermost tunnel it came in.
    pub tunnel: Option<Tunnel>,
}

/// Source, target and protocol of a packet, in the direction it travelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tuple {
    /// Sender's address.
    pub source: Address,
    /// Receiver's address.
    pub target: Address,
    /// Sender's port; for ICMP the query identifier, or type and code of a message without one.
    pub source_port: u16,
    /// Receiver's port; for ICMP as `source_port`.
    pub target_port: u16,
    /// IP protocol number.
    pub protocol: u8,
    /// For ICMP the type of the request that opens the exchange; 0 otherwise.
    pub icmp_type: u8,
}

impl Tuple {
    /// The same exchange seen from the other side.
    #[must_use]
    pub const fn reversed(self) -> Self {
        Self {
            source: self.target,
            target: self.source,
            source_port: self.target_port,
            target_port: self.source_port,
            ..self
        }
    }

    /// The same for both directions of an exchange.
    #[must_use]
    pub fn canonical(self) -> Self {
        let (source, target) = ((self.source, self.source_port), (self.target, self.target_port));
        if source <= target { self } else { self.reversed() }
    }

    /// The port that names the service of a flow in this direction; for ICMP the message type.
    #[must_use]
    pub const fn server_port(&self) -> u16 {
        match self.protocol {
            protocol::ICMP | protocol::ICMPV6 => self.icmp_type as u16,
            _ => self.target_port,
        }
    }

    /// Ports as the protocol defines them: 0 and 0 where it has none.
    #[must_use]
    pub const fn ports(&self) -> (u16, u16) {
        match self.protocol {
            protocol::TCP | protocol::UDP | protocol::SCTP => (self.source_port, self.target_port),
            _ => (0, 0),
        }
    }
}
