//! The pcapng file: blocks in sections, each with interfaces of their own.
//!
//! Section headers and interface descriptions are read by `pcap-parser`. Packet blocks are read
//! here: its functions allocate for every packet that has options, which nothing needs.

use pcap_parser::{
    InterfaceDescriptionBlock, OptionCode, parse_interfacedescriptionblock_be,
    parse_interfacedescriptionblock_le, parse_sectionheaderblock,
};

use super::MAX_FRAME;
use super::record::{ByteOrder, Fault, Record};
use super::window::{Place, Window};
use crate::packet::LinkType;

/// The longest block believed, in bytes.
const MAX_BLOCK: usize = 16 << 20;
/// The most interfaces believed in one section.
const MAX_INTERFACES: usize = 65_536;

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const OBSOLETE_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;

/// Frames passed over because their link layer is not read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UnknownLinks {
    /// How many there were.
    pub frames: u64,
    /// The link type of the first, as in `tcpdump.org/linktypes.html`.
    pub first: Option<u32>,
}

/// Where in the sections of a pcapng file the reader is.
pub(super) struct Sections {
    order: ByteOrder,
    interfaces: Vec<Described>,
    /// Time of the last packet that had one.
    time_us: i64,
    unknown: UnknownLinks,
    /// Whether any frame had a known link type.
    known: bool,
}

/// What a section says of one of its interfaces.
struct Described {
    link: u32,
    /// Most bytes captured of a frame; 0 is no limit.
    snap_len: u32,
    unit: Unit,
    offset_us: i64,
}

/// The unit of a packet's time stamp, by `if_tsresol`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// So many microseconds.
    Micros(u64),
    /// So many of them are a microsecond.
    OfMicro(u64),
    /// Two to this power of them are a second.
    PowerOfTwo(u8),
}

impl Unit {
    fn from_resolution(resolution: u8) -> Self {
        match resolution {
            0..=6 => Self::Micros(10_u64.pow(6 - u32::from(resolution))),
            7..=0x7f => {
                let power = 10_u64.checked_pow(u32::from(resolution) - 6);
                Self::OfMicro(power.unwrap_or(u64::MAX))
            }
            _ => Self::PowerOfTwo(resolution & 0x7f),
        }
    }

    fn to_us(self, stamp: u64) -> i64 {
        let us = match self {
            Self::Micros(factor) => stamp.saturating_mul(factor),
            Self::OfMicro(divisor) => stamp / divisor,
            Self::PowerOfTwo(power) => {
                u64::try_from((u128::from(stamp) * 1_000_000) >> power).unwrap_or(u64::MAX)
            }
        };
        i64::try_from(us).unwrap_or(i64::MAX)
    }
}

/// One whole block in the window.
struct Block {
    kind: u32,
    /// Offset of its first byte in the stream.
    at: u64,
    /// From its type to its second length.
    whole: Place,
}

impl Sections {
    /// The state at the start of a file that begins with a section header.
    pub(super) fn new() -> Self {
        Self {
            order: ByteOrder::Little,
            interfaces: Vec::new(),
            time_us: 0,
            unknown: UnknownLinks::default(),
            known: false,
        }
    }

    pub(super) fn unknown(&self) -> UnknownLinks {
        self.unknown
    }

    /// The next packet of a known link type; `None` at the end of the file.
    ///
    /// A file in which no packet has one ends in an error that names the first it has.
    pub(super) fn next(&mut self, window: &mut Window) -> Result<Option<Record>, Fault> {
        while let Some(block) = self.block(window)? {
            let record = match block.kind {
                SECTION_HEADER => self.section(&block, window)?,
                INTERFACE_DESCRIPTION => self.interface(&block, window)?,
                ENHANCED_PACKET | OBSOLETE_PACKET => self.packet(&block, window)?,
                SIMPLE_PACKET => self.simple_packet(&block, window)?,
                _ => None,
            };
            if record.is_some() {
                return Ok(record);
            }
        }
        match self.unknown.first {
            Some(number) if !self.known => Err(Fault::LinkType(number)),
            _ => Ok(None),
        }
    }

    /// Takes the next block and checks its frame; `None` at the end of the file.
    fn block(&mut self, window: &mut Window) -> Result<Option<Block>, Fault> {
        if !window.holds(12)? {
            return match window.bytes() {
                [] => Ok(None),
                _ => Err(Fault::cut(window, "block", 12)),
            };
        }
        let at = window.offset();
        let (words, _) = window.bytes().as_chunks::<4>();
        let (kind, length, magic) = (words[0], words[1], words[2]);
        if u32::from_le_bytes(kind) == SECTION_HEADER {
            self.order = match magic {
                [0x4d, 0x3c, 0x2b, 0x1a] => ByteOrder::Little,
                [0x1a, 0x2b, 0x3c, 0x4d] => ByteOrder::Big,
                _ => return Err(Fault::damaged(window, "a section without byte-order magic")),
            };
        }
        let len = self.order.u32(length) as usize;
        if len < 12 || !len.is_multiple_of(4) || len > MAX_BLOCK {
            return Err(Fault::damaged(window, format!("a block claims {len} bytes")));
        }
        if !window.holds(len)? {
            return Err(Fault::cut(window, "block", len));
        }
        if window.bytes()[len - 4..len] != length {
            return Err(Fault::damaged(window, "a block whose two lengths differ"));
        }
        let kind = self.order.u32(kind);
        Ok(Some(Block { kind, at, whole: window.take(len) }))
    }

    fn section(&mut self, block: &Block, window: &Window) -> Result<Option<Record>, Fault> {
        let (_, header) = parse_sectionheaderblock(window.at(block.whole))
            .map_err(|_| block.damaged("an unreadable section header"))?;
        if header.major_version != 1 {
            let version = header.major_version;
            return Err(block.damaged(format!("version {version} of pcapng is not known")));
        }
        self.interfaces.clear();
        Ok(None)
    }

    fn interface(&mut self, block: &Block, window: &Window) -> Result<Option<Record>, Fault> {
        if self.interfaces.len() == MAX_INTERFACES {
            return Err(block.damaged(format!("more than {MAX_INTERFACES} interfaces")));
        }
        let bytes = window.at(block.whole);
        let parsed = match self.order {
            ByteOrder::Little => parse_interfacedescriptionblock_le(bytes),
            ByteOrder::Big => parse_interfacedescriptionblock_be(bytes),
        };
        let (_, description) =
            parsed.map_err(|_| block.damaged("an unreadable interface description"))?;
        self.interfaces.push(Described::new(&description, self.order));
        Ok(None)
    }

    /// An enhanced packet block, or the obsolete one, which differs in the interface number only.
    fn packet(&mut self, block: &Block, window: &Window) -> Result<Option<Record>, Fault> {
        const HEADER: usize = 28;
        let bytes = window.at(block.whole);
        if bytes.len() < HEADER + 4 {
            return Err(block.damaged("a packet block too short for its header"));
        }
        let (words, _) = bytes.as_chunks::<4>();
        let [number, high, low, captured, wire_len] =
            [2, 3, 4, 5, 6].map(|at: usize| self.order.u32(words[at]));
        let number = match block.kind {
            OBSOLETE_PACKET => u32::from(self.order.u16([bytes[8], bytes[9]])),
            _ => number,
        };
        let interface = self.interfaces.get(number as usize).ok_or_else(|| {
            block.damaged(format!("a packet of interface {number}, which is not described"))
        })?;
        if captured > MAX_FRAME {
            return Err(Fault::oversize(block.at, captured));
        }
        if captured as usize > bytes.len() - HEADER - 4 {
            return Err(block.damaged(format!(
                "a packet claims {captured} bytes in a block of {}",
                bytes.len()
            )));
        }
        let stamp = u64::from(high) << 32 | u64::from(low);
        self.time_us = interface.unit.to_us(stamp).saturating_add(interface.offset_us);
        let link = interface.link;
        let place = block.whole.part(HEADER, captured as usize);
        Ok(self.deliver(link, wire_len.max(captured), place))
    }

    /// A simple packet block, which has no time: the last packet's is taken, 0 if it is the first.
    fn simple_packet(&mut self, block: &Block, window: &Window) -> Result<Option<Record>, Fault> {
        const HEADER: usize = 12;
        let bytes = window.at(block.whole);
        let (words, _) = bytes.as_chunks::<4>();
        if bytes.len() < HEADER + 4 {
            return Err(block.damaged("a packet block too short for its header"));
        }
        let Some(interface) = self.interfaces.first() else {
            return Err(block.damaged("a packet of interface 0, which is not described"));
        };
        let wire_len = self.order.u32(words[2]);
        let limit = if interface.snap_len == 0 { u32::MAX } else { interface.snap_len };
        let room = u32::try_from(bytes.len() - HEADER - 4).unwrap_or(u32::MAX);
        let captured = wire_len.min(limit).min(room);
        if captured > MAX_FRAME {
            return Err(Fault::oversize(block.at, captured));
        }
        let link = interface.link;
        Ok(self.deliver(link, wire_len, block.whole.part(HEADER, captured as usize)))
    }

    fn deliver(&mut self, number: u32, wire_len: u32, place: Place) -> Option<Record> {
        let Some(link) = LinkType::from_number(number) else {
            self.unknown.frames += 1;
            self.unknown.first.get_or_insert(number);
            return None;
        };
        self.known = true;
        Some(Record { time_us: self.time_us, link, wire_len, place })
    }
}

impl Described {
    fn new(block: &InterfaceDescriptionBlock<'_>, order: ByteOrder) -> Self {
        let mut described = Self {
            link: u32::try_from(block.linktype.0).unwrap_or(u32::MAX),
            snap_len: block.snaplen,
            unit: Unit::Micros(1),
            offset_us: 0,
        };
        for option in block.options.iter().take_while(|option| option.code != OptionCode::EndOfOpt)
        {
            match (option.code, option.as_bytes().unwrap_or_default()) {
                (OptionCode::IfTsresol, [resolution, ..]) => {
                    described.unit = Unit::from_resolution(*resolution);
                }
                // Read here and not by the parser, which takes it for little-endian always.
                (OptionCode::IfTsoffset, bytes) => {
                    let Ok(bytes) = <[u8; 8]>::try_from(bytes) else { continue };
                    described.offset_us = order.i64(bytes).saturating_mul(1_000_000);
                }
                _ => {}
            }
        }
        described
    }
}

impl Block {
    fn damaged(&self, what: impl Into<String>) -> Fault {
        Fault::Damaged { at: self.at, what: what.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_of_every_resolution_become_microseconds_and_never_overflow() {
        for (resolution, stamp, us) in [
            (6, 1_500_000, 1_500_000),
            (9, 1_500_000_999, 1_500_000),
            (3, 1_500, 1_500_000),
            (0, 2, 2_000_000),
            (0x8a, 1536, 1_500_000),
            (0, u64::MAX, i64::MAX),
            (0x7f, u64::MAX, 1),
            (0x80, u64::MAX, i64::MAX),
            (0xff, u64::MAX, 0),
        ] {
            let unit = Unit::from_resolution(resolution);
            assert_eq!(unit.to_us(stamp), us, "resolution {resolution:#x}");
        }
    }
}
