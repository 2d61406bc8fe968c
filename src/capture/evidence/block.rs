//! Blocks of pcapng files, little-endian, with times in microseconds.

use super::extent::Extent;
use crate::packet::LinkType;

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const INTERFACE_STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;

const COMMENT: u16 = 1;
const USER_APPLICATION: u16 = 4;
const START_TIME: u16 = 2;
const END_TIME: u16 = 3;
const RECEIVED: u16 = 4;

/// The length field of an interface statistics block as it is written here.
const STATISTICS_TOTAL: u32 = 64;

/// Its bytes.
pub(super) const STATISTICS_LEN: usize = STATISTICS_TOTAL as usize;

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
    let [high, low] = stamp(time_us);
    let words = [ENHANCED_PACKET, total, interface, high, low, captured, wire_len];
    out.extend_from_slice(words.map(u32::to_le_bytes).as_flattened());
    out.extend_from_slice(bytes);
    let padding = bytes.len().next_multiple_of(4) - bytes.len();
    out.extend_from_slice([0; 4].get(..padding).unwrap_or_default());
    out.extend_from_slice(&total.to_le_bytes());
}

/// The two halves of a time, the upper first.
///
/// One before 1970, as only a damaged capture has it, cannot be written.
#[inline]
fn stamp(time_us: i64) -> [u32; 2] {
    halves(u64::try_from(time_us).unwrap_or(0))
}

#[inline]
fn halves(number: u64) -> [u32; 2] {
    [number >> 32, number & 0xffff_ffff].map(|half| u32::try_from(half).unwrap_or(0))
}

/// Appends interface statistics that say what is in all of a section.
pub(super) fn statistics(extent: &Extent, out: &mut Vec<u8>) {
    let [oldest, newest] = [extent.oldest_us, extent.newest_us].map(stamp);
    let [frames_high, frames_low] = halves(extent.frames);
    let words = statistics_words([oldest, newest, [frames_low, frames_high]]);
    out.extend(words.map(u32::to_le_bytes).as_flattened());
}

/// What interface statistics written here say; none where these are something else.
pub(super) fn read_statistics(block: &[u8; STATISTICS_LEN]) -> Option<Extent> {
    let (chunks, _) = block.as_chunks::<4>();
    let words: [u32; STATISTICS_LEN / 4] = std::array::from_fn(|at| u32::from_le_bytes(chunks[at]));
    let [oldest, newest, frames] = [[6, 7], [9, 10], [12, 13]].map(|pair| pair.map(|at| words[at]));
    let number = |[high, low]: [u32; 2]| u64::from(high) << 32 | u64::from(low);
    let time_us = |halves| i64::try_from(number(halves)).ok();
    (words == statistics_words([oldest, newest, frames])).then_some(Extent {
        frames: number([frames[1], frames[0]]),
        oldest_us: time_us(oldest)?,
        newest_us: time_us(newest)?,
    })
}

/// The whole block, whose times come with the upper half first and whose number with the lower.
fn statistics_words([oldest, newest, frames]: [[u32; 2]; 3]) -> [u32; STATISTICS_LEN / 4] {
    let option = |code: u16| u32::from(code) | 8 << 16;
    [
        INTERFACE_STATISTICS,
        STATISTICS_TOTAL,
        0,
        newest[0],
        newest[1],
        option(START_TIME),
        oldest[0],
        oldest[1],
        option(END_TIME),
        newest[0],
        newest[1],
        option(RECEIVED),
        frames[0],
        frames[1],
        0,
        STATISTICS_TOTAL,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_segment_says_at_its_end_is_read_again_and_nothing_else_is() {
        let extent = Extent { frames: u64::MAX - 5, oldest_us: 7, newest_us: i64::MAX - 9 };
        let mut bytes = Vec::new();
        statistics(&extent, &mut bytes);
        let block = <[u8; STATISTICS_LEN]>::try_from(bytes).unwrap();
        assert_eq!(read_statistics(&block), Some(extent));
        for at in [0, 4, 20, 22, 32, 44, 56, 60] {
            let mut other = block;
            other[at] ^= 1;
            assert_eq!(read_statistics(&other), None, "{at}");
        }
    }

    #[test]
    fn the_link_types_are_numbered_in_their_order() {
        for (index, link) in LinkType::ALL.into_iter().enumerate() {
            assert_eq!(link as usize, index);
            assert_eq!(LinkType::from_number(link.number().into()), Some(link));
        }
    }
}
