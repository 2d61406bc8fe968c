//! What the model is fed depends neither on when the traffic was recorded nor on its addresses.

use std::collections::HashMap;
use std::path::Path;

use weir::capture::FileReader;
use weir::engine::{Options, Pipeline, Sink};
use weir::feature::{Contexts, Summary, Vector, vector};
use weir::flow::{Report, Timeouts};
use weir::packet::{Address, Decoder, Packet};

/// Keeps every vector.
#[derive(Debug, Default)]
struct Vectors {
    contexts: Contexts,
    seen: Vec<Vector>,
}

impl Sink for Vectors {
    type Error = std::convert::Infallible;

    fn report(&mut self, report: &Report<'_>) -> Result<(), Self::Error> {
        let joined = self.contexts.observe(report);
        self.seen.extend(joined.map(|(row, context)| vector(&Summary::new(row.flow), &context)));
        Ok(())
    }

    fn restart(&mut self) -> Result<(), Self::Error> {
        self.contexts.clear();
        Ok(())
    }

    fn flush(&mut self, _now_us: i64) -> Result<(), Self::Error> {
        Ok(())
    }
}

/// The packets of the bundled capture.
fn packets() -> Vec<Packet> {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/demo.pcap.zst"));
    let mut reader = FileReader::open(path).expect("the bundled capture");
    let mut decoder = Decoder::default();
    let mut packets = Vec::new();
    while let Some(frame) = reader.next_frame().expect("a whole capture") {
        packets.extend(decoder.decode(&frame));
    }
    packets
}

fn vectors(packets: impl IntoIterator<Item = Packet>) -> Vec<Vector> {
    let timeouts = Timeouts { report_us: Some(5_000_000), ..Timeouts::default() };
    let options = Options { timeouts, max_flows: 1 << 20, shards: 1 };
    let mut pipeline = Pipeline::new(options, Vectors::default()).expect("no thread is needed");
    for packet in packets {
        pipeline.packet(&packet).expect("nothing can fail");
    }
    pipeline.finish().sink.seen
}

#[test]
fn the_same_traffic_at_another_time_gives_the_same_vectors() {
    let packets = packets();
    let there = vectors(packets.iter().copied());
    assert!(there.len() > 5_000, "{}", there.len());
    for shift_us in [1, 1_234_567, -3_600_000_001, 86_400_000_000] {
        let shifted =
            packets.iter().map(|packet| Packet { time_us: packet.time_us + shift_us, ..*packet });
        assert!(vectors(shifted) == there, "{shift_us}");
    }
}

#[test]
fn the_same_traffic_between_other_addresses_gives_the_same_vectors() {
    let packets = packets();
    let mut names = HashMap::new();
    let mut renamed = |address: Address| {
        let number = u32::try_from(names.len()).expect("few hosts");
        // An odd factor makes it a bijection that keeps no order.
        let bytes = number.wrapping_mul(0x9e37_79b1).to_be_bytes();
        *names.entry(address).or_insert(Address::v4(bytes))
    };
    let others = packets.iter().map(|packet| {
        let mut packet = *packet;
        packet.tuple.source = renamed(packet.tuple.source);
        packet.tuple.target = renamed(packet.tuple.target);
        packet
    });
    let others: Vec<_> = others.collect();
    assert!(others != packets);
    assert!(vectors(others) == vectors(packets));
}
