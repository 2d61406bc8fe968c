//! Sixteen situations that flow extractors get wrong, one function each.
//!
//! The client is 198.18.2.1, the server 198.18.0.1; times are those of [`super::pcap`]. What a
//! correct extractor writes for them is in `tests/edge.rs` and `tests/expected/edge.csv`.

use super::frame::Link;
use super::pcap::{Capture, Timed, ms, secs};
use super::talk::Talk;
use super::transport::flag::{ACK, CWR, ECE, FIN, PSH, RST, SYN, URG};

/// A case: its number and its frames.
pub type Case = (usize, Capture);

/// All sixteen, each in its own capture.
pub fn cases() -> Vec<Case> {
    let plain = [
        (1, client_closes_first()),
        (2, server_closes_first()),
        (3, reset_in_mid_flow()),
        (4, silences()),
        (5, long_lived()),
        (6, bulk()),
        (8, ipv6()),
        (9, echo()),
        (10, fragments()),
        (11, one_port_pair_two_protocols()),
        (12, zero_durations()),
        (13, time_runs_backwards()),
        (14, rare_flags_and_options()),
        (15, retransmitted_fin()),
        (16, one_tuple_used_twice()),
    ];
    let mut cases: Vec<Case> =
        plain.into_iter().map(|(number, packets)| (number, Capture::ethernet(&packets))).collect();
    cases.insert(6, (7, Capture::of(Link::Vlan(10), &padded_in_a_vlan())));
    cases
}

/// All sixteen in one capture of 117 frames, in order of case: between cases time also runs
/// backwards, by up to 140 s.
pub fn all() -> Capture {
    let mut whole = Capture::new(Link::Ethernet.number());
    for (_, case) in cases() {
        whole.records.extend(case.records);
    }
    whole
}

/// 1: the client closes first: FIN, FIN, ACK; bare ACKs padded to 60 bytes.
pub fn client_closes_first() -> Vec<Timed> {
    Talk::v4(10_001, 80).whole(0)
}

/// 2: the server closes first; an ACK without data comes before the client's FIN.
pub fn server_closes_first() -> Vec<Timed> {
    let (talk, start) = (Talk::v4(10_002, 80), secs(1));
    let mut packets = talk.open(start);
    packets.extend([
        (start + ms(100), talk.ask(PSH | ACK).payload(10).ip()),
        (start + ms(200), talk.answer(PSH | ACK).window(500).payload(20).ip()),
        (start + ms(300), talk.answer(FIN | ACK).window(499).ip()),
        (start + ms(310), talk.ask(ACK).ip()),
        (start + ms(500), talk.ask(FIN | ACK).ip()),
        (start + ms(510), talk.answer(ACK).ip()),
    ]);
    packets
}

/// 3: the server resets the connection; one packet comes late.
pub fn reset_in_mid_flow() -> Vec<Timed> {
    let (talk, start) = (Talk::v4(10_003, 80), secs(2));
    let mut packets = talk.open(start);
    packets.extend([
        (start + ms(100), talk.ask(PSH | ACK).payload(50).ip()),
        (start + ms(200), talk.answer(RST).ip()),
        (start + ms(300), talk.ask(ACK).ip()),
    ]);
    packets
}

/// 4: UDP with gaps of 0.5, 2, 7, 0.1, 10 and 0.4 s.
pub fn silences() -> Vec<Timed> {
    let talk = Talk::v4(20_001, 9);
    let times = [0, 500, 2_500, 9_500, 9_600, 19_600, 20_000];
    times.into_iter().map(|at| (secs(3) + ms(at), talk.ask_udp(40))).collect()
}

/// 5: alive for 150 s, a packet every 10 s, of 1, 2, ... 15 bytes, the server's first.
pub fn long_lived() -> Vec<Timed> {
    let (talk, start) = (Talk::v4(10_005, 80), secs(30));
    let mut packets = talk.open(start);
    for size in 1..=15_u8 {
        let segment = if size % 2 == 1 { talk.answer(PSH | ACK) } else { talk.ask(PSH | ACK) };
        let at = start + secs(10) * i64::from(size);
        packets.push((at, segment.payload(usize::from(size)).ip()));
    }
    packets
}

/// 6: six packets of 500 bytes one way, then eight of 1,400 the other.
pub fn bulk() -> Vec<Timed> {
    let (talk, start) = (Talk::v4(10_006, 80), secs(40));
    let mut packets = talk.open(start);
    for index in 0..6 {
        packets.push((start + ms(100 + 10 * index), talk.ask(PSH | ACK).payload(500).ip()));
    }
    for index in 0..8 {
        packets
            .push((start + ms(300 + 10 * index), talk.answer(ACK).window(509).payload(1_400).ip()));
    }
    packets
}

/// 7: a handshake, to be framed in VLAN 10, where padding hides behind the tag.
pub fn padded_in_a_vlan() -> Vec<Timed> {
    Talk::v4(10_007, 80).open(secs(41))
}

/// 8: IPv6, three UDP datagrams and a TCP handshake.
pub fn ipv6() -> Vec<Timed> {
    let (udp, tcp, start) = (Talk::v6(30_000, 53), Talk::v6(30_001, 80), secs(42));
    vec![
        (start, udp.ask_udp(30)),
        (start + ms(100), udp.ask_udp(30)),
        (start + ms(200), udp.ask_udp(30)),
        (start + ms(500), tcp.ask(SYN).window(8_192).ip()),
        (start + ms(600), tcp.answer(SYN | ACK).window(8_192).ip()),
        (start + ms(700), tcp.ask(ACK).window(8_192).ip()),
    ]
}

/// 9: two echo requests with identifier 7 and their replies.
pub fn echo() -> Vec<Timed> {
    let (talk, start) = (Talk::v4(0, 0), secs(43));
    vec![
        (start, talk.ping(7, 0, 48)),
        (start + ms(100), talk.pong(7, 0, 48)),
        (start + ms(200), talk.ping(7, 1, 48)),
        (start + ms(300), talk.pong(7, 1, 48)),
    ]
}

/// 10: a UDP datagram of 4,000 bytes in three fragments.
pub fn fragments() -> Vec<Timed> {
    let whole = Talk::v4(20_010, 9).ask_udp(4_000);
    whole.fragments(99, 1_480).into_iter().map(|fragment| (secs(44), fragment)).collect()
}

/// 11: UDP and TCP between the same ports.
pub fn one_port_pair_two_protocols() -> Vec<Timed> {
    let (talk, start) = (Talk::v4(10_011, 80), secs(45));
    let mut packets = vec![(start, talk.ask_udp(10)), (start + ms(100), talk.ask_udp(10))];
    packets.extend(talk.open(start + ms(200)));
    packets
}

/// 12: two packets at one time; a single packet.
pub fn zero_durations() -> Vec<Timed> {
    let (pair, single, start) = (Talk::v4(10_012, 80), Talk::v4(10_013, 80), secs(46));
    vec![
        (start, pair.ask(SYN).ip()),
        (start, pair.answer(SYN | ACK).ip()),
        (start + ms(500), single.ask(SYN).ip()),
    ]
}

/// 13: the fifth packet is 0.2 s older than the fourth.
pub fn time_runs_backwards() -> Vec<Timed> {
    let (talk, start) = (Talk::v4(10_014, 80), secs(47));
    let mut packets = talk.open(start);
    packets.extend([
        (start + ms(500), talk.ask(PSH | ACK).payload(1).ip()),
        (start + ms(300), talk.ask(PSH | ACK).payload(1).ip()),
        (start + ms(600), talk.answer(ACK).ip()),
    ]);
    packets
}

/// 14: ECE, CWR and URG; TCP options of eight and four bytes.
pub fn rare_flags_and_options() -> Vec<Timed> {
    let (talk, start) = (Talk::v4(10_015, 80), secs(48));
    let segment_size = [2, 4, 0x05, 0xb4];
    let and_scale = [&segment_size[..], &[3, 3, 7, 0]].concat();
    vec![
        (start, talk.ask(SYN | ECE | CWR).options(&and_scale).ip()),
        (start + ms(100), talk.answer(SYN | ACK | ECE).options(&segment_size).ip()),
        (start + ms(200), talk.ask(PSH | ACK | URG).payload(6).ip()),
        (start + ms(300), talk.answer(ACK | CWR).payload(1).ip()),
    ]
}

/// 15: the client sends its FIN twice before the server's.
pub fn retransmitted_fin() -> Vec<Timed> {
    let (talk, start) = (Talk::v4(10_016, 80), secs(49));
    let mut packets = talk.open(start);
    packets.extend([
        (start + ms(100), talk.ask(FIN | ACK).ip()),
        (start + ms(300), talk.ask(FIN | ACK).ip()),
        (start + ms(400), talk.answer(FIN | ACK).ip()),
        (start + ms(500), talk.ask(ACK).ip()),
    ]);
    packets
}

/// 16: a connection closed cleanly, and a new one between the same ports 4.88 s later.
pub fn one_tuple_used_twice() -> Vec<Timed> {
    let (talk, first, second) = (Talk::v4(10_017, 80), secs(50), secs(55));
    let mut packets = talk.open(first);
    packets.extend(talk.close(first + ms(100)));
    packets.extend(talk.open(second));
    packets.push((second + ms(100), talk.ask(PSH | ACK).payload(6).ip()));
    packets
}
