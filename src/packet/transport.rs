//! TCP, UDP, SCTP, ICMP and `ICMPv6` headers: ports, flags and lengths.

use super::protocol;
use super::view::{Skipped, View};

/// The flag byte of a TCP header (RFC 9293, 3.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TcpFlags(u8);

impl TcpFlags {
    /// No more data from the sender.
    pub const FIN: Self = Self(0x01);
    /// Synchronise sequence numbers: opens a connection.
    pub const SYN: Self = Self(0x02);
    /// Reset: ends a connection at once.
    pub const RST: Self = Self(0x04);
    /// Push: deliver now.
    pub const PSH: Self = Self(0x08);
    /// The acknowledgement number counts.
    pub const ACK: Self = Self(0x10);
    /// The urgent pointer counts.
    pub const URG: Self = Self(0x20);
    /// ECN echo (RFC 3168).
    pub const ECE: Self = Self(0x40);
    /// Congestion window reduced (RFC 3168).
    pub const CWR: Self = Self(0x80);

    /// The flags of this byte.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    /// As the byte on the wire.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether all of `flags` are set.
    #[must_use]
    pub const fn contains(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// The flags of both.
    #[must_use]
    pub const fn union(self, flags: Self) -> Self {
        Self(self.0 | flags.0)
    }
}

/// What a transport header says.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Transport {
    pub(super) source_port: u16,
    pub(super) target_port: u16,
    pub(super) icmp_type: u8,
    pub(super) header_len: u8,
    pub(super) payload_len: u32,
    pub(super) flags: TcpFlags,
    pub(super) window: u16,
}

/// Reads the header of `protocol` at the front of `view`.
///
/// A header that is too short for its protocol, as port scanners send, still makes a packet: with
/// the ports if it has these, and nothing of its length is lost.
#[inline]
pub(super) fn header(protocol: u8, view: View<'_>) -> Result<Transport, Skipped> {
    let read = match protocol {
        protocol::TCP => tcp(view),
        protocol::UDP => ported(view, 8),
        protocol::SCTP => ported(view, 12),
        protocol::ICMP | protocol::ICMPV6 => icmp(protocol, view),
        _ => Err(Skipped::Malformed),
    };
    match read {
        Err(Skipped::Malformed) => Ok(headless(view)),
        read => read,
    }
}

/// Bytes of a header that is too short to say anything, and yet was looked at.
#[inline]
pub(super) const fn stub_len(protocol: u8, transport: &Transport) -> usize {
    match protocol {
        protocol::TCP | protocol::UDP | protocol::SCTP | protocol::ICMP | protocol::ICMPV6
            if transport.header_len == 0 =>
        {
            transport.payload_len as usize
        }
        _ => 0,
    }
}

/// All of it is payload: a protocol without ports, or a fragment behind the first.
pub(super) fn headless(view: View<'_>) -> Transport {
    Transport { payload_len: view.wire_len, ..Transport::default() }
}

#[inline]
fn tcp(view: View<'_>) -> Result<Transport, Skipped> {
    if view.wire_len < 20 {
        let flags = TcpFlags(view.u8_at(13).unwrap_or(0));
        return Ok(Transport { flags, ..ported(view, 20)? });
    }
    // Checksum, urgent pointer and options may lie behind the cut.
    let bytes = view.array_at::<16>(0)?;
    let claimed = (bytes[12] >> 4) * 4;
    let header_len = u32::from(claimed.max(20)).min(view.wire_len);
    Ok(Transport {
        source_port: u16::from_be_bytes([bytes[0], bytes[1]]),
        target_port: u16::from_be_bytes([bytes[2], bytes[3]]),
        icmp_type: 0,
        header_len: u8::try_from(header_len).unwrap_or(u8::MAX),
        payload_len: view.wire_len - header_len,
        flags: TcpFlags(bytes[13]),
        window: u16::from_be_bytes([bytes[14], bytes[15]]),
    })
}

/// A header of `full_len` bytes that begins with two ports.
#[inline]
fn ported(view: View<'_>, full_len: u8) -> Result<Transport, Skipped> {
    let header_len = u32::from(full_len).min(view.wire_len);
    Ok(Transport {
        source_port: view.u16_at(0)?,
        target_port: view.u16_at(2)?,
        header_len: u8::try_from(header_len).unwrap_or(full_len),
        payload_len: view.wire_len - header_len,
        ..Transport::default()
    })
}

/// ICMP has no ports: a query and its answer share an identifier, other messages type and code.
fn icmp(protocol: u8, view: View<'_>) -> Result<Transport, Skipped> {
    let (kind, code) = (view.u8_at(0)?, view.u8_at(1)?);
    let request = match (protocol, kind) {
        (protocol::ICMP, 0 | 8) => Some(8),
        (protocol::ICMP, 13..=18) => Some(if kind % 2 == 0 { kind - 1 } else { kind }),
        (protocol::ICMPV6, 128 | 129) => Some(128),
        _ => None,
    };
    let identifier = if request.is_some() { view.u16_at(4)? } else { u16::from(code) };
    let header_len = view.wire_len.min(8);
    Ok(Transport {
        source_port: identifier,
        target_port: identifier,
        icmp_type: request.unwrap_or(kind),
        header_len: u8::try_from(header_len).unwrap_or(8),
        payload_len: view.wire_len - header_len,
        ..Transport::default()
    })
}
