//! What a reader yields for captures made in memory.

use std::io::Cursor;

use proptest::prelude::*;

use super::*;
use crate::capture::MAX_FRAME;
use crate::capture::record::ByteOrder;
use crate::capture::sample::{Sample, gzip, udp, zstd};
use crate::packet::LinkType;

const MICRO: u32 = 0xa1b2_c3d4;
const NANO: u32 = 0xa1b2_3c4d;

/// Time, link, length on the wire and captured length of a frame.
type Row = (i64, LinkType, u32, usize);

/// Every frame, and the error at the end.
fn drain(reader: Result<FileReader, Error>) -> (Vec<Row>, Option<Error>) {
    let mut frames = Vec::new();
    let mut reader = match reader {
        Ok(reader) => reader,
        Err(error) => return (frames, Some(error)),
    };
    loop {
        match reader.next_frame() {
            Ok(Some(frame)) => {
                frames.push((frame.time_us, frame.link, frame.wire_len, frame.bytes.len()));
            }
            Ok(None) => return (frames, None),
            Err(error) => {
                assert!(reader.next_frame().unwrap().is_none());
                return (frames, Some(error));
            }
        }
    }
}

fn read(bytes: &[u8]) -> (Vec<Row>, Option<Error>) {
    drain(FileReader::from_reader("sample", Cursor::new(bytes.to_vec())))
}

fn two_records() -> Sample {
    let mut sample = Sample::pcap(ByteOrder::Little, MICRO, 1);
    sample.record((1, 500), 60, &[1; 60]).record((2, 0), 1500, &[2; 40]);
    sample
}

const TWO: [Row; 2] =
    [(1_000_500, LinkType::Ethernet, 60, 60), (2_000_000, LinkType::Ethernet, 1500, 40)];

/// Where the error says the damage is, and its text.
fn damage(error: Option<Error>) -> (u64, bool, String) {
    let error = error.unwrap();
    let text = error.to_string();
    let Error::Damaged { at, .. } = error else { panic!("{text}") };
    (at.byte, at.decompressed, text)
}

#[test]
fn pcap_of_either_byte_order_and_precision_gives_the_same_frames() {
    for order in [ByteOrder::Little, ByteOrder::Big] {
        for (magic, per_us) in [(MICRO, 1), (NANO, 1000)] {
            let mut sample = Sample::pcap(order, magic, 1);
            sample.record((1, 500 * per_us), 60, &[1; 60]).record((2, 0), 1500, &[2; 40]);
            let (frames, error) = drain(sample.reader());
            assert!(error.is_none(), "{error:?}");
            assert_eq!(frames, TWO);
        }
    }
}

#[test]
fn the_longer_record_header_of_the_modified_format_is_passed_over() {
    let mut sample = Sample::pcap(ByteOrder::Big, 0xa1b2_cd34, 101);
    sample.words(&[7, 8, 4, 4, 1, 2]).raw(b"abcd").words(&[9, 0, 2, 1, 1, 2]).raw(b"ef");
    let (frames, error) = drain(sample.reader());
    assert!(error.is_none());
    assert_eq!(frames, [(7_000_008, LinkType::RawIp, 4, 4), (9_000_000, LinkType::RawIp, 2, 2)]);
}

#[test]
fn frames_keep_their_bytes_across_many_reads() {
    let mut sample = Sample::pcap(ByteOrder::Little, MICRO, 1);
    let longest = vec![9; MAX_FRAME as usize];
    for number in 0..3000_u32 {
        sample.record((number, 0), 1500, &number.to_le_bytes().repeat(200));
    }
    sample.record((3000, 0), MAX_FRAME, &longest);
    let mut reader = sample.reader().unwrap();
    for number in 0..3000_u32 {
        let frame = reader.next_frame().unwrap().unwrap();
        assert_eq!(frame.bytes, number.to_le_bytes().repeat(200));
    }
    assert_eq!(reader.next_frame().unwrap().unwrap().bytes, longest);
    assert!(reader.next_frame().unwrap().is_none());
    assert_eq!(reader.position(), sample.bytes.len() as u64);
}

#[test]
fn gzip_of_several_members_and_zstd_of_several_frames_read_like_the_plain_file() {
    let plain = two_records().bytes;
    let (head, tail) = plain.split_at(50);
    for packed in [
        gzip(&plain),
        [gzip(head), gzip(tail)].concat(),
        zstd(&plain),
        [zstd(head), zstd(tail)].concat(),
        [vec![0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 9], zstd(&plain)].concat(),
    ] {
        let (frames, error) = read(&packed);
        assert!(error.is_none(), "{error:?}");
        assert_eq!(frames, TWO);
    }
}

#[test]
fn a_cut_file_gives_what_is_whole_and_then_where_it_is_cut() {
    let plain = two_records().bytes;
    let second = 24 + 16 + 60;
    for len in second + 1..plain.len() {
        let (frames, error) = read(&plain[..len]);
        assert_eq!(frames, TWO[..1]);
        let (at, _, text) = damage(error);
        assert_eq!(at, second as u64);
        assert!(text.contains(&format!("the file ends after {}", len - second)), "{text}");
    }
    let (at, ..) = damage(read(&plain[..23]).1);
    assert_eq!(at, 0);
}

#[test]
fn the_offset_in_a_compressed_file_counts_what_was_decompressed() {
    let plain = two_records().bytes;
    let cut = &plain[..plain.len() - 1];
    for packed in [gzip(cut), zstd(cut)] {
        let (frames, error) = read(&packed);
        let (at, decompressed, text) = damage(error);
        assert_eq!((frames.len(), at, decompressed), (1, 100, true));
        assert!(text.contains("byte 100 of the decompressed data"), "{text}");
    }
}

#[test]
fn compressed_data_that_ends_too_early_or_is_corrupt_says_so() {
    let plain = two_records().bytes;
    for packed in [gzip(&plain), zstd(&plain)] {
        let (_, _, text) = damage(read(&packed[..packed.len() - 9]).1);
        assert!(text.contains("data ends too early"), "{text}");
    }
    let mut packed = gzip(&plain);
    let checksum = packed.len() - 8;
    packed[checksum] ^= 1;
    let (frames, error) = read(&packed);
    let (_, _, text) = damage(error);
    assert!(frames == TWO && text.contains("gzip data is corrupt"), "{text}");
}

#[test]
fn a_record_longer_than_any_frame_is_corrupt() {
    let mut sample = two_records();
    sample.words(&[3, 0, 262_145, 262_145]).raw(&[0; 300]);
    let (frames, error) = drain(sample.reader());
    let (at, _, text) = damage(error);
    assert_eq!((frames.len(), at), (2, 156));
    assert!(text.contains("claims 262145 bytes"), "{text}");
}

#[test]
fn what_is_no_capture_is_told_by_how_it_begins() {
    for (bytes, begins) in [
        (b"PK\x03\x04and more".to_vec(), "it begins with 50 4b 03 04"),
        (gzip(b"hello world"), "unpacked from gzip it begins with 68 65 6c 6c"),
        (Vec::new(), "it has 0 bytes"),
    ] {
        let (_, error) = read(&bytes);
        let text = error.unwrap().to_string();
        assert!(text.contains(begins) && text.contains("pcapng"), "{text}");
    }
}

#[test]
fn a_pcap_file_of_an_unknown_link_type_does_not_open() {
    let error = Sample::pcap(ByteOrder::Little, MICRO, 147).reader().err().unwrap();
    assert_eq!(error.to_string(), "read `sample`: link type 147 is not supported");
}

#[test]
fn pcapng_mixes_link_types_resolutions_and_byte_orders_of_sections() {
    let mut sample = Sample::new(ByteOrder::Little);
    sample
        .section()
        .interface(1, &[])
        .interface(276, &[(9, &[9]), (14, &(-1_i64).to_le_bytes())])
        .packet(0, 1_000_500, &[1; 61])
        .block(5, |body| {
            body.words(&[0, 0, 0]);
        })
        .packet(1, 3_000_000_999, &[2; 40]);
    let mut big = Sample::new(ByteOrder::Big);
    big.section()
        .interface(101, &[(14, &2_i64.to_be_bytes())])
        .packet(0, 500, &[3; 20])
        .block(3, |body| {
            body.words(&[3]).raw(b"abc");
        })
        .block(2, |body| {
            body.halves(&[0, 0xffff]).words(&[0, 7, 2, 9]).raw(b"ab");
        });
    sample.raw(&big.bytes);
    let (frames, error) = drain(sample.reader());
    assert!(error.is_none(), "{error:?}");
    assert_eq!(
        frames,
        [
            (1_000_500, LinkType::Ethernet, 61, 61),
            (2_000_000, LinkType::LinuxSll2, 40, 40),
            (2_000_500, LinkType::RawIp, 20, 20),
            (2_000_500, LinkType::RawIp, 3, 3),
            (2_000_007, LinkType::RawIp, 9, 2),
        ]
    );
}

#[test]
fn frames_of_an_unknown_link_type_are_passed_over_and_counted() {
    let mut sample = Sample::new(ByteOrder::Little);
    sample.section().interface(147, &[]).interface(1, &[]);
    sample.packet(0, 1, b"x").packet(1, 2, b"y").packet(0, 3, b"z");
    let mut reader = sample.reader().unwrap();
    assert_eq!(reader.next_frame().unwrap().unwrap().bytes, b"y");
    assert!(reader.next_frame().unwrap().is_none());
    assert_eq!(reader.unknown_link_frames(), UnknownLinks { frames: 2, first: Some(147) });
}

#[test]
fn a_pcapng_file_of_unknown_link_types_only_ends_in_an_error() {
    let mut sample = Sample::new(ByteOrder::Little);
    sample.section().interface(147, &[]).packet(0, 1, b"x");
    let (frames, error) = drain(sample.reader());
    assert!(frames.is_empty() && matches!(error, Some(Error::LinkType { number: 147, .. })));
}

#[test]
fn damaged_blocks_are_told_with_their_offset() {
    let start = || {
        let mut sample = Sample::new(ByteOrder::Little);
        sample.section().interface(1, &[]);
        sample
    };
    let offset = start().bytes.len();
    let bodies: [(&[u32], &str); 7] = [
        (&[6, 10], "claims 10 bytes"),
        (&[6, 33], "claims 33 bytes"),
        (&[6, 0x0100_0004], "claims 16777220 bytes"),
        (&[6, 16, 0, 12], "two lengths differ"),
        (&[6, 32, 7, 0, 0, 0, 0, 32], "interface 7"),
        (&[6, 32, 0, 0, 0, 1, 1, 32], "claims 1 bytes in a block of 32"),
        (&[6, 400, 0, 0, 0], "the file ends after 20 of 400 bytes"),
    ];
    for (words, says) in bodies {
        let mut sample = start();
        sample.words(words);
        sample.bytes.resize(sample.bytes.len().max(offset + 12), 0);
        let (at, _, text) = damage(drain(sample.reader()).1);
        assert!(at == offset as u64 && text.contains(says), "{text}");
    }
}

#[test]
fn a_filter_takes_what_libpcap_would_take() {
    let mut sample = Sample::pcap(ByteOrder::Little, MICRO, 1);
    for (second, port) in [(1, 53), (2, 80), (3, 53)] {
        let frame = udp(port, 10);
        sample.record((second, 0), 52, &frame);
    }
    let (frames, error) = drain(sample.reader().and_then(|reader| reader.with_filter("port 53")));
    assert!(error.is_none());
    assert_eq!(frames.iter().map(|frame| frame.0).collect::<Vec<_>>(), [1_000_000, 3_000_000]);
}

#[test]
fn a_filter_judges_a_cut_frame_by_its_length_on_the_wire() {
    let mut sample = Sample::pcap(ByteOrder::Little, MICRO, 1);
    sample.record((1, 0), 1042, &udp(53, 1000)[..60]).record((2, 0), 52, &udp(53, 10));
    for (expression, second) in [("greater 1000", 1), ("less 100", 2), ("len = 1042", 1)] {
        let (frames, _) = drain(sample.reader().and_then(|reader| reader.with_filter(expression)));
        assert_eq!(frames.iter().map(|frame| frame.0).collect::<Vec<_>>(), [second * 1_000_000]);
    }
}

#[test]
fn a_filter_knows_the_link_type_of_each_frame() {
    let ip = &udp(53, 10)[14..];
    let mut sample = Sample::new(ByteOrder::Little);
    sample.section().interface(1, &[]).interface(101, &[]).interface(0, &[]);
    sample.packet(0, 1, &udp(53, 10)).packet(1, 2, ip).packet(1, 3, &udp(80, 10)[14..]);
    sample.packet(2, 4, &[&[0, 0, 0, 2], ip].concat());
    sample.packet(2, 5, &[&[2, 0, 0, 0], ip].concat());
    let (frames, error) = drain(sample.reader().and_then(|reader| reader.with_filter("port 53")));
    assert!(error.is_none(), "{error:?}");
    assert_eq!(frames.iter().map(|frame| frame.0).collect::<Vec<_>>(), [1, 2, 4, 5]);
}

#[test]
fn a_bad_filter_is_told_in_the_words_of_libpcap() {
    let error = two_records().reader().and_then(|reader| reader.with_filter("tcp port")).err();
    let text = error.unwrap().to_string();
    assert!(text.contains("`tcp port`") && text.contains("syntax error"), "{text}");
}

#[test]
fn a_file_knows_its_length_and_a_missing_one_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("two.pcap");
    let bytes = two_records().bytes;
    std::fs::write(&path, &bytes).unwrap();
    let reader = FileReader::open(&path).unwrap();
    assert_eq!(reader.len(), Some(bytes.len() as u64));
    let error = FileReader::open(Path::new("/no/such")).err().unwrap();
    assert_eq!(error.to_string(), "open capture `/no/such`");
}

/// Captures in every format, to be damaged.
fn specimens() -> Vec<Vec<u8>> {
    let mut sections = Sample::new(ByteOrder::Big);
    sections.section().interface(1, &[(9, &[9]), (14, &[0; 8])]).packet(0, 7, &udp(53, 10));
    sections.block(3, |body| {
        body.words(&[3]).raw(b"abc");
    });
    let plain = two_records().bytes;
    vec![gzip(&plain), zstd(&plain), plain, sections.bytes]
}

proptest! {
    #[test]
    fn no_damage_panics_or_yields_more_than_the_file_holds(
        specimen in 0..4_usize,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = specimens().swap_remove(specimen);
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        bytes.truncate(bytes.len() - cut.index(bytes.len() / 2));
        let (frames, error) = read(&bytes);
        if specimen > 1 {
            prop_assert!(frames.iter().map(|frame| frame.3).sum::<usize>() <= bytes.len());
        }
        if let Some(Error::Damaged { at, .. }) = error {
            prop_assert!(at.decompressed || at.byte <= bytes.len() as u64);
        }
    }
}
