//! Captures of a run in encapsulations that its kernel cannot make: the flows must be the same.

use std::fs;
use std::path::Path;

use crate::bundled::bundled;
use crate::support::flows::{Folder, run};
use crate::support::frame::{Link, checksum};
use crate::support::pcap::{Capture, ms};
use crate::support::talk::Talk;
use crate::support::transport::flag::{ACK, PSH};
use crate::{SOME, demo, plain_script, records, said};

const SNAP: usize = 192;
const MOST_TOTAL: usize = 0xffff;

/// An encapsulation as it is called, and what its frames begin with.
const KINDS: [(&str, Outer); 5] = [
    ("geneve", Outer::Udp(6081)),
    ("vxlan", Outer::Udp(4789)),
    ("gre", Outer::Ip(47)),
    ("ipip", Outer::Ip(4)),
    ("qinq", Outer::Tags),
];

#[derive(Debug, Clone, Copy)]
enum Outer {
    Udp(u16),
    Ip(u8),
    Tags,
}

impl Outer {
    /// Panics unless the frame of so many bytes on the wire begins with these headers, and they are
    /// right.
    fn check(self, frame: &[u8], wire_len: usize) {
        let word = |at: usize| u16::from_be_bytes([frame[at], frame[at + 1]]);
        if let Self::Tags = self {
            assert_eq!([word(12), word(16), word(20)], [0x88a8, 0x8100, 0x0800]);
            return;
        }
        assert_eq!(word(12), 0x0800);
        let header = &frame[14..34];
        assert_eq!(checksum(&[header]), 0, "the checksum of {header:02x?}");
        // What the field cannot hold is left to the card.
        let told = |len: usize| if wire_len - 14 > MOST_TOTAL { 0 } else { len };
        assert_eq!(usize::from(word(16)), told(wire_len - 14));
        match self {
            Self::Udp(port) => {
                assert_eq!((header[9], word(36)), (17, port));
                assert_eq!(usize::from(word(38)), told(wire_len - 34));
            }
            Self::Ip(protocol) => assert_eq!(header[9], protocol),
            Self::Tags => {}
        }
    }
}

/// Asserts that `capture` gives the same rows in every encapsulation, and that each is one.
fn assert_same_in_all(folder: &Folder, capture: &Path, ip_packets: usize) {
    let expected = run([capture]).expect(0).stdout;
    for (kind, outer) in KINDS {
        let Some(mut rewrap) = plain_script("lab/rewrap.py") else { return };
        let wrapped = folder.path().join(format!("{kind}.pcap"));
        let (status, words) = said(rewrap.arg(kind).args([capture, &wrapped]));
        assert_eq!(status, Some(0), "{kind}: {words}");
        let file = fs::read(&wrapped).expect("a capture");
        let carried: Vec<_> =
            records(&file).filter(|(frame, _)| frame[12..14] != [0x08, 0x06]).collect();
        assert_eq!(carried.len(), ip_packets, "{kind}");
        for (frame, wire_len) in carried {
            assert!(frame.len() <= SNAP, "{kind}: {} bytes are kept", frame.len());
            outer.check(frame, wire_len);
        }
        let found = run([&wrapped]).expect(0).stdout;
        assert!(found == expected, "{kind}: other rows");
    }
}

#[test]
fn an_encapsulation_does_not_show_in_the_flows_of_the_demo() {
    let folder = Folder::new();
    let capture = demo(&folder);
    let ip_packets = ip_packets(&capture);
    assert!(ip_packets > SOME - 100);
    assert_same_in_all(&folder, &capture, ip_packets);
}

/// How many packets of a capture of all interfaces are of IPv4.
fn ip_packets(capture: &Path) -> usize {
    let file = fs::read(capture).expect("a capture");
    records(&file).filter(|(frame, _)| frame[..2] == [0x08, 0x00]).count()
}

/// Packets above the MTU, and VXLAN, which is then inside something else.
#[test]
fn nor_in_those_of_a_run_with_offload_and_two_nodes() {
    let folder = Folder::new();
    let (capture, _) = bundled(&folder, "on");
    let ip_packets = ip_packets(&capture);
    assert_same_in_all(&folder, &capture, ip_packets);
}

#[test]
fn nor_do_packets_whose_length_no_outer_header_tells() {
    let folder = Folder::new();
    let talk = Talk::v4(41_000, 80);
    let mut packets = talk.open(0);
    packets.push((ms(5), talk.ask(PSH | ACK).payload(65_490).ip()));
    let mut file = Capture::of(Link::Sll2, &packets).cut(SNAP).bytes();
    file[16..20].copy_from_slice(&192_u32.to_le_bytes());
    assert_same_in_all(&folder, &folder.file("large.pcap", &file), packets.len());
}
