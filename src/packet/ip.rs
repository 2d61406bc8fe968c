//! IPv4 (RFC 791) and IPv6 (RFC 8200) headers, options, extension headers and fragments.

use super::address::Address;
use super::link::Network;
use super::view::{Skipped, View};

/// An IP packet without its headers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Datagram<'a> {
    pub(super) source: Address,
    pub(super) target: Address,
    /// Protocol of `payload`.
    pub(super) protocol: u8,
    /// What follows the headers; its wire length is that of the IP header.
    pub(super) payload: View<'a>,
    pub(super) fragment: Option<Fragment>,
}

/// Which part of a larger datagram a fragment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fragment {
    pub(super) id: u32,
    pub(super) is_first: bool,
}

/// Extension headers followed before a packet counts as malformed.
const MAX_EXTENSION_HEADERS: usize = 8;

const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;
const NO_NEXT_HEADER: u8 = 59;
const DESTINATION_OPTIONS: u8 = 60;
const MOBILITY: u8 = 135;

#[inline]
pub(super) fn datagram(network: Network, view: View<'_>) -> Result<Datagram<'_>, Skipped> {
    match network {
        Network::V4 => v4(view),
        Network::V6 => v6(view),
    }
}

#[inline]
fn v4(view: View<'_>) -> Result<Datagram<'_>, Skipped> {
    let header = view.array_at::<20>(0)?;
    if header[0] >> 4 != 4 {
        return Err(Skipped::Malformed);
    }
    let header_len = usize::from(header[0] & 0x0f) * 4;
    let total_len = match u16::from_be_bytes([header[2], header[3]]) {
        // The sender left the length to the interface (segmentation offload).
        0 => view.wire_len,
        total => u32::from(total),
    };
    if header_len < 20 || (total_len as usize) < header_len {
        return Err(Skipped::Malformed);
    }
    let flags = u16::from_be_bytes([header[6], header[7]]);
    let (more, offset) = (flags & 0x2000 != 0, flags & 0x1fff);
    let id = u32::from(u16::from_be_bytes([header[4], header[5]]));
    Ok(Datagram {
        source: Address::v4([header[12], header[13], header[14], header[15]]),
        target: Address::v4([header[16], header[17], header[18], header[19]]),
        protocol: header[9],
        payload: view.with_wire_len(total_len).skip(header_len)?,
        fragment: (more || offset != 0).then_some(Fragment { id, is_first: offset == 0 }),
    })
}

fn v6(view: View<'_>) -> Result<Datagram<'_>, Skipped> {
    let header = view.array_at::<40>(0)?;
    if header[0] >> 4 != 6 {
        return Err(Skipped::Malformed);
    }
    let next = header[6];
    let behind = view.skip(40)?;
    let payload_len = match u16::from_be_bytes([header[4], header[5]]) {
        0 if next == NO_NEXT_HEADER => 0,
        // A jumbogram (RFC 2675) or segmentation offload.
        0 => behind.wire_len,
        length => u32::from(length),
    };
    let (protocol, payload, fragment) = extensions(next, behind.with_wire_len(payload_len))?;
    let (mut source, mut target) = ([0; 16], [0; 16]);
    source.copy_from_slice(&header[8..24]);
    target.copy_from_slice(&header[24..40]);
    Ok(Datagram {
        source: Address::v6(source),
        target: Address::v6(target),
        protocol,
        payload,
        fragment,
    })
}

/// Follows the chain of extension headers that begins with one of type `next`.
fn extensions(
    mut next: u8,
    mut view: View<'_>,
) -> Result<(u8, View<'_>, Option<Fragment>), Skipped> {
    let mut fragment = None;
    for _ in 0..=MAX_EXTENSION_HEADERS {
        let header_len = match next {
            HOP_BY_HOP | ROUTING | DESTINATION_OPTIONS | MOBILITY => {
                (usize::from(view.u8_at(1)?) + 1) * 8
            }
            AUTHENTICATION => (usize::from(view.u8_at(1)?) + 2) * 4,
            FRAGMENT => {
                let offset_and_more = view.u16_at(2)?;
                // Offset 0 and no more to come is a whole datagram (RFC 6946).
                if offset_and_more & 0xfff9 != 0 {
                    let id = u32::from_be_bytes(view.array_at(4)?);
                    fragment = Some(Fragment { id, is_first: offset_and_more & 0xfff8 == 0 });
                }
                8
            }
            _ => return Ok((next, view, fragment)),
        };
        let is_later_fragment = fragment.is_some_and(|fragment: Fragment| !fragment.is_first);
        next = view.u8_at(0)?;
        view = view.skip(header_len)?;
        if is_later_fragment {
            return Ok((next, view, fragment));
        }
    }
    Err(Skipped::Malformed)
}
