//! One hand-made case for every rule in which flow extractors differ: what a length, a time, a
//! flow and its end are.

mod support;

use support::flows::{Folder, Row, only, rows_of, rows_of_packets, run, run_with_input};
use support::frame::Link;
use support::pcap::{Capture, EPOCH_US, Timed, ms, secs};
use support::talk::Talk;
use support::transport::flag::{ACK, FIN, PSH, RST, SYN};

fn talk() -> Talk {
    Talk::v4(40_000, 443)
}

/// UDP datagrams of ten bytes from the client at these microseconds.
fn datagrams(times: &[i64]) -> Vec<Timed> {
    times.iter().map(|at| (*at, talk().ask_udp(10))).collect()
}

/// The packets of each row, in order.
fn packets(rows: &[Row]) -> Vec<u64> {
    rows.iter().map(Row::packets).collect()
}

#[test]
fn a_length_is_the_payload_by_the_ip_header_however_much_was_captured() {
    let packets = [
        (0, talk().ask(PSH | ACK).options(&[1; 12]).payload(700).ip().options(&[1; 4])),
        (ms(1), talk().answer(PSH | ACK).payload(1_400).ip()),
    ];
    for capture in [Capture::ethernet(&packets), Capture::ethernet(&packets).cut(70)] {
        only(rows_of(&capture, &[])).assert(&[
            ("Total Length of Fwd Packet", "700"),
            ("Total Length of Bwd Packet", "1400"),
            ("Fwd Header Length", "32"),
            ("Bwd Header Length", "20"),
        ]);
    }
}

#[test]
fn a_segment_whose_ip_length_is_zero_has_the_length_seen_on_the_wire() {
    let offloaded = talk().ask(PSH | ACK).payload(3_000).ip().length(0);
    let capture = Capture::ethernet(&[(0, offloaded)]).cut(192);
    only(rows_of(&capture, &[])).assert(&[("Total Length of Fwd Packet", "3000")]);
}

#[test]
fn padding_of_ethernet_is_no_payload_with_or_without_a_tag() {
    let packets = [(0, talk().ask(ACK).ip()), (ms(1), talk().ask_udp(1))];
    for link in [Link::Ethernet, Link::Vlan(7), Link::QinQ(8, 7)] {
        let rows = rows_of(&Capture::of(link, &packets), &[]);
        let payloads: Vec<_> = rows.iter().map(Row::payload).collect();
        assert_eq!(payloads, [0, 1], "{link:?}");
    }
}

#[test]
fn times_are_microseconds() {
    only(rows_of_packets(&datagrams(&[0, 1, 250_001]))).assert(&[
        ("Flow Duration", "250001"),
        ("Flow IAT Min", "1"),
        ("Flow IAT Max", "250000"),
        ("Fwd IAT Total", "250001"),
        ("Active Max", "250001"),
    ]);
}

#[test]
fn deviations_are_those_of_a_sample_and_zero_for_a_single_value() {
    let sizes = [2, 4, 4, 4, 5, 5, 7, 9].into_iter().zip(0..);
    let packets: Vec<_> = sizes.map(|(size, index)| (ms(index), talk().ask_udp(size))).collect();
    let row = only(rows_of_packets(&packets));
    assert!((row.number("Fwd Packet Length Std") - (32.0_f64 / 7.0).sqrt()).abs() < 1e-9);
    assert!((row.number("Packet Length Variance") - 32.0 / 7.0).abs() < 1e-9);
    row.assert(&[("Packet Length Mean", "5"), ("Bwd Packet Length Std", "0")]);
    only(rows_of_packets(&packets[..1])).assert(&[("Fwd Packet Length Std", "0")]);
}

#[test]
fn a_flow_is_addresses_ports_and_protocol() {
    let other_port = Talk::v4(40_001, 443);
    let rows = rows_of_packets(&[
        (0, talk().ask(SYN).ip()),
        (ms(1), talk().ask_udp(5)),
        (ms(2), talk().answer(SYN | ACK).ip()),
        (ms(3), other_port.ask(SYN).ip()),
        (ms(4), talk().answer_udp(5)),
    ]);
    assert_eq!(rows.len(), 3);
    let key = |row: &Row| [row.text("Src Port"), row.text("Protocol")].join("/");
    let mut keys: Vec<_> = rows.iter().map(|row| (key(row), row.packets())).collect();
    keys.sort();
    let expected = [("40000/17", 2), ("40000/6", 2), ("40001/6", 1)];
    assert_eq!(keys, expected.map(|(key, packets)| (key.to_owned(), packets)));
}

#[test]
fn the_sender_of_the_first_packet_is_the_source() {
    let row = only(rows_of_packets(&[(0, talk().answer_udp(7)), (ms(1), talk().ask_udp(5))]));
    row.assert(&[("Src Port", "443"), ("Dst Port", "40000"), ("Total Length of Fwd Packet", "7")]);
}

#[test]
fn a_syn_ack_seen_first_comes_from_the_server() {
    let row =
        only(rows_of_packets(&[(0, talk().answer(SYN | ACK).ip()), (ms(1), talk().ask(ACK).ip())]));
    row.assert(&[("Src Port", "40000"), ("Total Fwd Packet", "1"), ("Total Bwd packets", "1")]);
}

#[test]
fn the_direction_survives_an_active_timeout() {
    let bystander = Talk::v4(1, 2);
    for answer_at in [secs(120) + 1, secs(200)] {
        let own = [
            (0, talk().ask_udp(5)),
            (secs(60), talk().ask_udp(5)),
            (answer_at, talk().answer_udp(7)),
        ];
        let mut among_others = own.to_vec();
        among_others.insert(2, (secs(90), bystander.ask_udp(1)));
        among_others.insert(3, (answer_at - 1, bystander.ask_udp(1)));
        for packets_seen in [&own[..], &among_others] {
            let mut rows = rows_of_packets(packets_seen);
            rows.retain(|row| row.text("Dst Port") != "2");
            assert_eq!(packets(&rows), [2, 1]);
            rows[1].assert(&[("Src Port", "40000"), ("Total Bwd packets", "1")]);
        }
    }
}

#[test]
fn the_direction_of_a_conversation_survives_an_idle_timeout() {
    let packets_seen =
        [(0, talk().ask_udp(5)), (secs(1), talk().answer_udp(7)), (secs(15), talk().answer_udp(7))];
    let rows = rows_of(&Capture::ethernet(&packets_seen), &["--idle-timeout", "10s"]);
    assert_eq!(packets(&rows), [2, 1]);
    rows[1].assert(&[("Src Port", "40000"), ("Total Bwd packets", "1")]);
}

#[test]
fn a_packet_exactly_at_the_active_timeout_still_belongs() {
    let times = |last| datagrams(&[0, secs(60), last]);
    assert_eq!(packets(&rows_of_packets(&times(secs(120)))), [3]);
    assert_eq!(packets(&rows_of_packets(&times(secs(120) + 1))), [2, 1]);
    let capture = Capture::ethernet(&times(secs(70)));
    assert_eq!(packets(&rows_of(&capture, &["--active-timeout", "65s"])), [2, 1]);
}

#[test]
fn a_gap_longer_than_the_idle_timeout_starts_a_flow() {
    let arguments = ["--active-timeout", "600s", "--idle-timeout", "10s"];
    let rows = |last| rows_of(&Capture::ethernet(&datagrams(&[0, last])), &arguments);
    assert_eq!(packets(&rows(secs(10))), [2]);
    assert_eq!(packets(&rows(secs(10) + 1)), [1, 1]);
}

#[test]
fn a_gap_of_more_than_five_seconds_is_idle() {
    let row = |gap| only(rows_of_packets(&datagrams(&[0, ms(100), ms(100) + gap])));
    row(secs(5)).assert(&[("Active Mean", "5100000"), ("Active Std", "0"), ("Idle Max", "0")]);
    // Two periods: one of 100 ms, and one that is only its last packet.
    row(secs(5) + 1).assert(&[
        ("Active Mean", "50000"),
        ("Active Max", "100000"),
        ("Active Min", "0"),
        ("Idle Mean", "5000001"),
    ]);
    let capture = Capture::ethernet(&datagrams(&[0, ms(500)]));
    only(rows_of(&capture, &["--activity-gap", "400ms"])).assert(&[("Idle Max", "500000")]);
}

#[test]
fn a_flow_ends_when_both_sides_have_finished_and_the_last_fin_is_acknowledged() {
    let mut packets_of_two = talk().whole(0);
    packets_of_two.extend([
        // A straggler is still of the first flow; a SYN is not, however soon.
        (ms(430), talk().answer(ACK).ip()),
        (ms(440), talk().ask(SYN).ip()),
        (ms(450), talk().answer(SYN | ACK).ip()),
    ]);
    assert_eq!(packets(&rows_of_packets(&packets_of_two)), [10, 2]);
}

#[test]
fn a_packet_long_after_the_end_is_a_flow_of_its_own() {
    let mut late = talk().whole(0);
    late.push((secs(20), talk().answer(ACK).ip()));
    let rows = rows_of_packets(&late);
    assert_eq!(packets(&rows), [9, 1]);
    rows[1].assert(&[("Src Port", "443")]);
}

#[test]
fn one_fin_ends_nothing() {
    let mut half_closed = talk().open(0);
    half_closed.extend([
        (ms(100), talk().ask(FIN | ACK).ip()),
        (ms(110), talk().answer(ACK).ip()),
        (secs(30), talk().answer(PSH | ACK).payload(900).ip()),
    ]);
    assert_eq!(packets(&rows_of_packets(&half_closed)), [6]);
}

#[test]
fn a_reset_ends_the_flow_and_a_new_syn_starts_another() {
    let mut reset = talk().open(0);
    reset.extend([
        (ms(100), talk().answer(RST).ip()),
        (ms(110), talk().ask(ACK).ip()),
        (ms(120), talk().ask(SYN).ip()),
    ]);
    assert_eq!(packets(&rows_of_packets(&reset)), [5, 1]);
}

#[test]
fn every_packet_of_a_scan_is_a_row() {
    let probe = |port| (i64::from(port), Talk::v4(999, port).ask(SYN).ip());
    let probes: Vec<_> = (1..=200).map(probe).collect();
    let rows = rows_of_packets(&probes);
    assert_eq!(packets(&rows), [1; 200]);
}

#[test]
fn the_first_packet_is_counted_once() {
    only(rows_of_packets(&[(0, talk().ask_udp(100)), (ms(10), talk().ask_udp(20))])).assert(&[
        ("Total Fwd Packet", "2"),
        ("Packet Length Mean", "60"),
        ("Average Packet Size", "60"),
        ("Fwd Act Data Pkts", "2"),
        ("Flow IAT Min", "10000"),
    ]);
}

#[test]
fn ipv6_gives_the_numbers_that_ipv4_gives() {
    let row = |talk: Talk| only(rows_of_packets(&talk.whole(0)));
    let (v4, v6) = (row(Talk::v4(1_000, 80)), row(Talk::v6(1_000, 80)));
    assert!(v4.iter().skip(4).eq(v6.iter().skip(4)));
    v6.assert(&[("Src IP", "2001:db8::1"), ("Dst IP", "2001:db8::2")]);
}

#[test]
fn the_age_of_a_capture_changes_nothing_but_its_timestamps() {
    let shifted = |by: i64| {
        let mut packets = talk().whole(by);
        packets.extend(datagrams(&[by + secs(1), by + secs(122), by + secs(400)]));
        rows_of_packets(&packets)
    };
    let recent = shifted(0);
    for old in [shifted(-EPOCH_US + secs(1)), shifted(secs(2_500_000_000))] {
        assert_eq!(recent.len(), old.len());
        for (recent, old) in recent.iter().zip(&old) {
            assert!(recent.iter().zip(old.iter()).all(|(a, b)| a == b || a.0 == "Timestamp"));
        }
    }
}

#[test]
fn a_file_several_files_a_folder_and_standard_input_are_all_sources() {
    let capture = Capture::ethernet(&talk().whole(0));
    let (head, tail) = capture.split_at(4);
    let folder = Folder::new();
    let whole = run([folder.file("whole.pcap", &capture.bytes())]).expect(0).stdout;
    let parts = Folder::new();
    let (a, b) = (parts.file("a.pcap", &head.bytes()), parts.file("b.pcap", &tail.bytes()));
    assert_eq!(run([a, b]).expect(0).stdout, whole);
    assert_eq!(run([parts.path()]).expect(0).stdout, whole);
    assert_eq!(run_with_input(["-"], capture.bytes()).expect(0).stdout, whole);
    let output = folder.path().join("rows.csv");
    let silent = run([folder.path().join("whole.pcap"), "-o".into(), output.clone()]).expect(0);
    assert_eq!((silent.stdout, std::fs::read(output).unwrap()), (Vec::new(), whole));
}

#[test]
fn every_number_is_finite_and_rates_without_duration_are_zero() {
    for packets in [datagrams(&[0]), datagrams(&[0, 0, 0]), talk().open(0)] {
        for (column, text) in only(rows_of_packets(&packets)).iter().skip(7) {
            assert!(column == "Label" || text.parse::<f64>().unwrap().is_finite(), "{column}");
        }
    }
    let rates = ["Flow Bytes/s", "Flow Packets/s", "Fwd Packets/s", "Bwd Packets/s"];
    only(rows_of_packets(&datagrams(&[0, 0]))).assert(&rates.map(|rate| (rate, "0")));
}

#[test]
fn a_timestamp_is_utc_with_microseconds() {
    let row = only(rows_of_packets(&datagrams(&[123_456])));
    assert_eq!(row.text("Timestamp"), "2020-09-13T12:26:40.123456Z");
}

#[test]
fn a_packet_older_than_the_one_before_it_gets_the_time_of_that() {
    let row = only(rows_of_packets(&datagrams(&[secs(10), secs(20), ms(19_500), secs(21)])));
    row.assert(&[
        ("Timestamp", "2020-09-13T12:26:50.000000Z"),
        ("Flow Duration", "11000000"),
        ("Flow IAT Min", "0"),
        ("Flow IAT Max", "10000000"),
    ]);
}

#[test]
fn rows_come_in_the_order_in_which_flows_ended() {
    let port = |row: &Row| row.text("Src Port").to_owned();
    let (early, late, single) = (Talk::v4(1, 80), Talk::v4(2, 80), Talk::v4(3, 80));
    let mut packets = late.open(0);
    packets.extend(early.whole(secs(1)));
    packets.push((secs(20), single.ask(SYN).ip()));
    packets.extend(late.close(secs(40)));
    packets.push((secs(400), Talk::v4(4, 80).ask(SYN).ip()));
    let ports: Vec<_> = rows_of_packets(&packets).iter().map(port).collect();
    assert_eq!(ports.first().map(String::as_str), Some("1"));
    assert_eq!(ports.last().map(String::as_str), Some("4"));
}
