//! Blocks of pcapng files, little-endian, with times in microseconds.

use crate::packet::LinkType;

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const ENHANCED_PACKET: u32 = 6;

const COMMENT: u16 = 1;
const USER_APPLICATION: u16 = 4;

/// The longest value of an option, in bytes; padded it still fits 16 bits.
const LONGEST_OPTION: usize = 65_532;

/// What an enhanced packet block has beside the frame, in bytes.
const PACKET_OVERHEAD: usize = 32;

/// Appends a section header that says `comment`.
pub(super) fn section(comment: &str, out: &mut Vec<u8>) {
    let begin = out.len();
    out.extend(SECTION_HEADER.to_le_bytes());
    out.extend([0; 4]);
    out.extend(0x1a2b_3c4d_u32.to_le_bytes());
    // Version 1.0, and a section whose length is left open.
    out.extend([1, 0, 0, 0]);
    out.extend(u64::MAX.to_le_bytes());
    option(COMMENT, comment, out);
    option(USER_APPLICATION, "Weir", out);
    out.extend([0; 4]);
    let total = out.len() - begin + 4;
    let total = u32::try_from(total).unwrap_or(u32::MAX).to_le_bytes();
    if let Some(length) = out.get_mut(begin + 4..begin + 8) {
        length.copy_from_slice(&total);
    }
    out.extend(total);
}

/// Appends an option; what is too long is cut between two characters.
fn option(code: u16, text: &str, out: &mut Vec<u8>) {
    let len = text.floor_char_boundary(LONGEST_OPTION);
    out.extend(code.to_le_bytes());
    out.extend(u16::try_from(len).unwrap_or(u16::MAX).to_le_bytes());
    out.extend(text.as_bytes().iter().take(len));
    out.resize(out.len().next_multiple_of(4), 0);
}

/// Appends the description of an interface without a limit on the length of a frame.
pub(super) fn interface(link: LinkType, out: &mut Vec<u8>) {
    let total = 20_u32.to_le_bytes();
    out.extend(INTERFACE_DESCRIPTION.to_le_bytes());
    out.extend(total);
    out.extend(u32::from(link.number()).to_le_bytes());
    out.extend([0; 4]);
    out.extend(total);
}

/// A frame as it is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packet<'a> {
    /// Number of its interface in the section.
    pub(super) interface: u32,
    /// In µs since the epoch.
    pub(super) time_us: i64,
    pub(super) wire_len: u32,
    /// What is kept of it.
    pub(super) bytes: &'a [u8],
}

/// Bytes of an enhanced packet block that holds `len` bytes of a frame.
pub(super) const fn packet_len(len: usize) -> usize {
    PACKET_OVERHEAD + len.next_multiple_of(4)
}

/// Appends an enhanced packet block.
#[inline]
pub(super) fn packet(packet: &Packet<'_>, out: &mut Vec<u8>) {
    let Packet { interface, time_us, wire_len, bytes } = *packet;
    let total = u32::try_from(packet_len(bytes.len())).unwrap_or(u32::MAX);
    let captured = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    // A time before 1970, as only a damaged capture has it, cannot be written.
    let stamp = u64::try_from(time_us).unwrap_or(0);
    let [high, low] =
        [stamp >> 32, stamp & 0xffff_ffff].map(|half| u32::try_from(half).unwrap_or(0));
    let words = [ENHANCED_PACKET, total, interface, high, low, captured, wire_len];
    out.extend_from_slice(words.map(u32::to_le_bytes).as_flattened());
    out.extend_from_slice(bytes);
    let padding = bytes.len().next_multiple_of(4) - bytes.len();
    out.extend_from_slice([0; 4].get(..padding).unwrap_or_default());
    out.extend_from_slice(&total.to_le_bytes());
}
