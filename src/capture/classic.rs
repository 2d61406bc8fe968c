//! The classic pcap file: one header, then records of one link type.

use super::MAX_FRAME;
use super::record::{ByteOrder, Fault, Record};
use super::window::Window;
use crate::packet::LinkType;

const FILE_HEADER: usize = 24;

/// What its header says of a classic pcap file.
pub(super) struct Classic {
    order: ByteOrder,
    /// Fractions of a second in a microsecond: 1 or 1000.
    per_us: u32,
    /// Length of a record header in bytes.
    record_header: usize,
    link: LinkType,
}

impl Classic {
    /// Reads the file header; `None` if the magic number is not that of a classic pcap file.
    pub(super) fn open(window: &mut Window) -> Result<Option<Self>, Fault> {
        let Some((order, per_us, record_header)) =
            window.bytes().first_chunk().and_then(|magic| recognise(*magic))
        else {
            return Ok(None);
        };
        if !window.holds(FILE_HEADER)? {
            return Err(Fault::cut(window, "file header", FILE_HEADER));
        }
        let header = window.bytes();
        let major = order.u16([header[4], header[5]]);
        if major != 2 {
            return Err(Fault::damaged(window, format!("version {major} of pcap is not known")));
        }
        // The upper half tells of checksums behind the frames.
        let number = order.u32([header[20], header[21], header[22], header[23]]) & 0xffff;
        let link = LinkType::from_number(number).ok_or(Fault::LinkType(number))?;
        window.take(FILE_HEADER);
        Ok(Some(Self { order, per_us, record_header, link }))
    }

    /// The link type of every record.
    pub(super) fn link(&self) -> LinkType {
        self.link
    }

    /// The next record; `None` at the end of the file.
    #[inline]
    pub(super) fn next(&mut self, window: &mut Window) -> Result<Option<Record>, Fault> {
        if !window.holds(self.record_header)? {
            return if window.bytes().is_empty() {
                Ok(None)
            } else {
                Err(Fault::cut(window, "record header", self.record_header))
            };
        }
        let (words, _) = window.bytes().as_chunks::<4>();
        let [seconds, fraction, captured, wire_len] =
            [0, 1, 2, 3].map(|at: usize| self.order.u32(words[at]));
        if captured > MAX_FRAME {
            return Err(Fault::oversize(window.offset(), captured));
        }
        let len = self.record_header + captured as usize;
        if !window.holds(len)? {
            return Err(Fault::cut(window, "record", len));
        }
        let fraction_us = if self.per_us == 1 { fraction } else { fraction / 1000 };
        Ok(Some(Record {
            time_us: i64::from(seconds) * 1_000_000 + i64::from(fraction_us),
            link: self.link,
            wire_len: wire_len.max(captured),
            place: window.take(len).part(self.record_header, captured as usize),
        }))
    }
}

/// Byte order, fractions of a second in a microsecond and record header length by magic number.
fn recognise(magic: [u8; 4]) -> Option<(ByteOrder, u32, usize)> {
    [ByteOrder::Little, ByteOrder::Big].into_iter().find_map(|order| match order.u32(magic) {
        0xa1b2_c3d4 => Some((order, 1, 16)),
        0xa1b2_3c4d => Some((order, 1000, 16)),
        // A Linux patch of old; interface, protocol and packet type follow each record header.
        0xa1b2_cd34 => Some((order, 1, 24)),
        _ => None,
    })
}
