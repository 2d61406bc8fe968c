//! Frames on their way to the ring, already in the form that its files have.

use super::block;
use super::extent::Extent;
use crate::packet::Frame;

/// Bytes of a batch; one that holds a single frame may be longer.
pub(super) const CAPACITY: usize = 64 << 10;

/// Frames on their way to the ring.
#[derive(Debug)]
pub struct Batch {
    pub(super) bytes: Vec<u8>,
    pub(super) extent: Extent,
}

impl Default for Batch {
    fn default() -> Self {
        Self { bytes: Vec::with_capacity(CAPACITY), extent: Extent::default() }
    }
}

impl Batch {
    /// Frames in it.
    #[must_use]
    pub const fn frames(&self) -> u64 {
        self.extent.frames
    }

    /// Time of its oldest frame, in µs since the epoch, if it has one.
    #[must_use]
    #[inline]
    pub fn oldest_us(&self) -> Option<i64> {
        self.extent.oldest()
    }

    /// Whether it is to be handed on before it takes another frame of which `len` bytes are kept.
    #[must_use]
    #[inline]
    pub const fn is_full(&self, len: usize) -> bool {
        self.extent.frames > 0 && self.bytes.len() + block::packet_len(len) > CAPACITY
    }

    /// Takes the first `len` bytes of `frame`, or what there is of it.
    #[inline]
    pub fn push(&mut self, frame: &Frame<'_>, len: usize) {
        let Frame { time_us, link, wire_len, bytes } = *frame;
        let bytes = bytes.get(..len).unwrap_or(bytes);
        // A segment describes an interface for each link type, in their order.
        let interface = link as u32;
        block::packet(&block::Packet { interface, time_us, wire_len, bytes }, &mut self.bytes);
        self.extent.take(time_us);
    }

    /// Makes it empty; its memory is kept for the next frames.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(CAPACITY);
        self.extent = Extent::default();
    }
}
