//! Link layers: what precedes the IP header in a frame.

use super::view::{Skipped, View};

/// How a captured frame begins; the numbers are those of `tcpdump.org/linktypes.html`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LinkType {
    /// Ethernet (1).
    Ethernet,
    /// BSD loopback, protocol family in the byte order of the capturing host (0).
    Null,
    /// `OpenBSD` loopback, protocol family in network byte order (108).
    Loop,
    /// A bare IPv4 or IPv6 packet (101, 12, 14, 228, 229).
    RawIp,
    /// Linux "cooked" capture version 1 (113).
    LinuxSll,
    /// Linux "cooked" capture version 2 (276).
    LinuxSll2,
}

impl LinkType {
    /// One of each, in the order of their declaration.
    pub const ALL: [Self; 6] =
        [Self::Ethernet, Self::Null, Self::Loop, Self::RawIp, Self::LinuxSll, Self::LinuxSll2];

    /// Its number; of those of a bare IP packet, the one that says no version.
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            Self::Null => 0,
            Self::Ethernet => 1,
            Self::RawIp => 101,
            Self::Loop => 108,
            Self::LinuxSll => 113,
            Self::LinuxSll2 => 276,
        }
    }

    /// The link type with this number, if Weir reads it.
    #[must_use]
    pub const fn from_number(number: u32) -> Option<Self> {
        Some(match number {
            0 => Self::Null,
            1 => Self::Ethernet,
            12 | 14 | 101 | 228 | 229 => Self::RawIp,
            108 => Self::Loop,
            113 => Self::LinuxSll,
            276 => Self::LinuxSll2,
            _ => return None,
        })
    }
}

/// The network layer that a frame carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Network {
    V4,
    V6,
}

impl Network {
    const fn from_ethertype(ethertype: u16) -> Result<Self, Skipped> {
        match ethertype {
            0x0800 => Ok(Self::V4),
            0x86dd => Ok(Self::V6),
            _ => Err(Skipped::NotIp),
        }
    }
}

/// Tags looked through before a frame counts as malformed; `QinQ` needs two.
const MAX_VLAN_TAGS: usize = 4;

/// Finds the IP header behind the link layer.
pub(super) fn network(link: LinkType, view: View<'_>) -> Result<(Network, View<'_>), Skipped> {
    match link {
        LinkType::Ethernet => ethernet(view),
        LinkType::Null | LinkType::Loop => loopback(view),
        LinkType::RawIp => raw(view),
        LinkType::LinuxSll => tagged(view.u16_at(14)?, view.skip(16)?),
        LinkType::LinuxSll2 => tagged(view.u16_at(0)?, view.skip(20)?),
    }
}

/// IEEE 802.3 with any 802.1Q and 802.1ad tags.
#[inline]
pub(super) fn ethernet(view: View<'_>) -> Result<(Network, View<'_>), Skipped> {
    tagged(view.u16_at(12)?, view.skip(14)?)
}

/// Looks through VLAN tags: `view` begins behind `ethertype`.
#[inline]
fn tagged(ethertype: u16, view: View<'_>) -> Result<(Network, View<'_>), Skipped> {
    let (mut ethertype, mut view) = (ethertype, view);
    for _ in 0..=MAX_VLAN_TAGS {
        match ethertype {
            0x8100 | 0x88a8 | 0x9100 => {
                ethertype = view.u16_at(2)?;
                view = view.skip(4)?;
            }
            other => return Ok((Network::from_ethertype(other)?, view)),
        }
    }
    Err(Skipped::Malformed)
}

/// BSD loopback: `AF_INET` is 2 everywhere, `AF_INET6` differs by system (10, 24, 28, 30).
fn loopback(view: View<'_>) -> Result<(Network, View<'_>), Skipped> {
    let family = view.array_at::<4>(0)?;
    let family = u32::from_le_bytes(family).min(u32::from_be_bytes(family));
    let network = match family {
        2 => Network::V4,
        10 | 24 | 28 | 30 => Network::V6,
        _ => return Err(Skipped::NotIp),
    };
    Ok((network, view.skip(4)?))
}

fn raw(view: View<'_>) -> Result<(Network, View<'_>), Skipped> {
    match view.u8_at(0)? >> 4 {
        4 => Ok((Network::V4, view)),
        6 => Ok((Network::V6, view)),
        _ => Err(Skipped::NotIp),
    }
}
