//! The ring and what comes out of it again, on frames made here.

mod bounds;
mod finding;
mod leftovers;

use std::fs;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use super::{Batch, Found, Options, Ring, Status, extract};
use crate::capture::FileReader;
use crate::flow::FlowId;
use crate::incident::FlowSpan;
use crate::packet::{Address, Frame, LinkType, Tuple, protocol};

/// Time zero of the tests.
const EPOCH_US: i64 = 1_600_000_000_000_000;

/// A UDP datagram of `payload` bytes from 10.0.0.1:`port` to 10.0.0.2:53, without a link layer.
fn datagram(port: u16, payload: usize) -> Vec<u8> {
    let udp_len = u16::try_from(8 + payload).unwrap();
    let mut bytes = vec![0x45, 0];
    bytes.extend((20 + udp_len).to_be_bytes());
    bytes.extend([0, 0, 0, 0, 64, protocol::UDP, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
    bytes.extend(port.to_be_bytes());
    bytes.extend(53_u16.to_be_bytes());
    bytes.extend(udp_len.to_be_bytes());
    bytes.extend([0, 0]);
    bytes.resize(28 + payload, b'x');
    bytes
}

/// A batch of such datagrams: port, time after [`EPOCH_US`] and payload of each.
fn batch(packets: &[(u16, i64, usize)]) -> Batch {
    let mut batch = Batch::default();
    for (port, at_us, payload) in packets {
        let bytes = datagram(*port, *payload);
        let frame = Frame {
            time_us: EPOCH_US + at_us,
            link: LinkType::RawIp,
            wire_len: u32::try_from(bytes.len()).unwrap(),
            bytes: &bytes,
        };
        batch.push(&frame, bytes.len());
    }
    batch
}

/// The flow of the datagrams of `port` from `first_us` to `last_us` after [`EPOCH_US`].
fn span(port: u16, first_us: i64, last_us: i64) -> FlowSpan {
    FlowSpan {
        id: FlowId(port.into()),
        tuple: Tuple {
            source: Address::v4([10, 0, 0, 1]),
            target: Address::v4([10, 0, 0, 2]),
            source_port: port,
            target_port: 53,
            protocol: protocol::UDP,
            icmp_type: 0,
        },
        first_us: EPOCH_US + first_us,
        last_us: EPOCH_US + last_us,
    }
}

/// A folder for a ring.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn folder(&self) -> std::path::PathBuf {
        self.0.path().join("evidence")
    }

    fn options(&self, most_bytes: u64) -> Options {
        Options {
            folder: self.folder(),
            most_bytes,
            snap_length: 65_535,
            keeps_payload: true,
            retention: Duration::from_hours(1),
        }
    }

    fn ring(&self, most_bytes: u64) -> Ring {
        Ring::new(self.options(most_bytes))
    }

    /// Bytes of all files in the folder.
    fn bytes(&self) -> u64 {
        files(&self.folder()).iter().map(|path| path.metadata().unwrap().len()).sum()
    }

    /// Port and time of each packet of `spans` that is found, in the order of the file.
    fn found(&self, spans: &[FlowSpan]) -> (Found, Vec<(u16, i64)>) {
        let mut file = Vec::new();
        let found = extract(&self.folder(), spans, "a test", &mut file).unwrap();
        let mut reader = FileReader::from_reader("found", std::io::Cursor::new(file)).unwrap();
        let mut packets = Vec::new();
        while let Some(frame) = reader.next_frame().unwrap() {
            let port = u16::from_be_bytes([frame.bytes[20], frame.bytes[21]]);
            packets.push((port, frame.time_us - EPOCH_US));
        }
        assert_eq!(found.packets, packets.len() as u64);
        (found, packets)
    }
}

/// The files in a folder, in the order of their names.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}
