//! What is not TCP or UDP, and what comes in pieces.

mod support;

use support::flows::{Row, only, rows_of_packets};
use support::frame::{Datagram, Extension};
use support::pcap::{Timed, ms, secs};
use support::talk::Talk;
use support::transport::{flag, other, port_unreachable, protocol, sctp};

fn talk() -> Talk {
    Talk::v4(5_000, 53)
}

#[test]
fn another_protocol_keeps_its_number_and_has_neither_ports_nor_header() {
    let (a, b) = (talk().client.ip(), talk().server.ip());
    let packets = [(0, other(a, b, protocol::IGMP, 16)), (ms(1), other(b, a, protocol::IGMP, 24))];
    only(rows_of_packets(&packets)).assert(&[
        ("Flow ID", "198.18.2.1-198.18.0.1-0-0-2"),
        ("Total Length of Fwd Packet", "16"),
        ("Total Length of Bwd Packet", "24"),
        ("Fwd Header Length", "0"),
        ("Fwd Seg Size Min", "0"),
    ]);
}

#[test]
fn sctp_has_ports_and_a_header_of_twelve_bytes() {
    let (client, server) = (talk().client, talk().server);
    only(rows_of_packets(&[(0, sctp(client, server, 20)), (ms(1), sctp(server, client, 4))]))
        .assert(&[
            ("Flow ID", "198.18.2.1-198.18.0.1-5000-53-132"),
            ("Total Length of Fwd Packet", "20"),
            ("Total Length of Bwd Packet", "4"),
            ("Fwd Header Length", "12"),
        ]);
}

#[test]
fn echoes_of_different_identifiers_are_different_flows_in_both_families() {
    for talk in [Talk::v4(0, 0), Talk::v6(0, 0)] {
        let rows = rows_of_packets(&[
            (0, talk.ping(1, 0, 8)),
            (ms(1), talk.ping(2, 0, 8)),
            (ms(2), talk.pong(1, 0, 8)),
            (ms(3), talk.pong(2, 0, 8)),
            (ms(4), talk.ping(1, 1, 8)),
        ]);
        let mut packets: Vec<_> = rows.iter().map(Row::packets).collect();
        packets.sort_unstable();
        assert_eq!(packets, [2, 3]);
        assert!(rows.iter().all(|row| row.text("Src Port") == "0" && row.text("Dst Port") == "0"));
    }
}

#[test]
fn an_icmp_error_is_not_part_of_the_flow_it_is_about() {
    for talk in [Talk::v4(5_000, 53), Talk::v6(5_000, 53)] {
        let asked = talk.ask_udp(10);
        let error = port_unreachable(talk.server.ip(), talk.client.ip(), &asked);
        let rows = rows_of_packets(&[(0, asked), (ms(1), error)]);
        assert_eq!(rows.len(), 2);
        rows[1].assert(&[
            ("Src IP", &talk.server.ip().to_string()),
            ("Total Fwd Packet", "1"),
            ("Fwd Header Length", "8"),
        ]);
    }
}

#[test]
fn extension_headers_of_ipv6_are_passed_over() {
    let all = [Extension::HopByHop, Extension::Routing, Extension::Destination];
    let datagram = all.into_iter().fold(Talk::v6(1, 2).ask_udp(33), Datagram::extension);
    only(rows_of_packets(&[(0, datagram)])).assert(&[
        ("Flow ID", "2001:db8::1-2001:db8::2-1-2-17"),
        ("Total Length of Fwd Packet", "33"),
        ("Fwd Header Length", "8"),
    ]);
}

#[test]
fn fragments_of_both_families_follow_their_first() {
    for talk in [Talk::v4(7, 9), Talk::v6(7, 9)] {
        let mut packets: Vec<Timed> = Vec::new();
        for (id, at) in [(1, 0), (2, ms(10))] {
            let fragments = talk.ask_udp(3_000).fragments(id, 1_400);
            packets.extend(fragments.into_iter().map(|fragment| (at, fragment)));
        }
        only(rows_of_packets(&packets)).assert(&[
            ("Src Port", "7"),
            ("Total Fwd Packet", "6"),
            ("Total Length of Fwd Packet", "6000"),
            ("Fwd Header Length", "16"),
            ("Fwd Seg Size Min", "8"),
            ("Fwd Act Data Pkts", "6"),
        ]);
    }
}

#[test]
fn a_fragment_whose_first_was_never_seen_is_a_flow_without_ports() {
    let late = talk().ask_udp(3_000).fragments(5, 1_400).swap_remove(1);
    only(rows_of_packets(&[(0, late)])).assert(&[
        ("Flow ID", "198.18.2.1-198.18.0.1-0-0-17"),
        ("Total Length of Fwd Packet", "1400"),
        ("Fwd Header Length", "0"),
    ]);
}

#[test]
fn fragments_of_one_host_pair_do_not_mix_with_its_icmp() {
    let mut packets = vec![(0, Talk::v4(0, 0).ping(7, 0, 20))];
    let fragments = talk().ask_udp(3_000).fragments(5, 1_400);
    packets.extend(fragments.into_iter().map(|fragment| (ms(1), fragment)));
    let rows = rows_of_packets(&packets);
    let protocols: Vec<_> = rows.iter().map(|row| row.text("Protocol")).collect();
    assert_eq!(protocols, ["1", "17"]);
}

#[test]
fn bulk_needs_four_packets_without_a_long_gap_or_an_answer_between() {
    let runs = |times: &[i64], answer: Option<i64>| {
        let mut packets: Vec<Timed> =
            times.iter().map(|at| (ms(*at), talk().ask_udp(100))).collect();
        packets.extend(answer.map(|at| (ms(at), talk().answer_udp(1))));
        packets.sort_by_key(|(at, _)| *at);
        only(rows_of_packets(&packets)).number("Fwd Packet/Bulk Avg")
    };
    let is = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-9, "{found}");
    is(runs(&[0, 10, 20], None), 0.0);
    is(runs(&[0, 10, 20, 30], None), 4.0);
    is(runs(&[0, 10, 20, 1_020], None), 4.0);
    is(runs(&[0, 10, 20, 1_021], None), 0.0);
    is(runs(&[0, 10, 20, 30], Some(15)), 0.0);
    // Two runs of four and six packets: five on average.
    is(runs(&[0, 10, 20, 30, 2_000, 2_010, 2_020, 2_030, 2_040, 2_050], None), 5.0);
}

#[test]
fn a_bare_ack_does_not_break_a_bulk() {
    let mut packets = talk().open(0);
    for index in 0..4 {
        packets.push((ms(100 + 20 * index), talk().ask(flag::ACK).payload(50).ip()));
        packets.push((ms(110 + 20 * index), talk().answer(flag::ACK).ip()));
    }
    packets.push((secs(1), talk().ask(flag::ACK).ip()));
    only(rows_of_packets(&packets))
        .assert(&[("Fwd Packet/Bulk Avg", "4"), ("Fwd Bytes/Bulk Avg", "200")]);
}
