//! One conversation in every link layer and tunnel: the rows must not know.

mod support;

use support::flows::{csv_of, only, rows_of, rows_of_packets};
use support::frame::Link;
use support::pcap::{Capture, Interface, Timed, ms, pcapng, secs};
use support::talk::Talk;
use support::transport::{protocol, udp_with};
use support::tunnel::{Carrier, Options};

/// Connections, a query and an echo of both families, and fragments.
fn conversation() -> Vec<Timed> {
    let (v4, v6) = (Talk::v4(41_000, 80), Talk::v6(41_000, 80));
    let mut packets = v4.whole(0);
    packets.extend(v6.whole(ms(500)));
    for talk in [v4, v6] {
        packets.extend([
            (secs(1), talk.ask_udp(30)),
            (secs(1) + 1, talk.answer_udp(200)),
            (secs(1) + 2, talk.ping(7, 1, 56)),
            (secs(1) + 3, talk.pong(7, 1, 56)),
        ]);
        let fragments = talk.ask_udp(2_000).fragments(9, 1_000);
        packets.extend(fragments.into_iter().map(|fragment| (secs(2), fragment)));
    }
    packets
}

fn bare() -> Vec<u8> {
    csv_of(&Capture::of(Link::Raw, &conversation()).bytes(), &[])
}

/// The conversation, each packet turned into an Ethernet frame by `frame`.
fn framed(frame: impl Fn(&support::frame::Datagram) -> Vec<u8>) -> Capture {
    let mut capture = Capture::new(Link::Ethernet.number());
    for (at, datagram) in conversation() {
        capture.push(at, frame(&datagram));
    }
    capture
}

fn assert_same(expected: &[u8], found: &[u8], what: &str) {
    let text = String::from_utf8_lossy;
    assert!(expected == found, "{what}:\n{}\ninstead of\n{}", text(found), text(expected));
}

#[test]
fn the_link_layer_does_not_show_in_the_rows() {
    let expected = bare();
    for link in Link::ALL {
        let found = csv_of(&Capture::of(link, &conversation()).bytes(), &[]);
        assert_same(&expected, &found, &format!("{link:?}"));
    }
}

#[test]
fn a_tunnel_does_not_show_in_the_rows() {
    let expected = bare();
    for carrier in Carrier::ALL {
        let found = csv_of(&framed(|inner| carrier.frame(inner)).bytes(), &[]);
        assert_same(&expected, &found, &format!("{carrier:?}"));
    }
}

#[test]
fn a_tunnel_in_a_tunnel_is_opened_too() {
    let expected = bare();
    let pairs = [
        (Carrier::Vxlan(4789), Carrier::IpInIp),
        (Carrier::Geneve(Options::Some), Carrier::Vxlan(8472)),
        (Carrier::IpInIpv6, Carrier::GreEthernet),
    ];
    for (outer, inner) in pairs {
        let capture = framed(|datagram| outer.frame(&inner.carry(datagram)));
        assert_same(&expected, &csv_of(&capture.bytes(), &[]), &format!("{inner:?} in {outer:?}"));
    }
}

#[test]
fn a_tunnel_on_a_tagged_link_is_opened_too() {
    let capture = framed(|inner| Link::QinQ(5, 6).frame(&Carrier::Vxlan(8472).carry(inner)));
    assert_same(&bare(), &csv_of(&capture.bytes(), &[]), "VXLAN on QinQ");
}

/// Each packet in a tunnel, and each tunnel packet in fragments of 400 bytes.
fn in_pieces(carrier: Carrier, packets: &[Timed]) -> Capture {
    let mut capture = Capture::new(Link::Ethernet.number());
    for (id, (at, inner)) in (0..).zip(packets) {
        for piece in carrier.carry(inner).fragments(id, 400) {
            capture.push(*at, piece.ethernet());
        }
    }
    capture
}

#[test]
fn the_pieces_of_a_fragmented_tunnel_packet_are_one_packet() {
    let packets = [Talk::v4(41_000, 80).whole(0), Talk::v6(41_000, 80).whole(ms(500))].concat();
    let expected = csv_of(&Capture::of(Link::Raw, &packets).bytes(), &[]);
    for carrier in [Carrier::Vxlan(4789), Carrier::Geneve(Options::None), Carrier::IpInIp] {
        let found = csv_of(&in_pieces(carrier, &packets).bytes(), &[]);
        assert_same(&expected, &found, &format!("{carrier:?}, in pieces"));
    }
}

#[test]
fn a_fragment_inside_a_fragmented_tunnel_packet_follows_its_first() {
    let fragments = Talk::v4(41_000, 80).ask_udp(2_000).fragments(9, 1_000);
    let packets: Vec<Timed> = fragments.into_iter().map(|fragment| (0, fragment)).collect();
    only(rows_of(&in_pieces(Carrier::Vxlan(4789), &packets), &[])).assert(&[
        ("Src Port", "41000"),
        ("Total Fwd Packet", "3"),
        ("Total Length of Fwd Packet", "2000"),
    ]);
}

#[test]
fn frames_cut_at_192_bytes_give_the_same_bytes() {
    let expected = bare();
    for link in Link::ALL {
        let cut = Capture::of(link, &conversation()).cut(192);
        assert_same(&expected, &csv_of(&cut.bytes(), &[]), &format!("{link:?}, cut"));
    }
    for carrier in Carrier::ALL {
        let cut = framed(|inner| carrier.frame(inner)).cut(192);
        assert_same(&expected, &csv_of(&cut.bytes(), &[]), &format!("{carrier:?}, cut"));
    }
}

#[test]
fn one_file_may_hold_several_link_types_and_time_units() {
    let links = [Link::Ethernet, Link::Sll2, Link::Raw];
    let interfaces = [(1, 6), (276, 9), (101, 9)];
    let interfaces = interfaces.map(|(link, resolution)| Interface { link, resolution });
    let mixed: Vec<_> = conversation()
        .into_iter()
        .zip((0_u32..3).cycle())
        .flat_map(|(packet, index)| {
            let records = Capture::of(links[index as usize], &[packet]).records;
            records.into_iter().map(move |record| (index, record))
        })
        .collect();
    assert_same(&bare(), &csv_of(&pcapng(&interfaces, &mixed), &[]), "pcapng");
}

#[test]
fn what_is_not_a_tunnel_on_its_port_stays_udp() {
    for (port, payload) in [
        (4789, &b"666666666666666666666666666666666666666666"[..]),
        (4789, &[8, 0, 0, 0]),
        (8472, &[0; 60]),
        (6081, &[0xff; 60]),
    ] {
        let talk = Talk::v4(50_000, port);
        let row = only(rows_of_packets(&[(0, udp_with(talk.client, talk.server, payload))]));
        row.assert(&[
            ("Flow ID", &format!("198.18.2.1-198.18.0.1-50000-{port}-{}", protocol::UDP)),
            ("Total Length of Fwd Packet", &payload.len().to_string()),
        ]);
    }
}

#[test]
fn frames_that_carry_no_ip_are_no_flows() {
    let mut capture = Capture::ethernet(&Talk::v4(1, 2).whole(0));
    let arp = [support::frame::ethernet_header(&[], 0x0806), vec![0; 46]].concat();
    capture.push(secs(1), arp);
    only(rows_of(&capture, &[]));
}
