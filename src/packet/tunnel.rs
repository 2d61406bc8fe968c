//! Tunnels: VXLAN (RFC 7348), Geneve (RFC 8926), GRE (RFC 2784, 2890), IP-in-IP (RFC 2003) and
//! 6in4 (RFC 4213).

use super::ip::Datagram;
use super::link::{self, Network};
use super::protocol;
use super::view::{Skipped, View};

/// The tunnel that a packet came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tunnel {
    /// Which encapsulation.
    pub kind: TunnelKind,
    /// VXLAN or Geneve network identifier, or GRE key; 0 where there is none.
    pub id: u32,
}

/// Encapsulations that Weir looks into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TunnelKind {
    /// Virtual eXtensible LAN over UDP, ports 4789 (IANA) and 8472 (Linux).
    Vxlan,
    /// Generic Network Virtualization Encapsulation over UDP, port 6081.
    Geneve,
    /// Generic Routing Encapsulation, IP protocol 47.
    Gre,
    /// IPv4 in IP, protocol 4.
    Ipip,
    /// IPv6 in IP, protocol 41.
    SixInFour,
}

/// The packet that `datagram` carries, if it is a tunnel's.
pub(super) fn inner<'a>(datagram: &Datagram<'a>) -> Option<(Tunnel, Network, View<'a>)> {
    let view = datagram.payload;
    let found = match datagram.protocol {
        4 => Ok((Tunnel { kind: TunnelKind::Ipip, id: 0 }, Network::V4, view)),
        41 => Ok((Tunnel { kind: TunnelKind::SixInFour, id: 0 }, Network::V6, view)),
        47 => gre(view),
        protocol::UDP => match view.u16_at(2) {
            Ok(4789 | 8472) => vxlan(view),
            Ok(6081) => geneve(view),
            _ => return None,
        },
        _ => return None,
    };
    found.ok()
}

type Inner<'a> = Result<(Tunnel, Network, View<'a>), Skipped>;

fn vxlan(udp: View<'_>) -> Inner<'_> {
    let header = udp.array_at::<8>(8)?;
    let has_identifier = header[0] & 0x08 != 0;
    if !has_identifier {
        return Err(Skipped::Malformed);
    }
    let id = u32::from_be_bytes([0, header[4], header[5], header[6]]);
    let (network, view) = link::ethernet(udp.skip(16)?)?;
    Ok((Tunnel { kind: TunnelKind::Vxlan, id }, network, view))
}

fn geneve(udp: View<'_>) -> Inner<'_> {
    let header = udp.array_at::<8>(8)?;
    let (version, options_len) = (header[0] >> 6, usize::from(header[0] & 0x3f) * 4);
    if version != 0 {
        return Err(Skipped::Malformed);
    }
    let id = u32::from_be_bytes([0, header[4], header[5], header[6]]);
    let carried = u16::from_be_bytes([header[2], header[3]]);
    let (network, view) = by_protocol_type(carried, udp.skip(16 + options_len)?)?;
    Ok((Tunnel { kind: TunnelKind::Geneve, id }, network, view))
}

fn gre(view: View<'_>) -> Inner<'_> {
    const CHECKSUM: u16 = 0x8000;
    const ROUTING: u16 = 0x4000;
    const KEY: u16 = 0x2000;
    const SEQUENCE: u16 = 0x1000;
    const VERSION: u16 = 0x0007;
    let (flags, carried) = (view.u16_at(0)?, view.u16_at(2)?);
    if flags & (ROUTING | VERSION) != 0 {
        return Err(Skipped::Malformed);
    }
    let key_at = 4 + if flags & CHECKSUM != 0 { 4 } else { 0 };
    let (id, sequence_at) = if flags & KEY != 0 {
        (u32::from_be_bytes(view.array_at(key_at)?), key_at + 4)
    } else {
        (0, key_at)
    };
    let header_len = sequence_at + if flags & SEQUENCE != 0 { 4 } else { 0 };
    let (network, view) = by_protocol_type(carried, view.skip(header_len)?)?;
    Ok((Tunnel { kind: TunnelKind::Gre, id }, network, view))
}

/// Geneve and GRE name what they carry by `EtherType`; 0x6558 is an Ethernet frame.
fn by_protocol_type(carried: u16, view: View<'_>) -> Result<(Network, View<'_>), Skipped> {
    match carried {
        0x0800 => Ok((Network::V4, view)),
        0x86dd => Ok((Network::V6, view)),
        0x6558 => link::ethernet(view),
        _ => Err(Skipped::NotIp),
    }
}
