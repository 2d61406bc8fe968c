//! Capture files from frames: classic pcap in all its dialects, and pcapng.
//!
//! Times are microseconds since [`EPOCH_US`], so that tests speak of small numbers.

use super::frame::{Datagram, Link};

/// 2020-09-13T12:26:40Z, time zero of the tests, in microseconds since the Unix epoch.
pub const EPOCH_US: i64 = 1_600_000_000_000_000;

/// `n` milliseconds in microseconds.
pub const fn ms(n: i64) -> i64 {
    n * 1_000
}

/// `n` seconds in microseconds.
pub const fn secs(n: i64) -> i64 {
    n * 1_000_000
}

/// A datagram and when it was seen.
pub type Timed = (i64, Datagram);

/// One captured frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Microseconds since [`EPOCH_US`].
    pub at: i64,
    /// What was captured.
    pub bytes: Vec<u8>,
    /// Length on the wire.
    pub wire_len: usize,
}

/// Frames of one link type, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// Link type number.
    pub link: u32,
    /// The frames.
    pub records: Vec<Record>,
}

/// The dialect of a classic pcap file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Little-endian, microseconds.
    LittleMicro,
    /// Little-endian, nanoseconds.
    LittleNano,
    /// Big-endian, microseconds.
    BigMicro,
    /// Big-endian, nanoseconds.
    BigNano,
}

impl Dialect {
    /// One of each.
    pub const ALL: [Self; 4] = [Self::LittleMicro, Self::LittleNano, Self::BigMicro, Self::BigNano];

    const fn u32(self, number: u32) -> [u8; 4] {
        match self {
            Self::LittleMicro | Self::LittleNano => number.to_le_bytes(),
            Self::BigMicro | Self::BigNano => number.to_be_bytes(),
        }
    }

    const fn u16(self, number: u16) -> [u8; 2] {
        match self {
            Self::LittleMicro | Self::LittleNano => number.to_le_bytes(),
            Self::BigMicro | Self::BigNano => number.to_be_bytes(),
        }
    }

    const fn is_nano(self) -> bool {
        matches!(self, Self::LittleNano | Self::BigNano)
    }
}

impl Capture {
    /// An empty capture of frames of this link type.
    pub const fn new(link: u32) -> Self {
        Self { link, records: Vec::new() }
    }

    /// `packets` framed by `link`.
    pub fn of(link: Link, packets: &[Timed]) -> Self {
        let mut capture = Self::new(link.number());
        for (at, datagram) in packets {
            capture.push(*at, link.frame(datagram));
        }
        capture
    }

    /// `packets` in plain Ethernet frames.
    pub fn ethernet(packets: &[Timed]) -> Self {
        Self::of(Link::Ethernet, packets)
    }

    /// Adds a frame.
    pub fn push(&mut self, at: i64, bytes: Vec<u8>) {
        self.records.push(Record { at, wire_len: bytes.len(), bytes });
    }

    /// The same frames, of each at most `snap` bytes captured.
    pub fn cut(&self, snap: usize) -> Self {
        let mut capture = self.clone();
        for record in &mut capture.records {
            record.bytes.truncate(snap);
        }
        capture
    }

    /// The frames before `index` and those from it on.
    pub fn split_at(&self, index: usize) -> (Self, Self) {
        let (head, tail) = self.records.split_at(index);
        let part = |records: &[Record]| Self { link: self.link, records: records.to_vec() };
        (part(head), part(tail))
    }

    /// The file, little-endian with microseconds.
    pub fn bytes(&self) -> Vec<u8> {
        self.bytes_in(Dialect::LittleMicro)
    }

    /// The file in another dialect.
    pub fn bytes_in(&self, dialect: Dialect) -> Vec<u8> {
        let magic = if dialect.is_nano() { 0xa1b2_3c4d } else { 0xa1b2_c3d4 };
        let mut file = dialect.u32(magic).to_vec();
        file.extend(dialect.u16(2));
        file.extend(dialect.u16(4));
        for field in [0, 0, 0x0004_0000, self.link] {
            file.extend(dialect.u32(field));
        }
        for record in &self.records {
            file.extend(record.header(dialect));
            file.extend(&record.bytes);
        }
        file
    }

    /// Where each record starts in [`Self::bytes`], and the length of the whole.
    pub fn offsets(&self) -> Vec<usize> {
        let mut offset = 24;
        let mut offsets = vec![offset];
        for record in &self.records {
            offset += 16 + record.bytes.len();
            offsets.push(offset);
        }
        offsets
    }
}

impl Record {
    fn header(&self, dialect: Dialect) -> Vec<u8> {
        let time = EPOCH_US + self.at;
        let fraction = time.rem_euclid(1_000_000) * if dialect.is_nano() { 1_000 } else { 1 };
        [
            u32_of(time.div_euclid(1_000_000)),
            u32_of(fraction),
            size(&self.bytes),
            u32_of(self.wire_len),
        ]
        .into_iter()
        .flat_map(|field| dialect.u32(field))
        .collect()
    }
}

/// An interface of a pcapng file.
#[derive(Debug, Clone, Copy)]
pub struct Interface {
    /// Link type number.
    pub link: u16,
    /// Time resolution as a power of ten: 6 for microseconds, 9 for nanoseconds.
    pub resolution: u8,
}

/// A little-endian pcapng file: the interfaces, then one enhanced packet block for each record
/// and the index of its interface.
pub fn pcapng(interfaces: &[Interface], records: &[(u32, Record)]) -> Vec<u8> {
    let mut file = block(0x0a0d_0d0a, &section_header());
    for interface in interfaces {
        file.extend(block(1, &interface.description()));
    }
    for (index, record) in records {
        let resolution = interfaces[*index as usize].resolution;
        file.extend(block(6, &enhanced_packet(*index, record, resolution)));
    }
    file
}

impl Interface {
    fn description(self) -> Vec<u8> {
        let mut body = [&self.link.to_le_bytes()[..], &[0, 0], &0_u32.to_le_bytes()].concat();
        if self.resolution != 6 {
            body.extend([9, 0, 1, 0, self.resolution, 0, 0, 0]);
            body.extend([0; 4]);
        }
        body
    }
}

fn section_header() -> Vec<u8> {
    [&0x1a2b_3c4d_u32.to_le_bytes()[..], &[1, 0, 0, 0], &u64::MAX.to_le_bytes()].concat()
}

fn enhanced_packet(interface: u32, record: &Record, resolution: u8) -> Vec<u8> {
    let micros = u64::try_from(EPOCH_US + record.at).expect("after 1970");
    let ticks = match resolution {
        0..6 => micros / 10_u64.pow(6 - u32::from(resolution)),
        _ => micros * 10_u64.pow(u32::from(resolution) - 6),
    };
    let [high, low] = [(ticks >> 32), ticks & 0xffff_ffff].map(u32_of);
    let mut body: Vec<u8> = [interface, high, low, size(&record.bytes), u32_of(record.wire_len)]
        .into_iter()
        .flat_map(u32::to_le_bytes)
        .collect();
    body.extend(&record.bytes);
    body.resize(body.len().next_multiple_of(4), 0);
    body
}

fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let total = u32_of(body.len() + 12).to_le_bytes();
    [&kind.to_le_bytes()[..], &total, body, &total].concat()
}

fn size(bytes: &[u8]) -> u32 {
    u32_of(bytes.len())
}

fn u32_of<T: TryInto<u32>>(number: T) -> u32 {
    number.try_into().ok().expect("a field of 32 bits")
}
