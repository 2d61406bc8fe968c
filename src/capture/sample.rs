//! Captures made in memory for tests.

use std::io::{Cursor, Write};

use super::FileReader;
use super::record::ByteOrder;

/// Writes one capture file piece by piece in a byte order.
pub(super) struct Sample {
    pub(super) bytes: Vec<u8>,
    order: ByteOrder,
}

impl Sample {
    pub(super) fn new(order: ByteOrder) -> Self {
        Self { bytes: Vec::new(), order }
    }

    pub(super) fn words(&mut self, words: &[u32]) -> &mut Self {
        for word in words {
            self.bytes.extend(match self.order {
                ByteOrder::Little => word.to_le_bytes(),
                ByteOrder::Big => word.to_be_bytes(),
            });
        }
        self
    }

    pub(super) fn halves(&mut self, halves: &[u16]) -> &mut Self {
        for half in halves {
            self.bytes.extend(match self.order {
                ByteOrder::Little => half.to_le_bytes(),
                ByteOrder::Big => half.to_be_bytes(),
            });
        }
        self
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend(bytes);
        self
    }

    /// The header of a classic pcap file.
    pub(super) fn pcap(order: ByteOrder, magic: u32, link: u32) -> Self {
        let mut sample = Self::new(order);
        sample.words(&[magic]).halves(&[2, 4]).words(&[0, 0, 65_535, link]);
        sample
    }

    /// A record of a classic pcap file.
    pub(super) fn record(&mut self, stamp: (u32, u32), wire_len: u32, bytes: &[u8]) -> &mut Self {
        self.words(&[stamp.0, stamp.1, u32::try_from(bytes.len()).unwrap(), wire_len]).raw(bytes)
    }

    /// A pcapng block around `body`, which is padded.
    pub(super) fn block(&mut self, kind: u32, body: impl FnOnce(&mut Self)) -> &mut Self {
        let mut inside = Self::new(self.order);
        body(&mut inside);
        inside.bytes.resize(inside.bytes.len().next_multiple_of(4), 0);
        let len = u32::try_from(inside.bytes.len() + 12).unwrap();
        self.words(&[kind, len]).raw(&inside.bytes).words(&[len])
    }

    /// A pcapng section header.
    pub(super) fn section(&mut self) -> &mut Self {
        self.block(0x0a0d_0d0a, |body| {
            body.words(&[0x1a2b_3c4d]).halves(&[1, 0]).words(&[u32::MAX, u32::MAX]);
        })
    }

    /// A pcapng interface description; options are code and value.
    pub(super) fn interface(&mut self, link: u16, options: &[(u16, &[u8])]) -> &mut Self {
        self.block(1, |body| {
            body.halves(&[link, 0]).words(&[0]);
            for (code, value) in options {
                body.halves(&[*code, u16::try_from(value.len()).unwrap()]).raw(value);
                body.bytes.resize(body.bytes.len().next_multiple_of(4), 0);
            }
        })
    }

    /// A pcapng enhanced packet block.
    pub(super) fn packet(&mut self, interface: u32, stamp: u64, bytes: &[u8]) -> &mut Self {
        let len = u32::try_from(bytes.len()).unwrap();
        let [high, low] =
            [stamp >> 32, stamp & 0xffff_ffff].map(|half| u32::try_from(half).unwrap());
        self.block(6, |body| {
            body.words(&[interface, high, low, len, len]).raw(bytes);
        })
    }

    pub(super) fn reader(&self) -> Result<FileReader, super::Error> {
        FileReader::from_reader("sample", Cursor::new(self.bytes.clone()))
    }
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

/// An Ethernet frame with an IPv4 UDP packet of `payload` bytes to `port`.
pub(super) fn udp(port: u16, payload: u16) -> Vec<u8> {
    let mut frame = vec![0; 12];
    frame.extend([0x08, 0x00, 0x45, 0]);
    frame.extend((28 + payload).to_be_bytes());
    frame.extend([0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0x30, 0x39]);
    frame.extend(port.to_be_bytes());
    frame.extend((8 + payload).to_be_bytes());
    frame.extend([0, 0]);
    frame.resize(frame.len() + usize::from(payload), 0xaa);
    frame
}
