//! Link layers: what precedes the IP header in a frame.

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
