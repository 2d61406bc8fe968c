//! Bytes of a frame, read without ever reaching behind them, and why there may be no packet in them.

/// Why a frame gave no packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Skipped {
    /// It carries no IP, such as ARP.
    #[error("not IP")]
    NotIp,
    /// The capture was cut inside a header.
    #[error("cut inside a header")]
    Truncated,
    /// A header contradicts itself.
    #[error("malformed header")]
    Malformed,
    /// A later fragment of a tunnel's packet, whose length the first one already told.
    #[error("covered by the first fragment")]
    Covered,
}

/// Captured bytes together with the length that they had on the wire.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'a> {
    bytes: &'a [u8],
    pub(super) wire_len: u32,
}

impl<'a> View<'a> {
    pub(super) fn new(bytes: &'a [u8], wire_len: u32) -> Self {
        View { bytes, wire_len }
    }

    /// What follows the first `count` bytes.
    #[inline]
    pub(super) fn skip(self, count: usize) -> Result<Self, Skipped> {
        match (self.bytes.get(count..), u32::try_from(count)) {
            (Some(bytes), Ok(skipped)) if skipped <= self.wire_len => {
                Ok(View { bytes, wire_len: self.wire_len - skipped })
            }
            _ => Err(self.missing(count)),
        }
    }

    /// The same bytes with the length that an IP header gives; padding behind it is cut off.
    #[inline]
    pub(super) fn with_wire_len(self, wire_len: u32) -> Self {
        let captured = self.bytes.len().min(wire_len as usize);
        View { bytes: self.bytes.get(..captured).unwrap_or(self.bytes), wire_len }
    }

    /// How many bytes of `frame`, of which this is a part, lie before it.
    #[inline]
    pub(super) fn offset_in(self, frame: &[u8]) -> usize {
        self.bytes.as_ptr().addr().saturating_sub(frame.as_ptr().addr())
    }

    #[inline]
    pub(super) fn array_at<const N: usize>(self, at: usize) -> Result<[u8; N], Skipped> {
        let bytes = self.bytes.get(at..).and_then(|rest| rest.first_chunk::<N>());
        bytes.copied().ok_or_else(|| self.missing(at + N))
    }

    #[inline]
    pub(super) fn u16_at(self, at: usize) -> Result<u16, Skipped> {
        self.array_at(at).map(u16::from_be_bytes)
    }

    #[inline]
    pub(super) fn u8_at(self, at: usize) -> Result<u8, Skipped> {
        self.array_at::<1>(at).map(|[byte]| byte)
    }

    /// Whether what lies up to `end` was cut off by the capture or never sent.
    #[cold]
    fn missing(self, end: usize) -> Skipped {
        if end <= self.wire_len as usize { Skipped::Truncated } else { Skipped::Malformed }
    }
}
