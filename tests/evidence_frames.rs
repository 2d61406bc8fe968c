//! What is kept of a frame as evidence, in every link layer and tunnel.

mod support;

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::Index;
use support::evidence::{extract, packets, record, roomy};
use support::flows::Folder;
use support::frame::Link;
use support::pcap::{Capture, Timed, ms, secs};
use support::talk::Talk;
use support::tunnel::{Carrier, Options as Geneve};
use weir::capture::evidence::Options;
use weir::packet::{Decoder, Frame, LinkType};

/// Connections, queries, echoes and fragments of both families.
fn conversation() -> Vec<Timed> {
    let mut packets = Vec::new();
    for (at, talk) in [(0, Talk::v4(41_000, 80)), (secs(1), Talk::v6(41_000, 80))] {
        packets.extend(talk.whole(at));
        packets.extend([
            (at + ms(500), talk.ask_udp(300)),
            (at + ms(501), talk.ping(7, 1, 56)),
            (at + ms(502), talk.pong(7, 1, 56)),
        ]);
        let fragments = talk.ask_udp(2_000).fragments(9, 1_000);
        packets.extend(fragments.into_iter().map(|fragment| (at + ms(600), fragment)));
    }
    packets
}

/// The conversation in every link layer and tunnel.
fn every_shape() -> Vec<(String, Capture)> {
    let mut shapes: Vec<_> = Link::ALL
        .into_iter()
        .map(|link| (format!("{link:?}"), Capture::of(link, &conversation())))
        .collect();
    let mut tunnelled = |name: String, frame: &dyn Fn(&support::frame::Datagram) -> Vec<u8>| {
        let mut capture = Capture::new(Link::Ethernet.number());
        for (at, inner) in conversation() {
            capture.push(at, frame(&inner));
        }
        shapes.push((name, capture));
    };
    for carrier in Carrier::ALL {
        tunnelled(format!("{carrier:?}"), &|inner| carrier.frame(inner));
    }
    tunnelled("VXLAN in Geneve on QinQ".into(), &|inner| {
        Link::QinQ(5, 6)
            .frame(&Carrier::Geneve(Geneve::Some).carry(&Carrier::Vxlan(4789).carry(inner)))
    });
    shapes
}

/// Made once for all cases.
static SHAPES: LazyLock<Vec<(String, Capture)>> = LazyLock::new(every_shape);

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn with_its_headers_alone_a_damaged_frame_becomes_the_same_packet(
        shape in any::<Index>(),
        frame in any::<Index>(),
        damage in prop::collection::vec((any::<Index>(), any::<u8>()), 0..4),
    ) {
        let (_, capture) = shape.get(&SHAPES);
        let link = LinkType::from_number(capture.link).expect("a link type that is read");
        let mut bytes = frame.get(&capture.records).bytes.clone();
        for (at, byte) in damage {
            // Headers are in front.
            let at = at.index(bytes.len().min(160));
            bytes[at] = byte;
        }
        let wire_len = u32::try_from(bytes.len()).expect("a short frame");
        let mut decoder = Decoder::default();
        let whole = decoder.decode(&Frame { time_us: 0, link, wire_len, bytes: &bytes });
        if whole.is_ok() {
            bytes.truncate(decoder.headers_len());
            let cut = Frame { time_us: 0, link, wire_len, bytes: &bytes };
            prop_assert_eq!(Decoder::default().decode(&cut), whole);
        }
    }
}

#[test]
fn what_is_too_short_for_a_header_is_kept_with_the_headers() {
    for (name, capture) in every_shape() {
        let link = LinkType::from_number(capture.link).expect("a link type that is read");
        for (record, len) in
            capture.records.iter().flat_map(|one| (20..28).map(move |len| (one, len)))
        {
            // The total length of an IPv4 header behind one of Ethernet; elsewhere it is any damage.
            let mut bytes = record.bytes.clone();
            bytes[17] = len;
            let wire_len = u32::try_from(bytes.len()).expect("a short frame");
            let mut decoder = Decoder::default();
            let whole = decoder.decode(&Frame { time_us: 0, link, wire_len, bytes: &bytes });
            if whole.is_ok() {
                bytes.truncate(decoder.headers_len());
                let cut = Frame { time_us: 0, link, wire_len, bytes: &bytes };
                assert_eq!(Decoder::default().decode(&cut), whole, "{name} {len}");
            }
        }
    }
}

#[test]
fn without_payload_every_header_is_kept_and_no_byte_behind_them() {
    for (name, capture) in every_shape() {
        let folder = Folder::new();
        let path = folder.file("capture.pcap", &capture.bytes());
        let options = Options { keeps_payload: false, ..roomy(&folder) };
        let (_, spans) = record(&path, &options);
        for segment in std::fs::read_dir(&options.folder).expect("the ring") {
            let bytes = std::fs::read(segment.expect("a segment").path()).expect("a segment");
            // What the payload is made of.
            assert!(!bytes.windows(4).any(|four| four == b"6666"), "{name}");
        }
        let (_, file) = extract(&options, &spans);
        let mut expected = packets(capture.bytes());
        for kept in &mut expected {
            kept.bytes.truncate(kept.headers_len);
        }
        assert_eq!(packets(file), expected, "{name}");
    }
}

#[test]
fn however_short_frames_are_cut_their_flows_are_found() {
    for (name, capture) in every_shape() {
        let folder = Folder::new();
        let path = folder.file("capture.pcap", &capture.bytes());
        let options = Options { snap_length: 64, ..roomy(&folder) };
        let (_, spans) = record(&path, &options);
        let (_, file) = extract(&options, &spans);
        let mut expected = packets(capture.bytes());
        for kept in &mut expected {
            kept.bytes.truncate(kept.headers_len.max(64));
        }
        assert_eq!(packets(file), expected, "{name}");
    }
}
