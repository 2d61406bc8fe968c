//! The sixteen situations of [`support::edge`]: what must come out of each, and why.
//!
//! Every test states the columns its case is about; `expected/edge.csv` pins all 84 of all 21
//! rows, worked out apart from the extractor.

mod support;

use support::edge;
use support::flows::{Row, by_flow, columns, is_close, only, rows, rows_of};

/// The rows of one case.
fn case(number: usize) -> Vec<Row> {
    let (_, capture) = edge::cases().swap_remove(number - 1);
    rows_of(&capture, &[])
}

/// The row of a case that is one flow.
fn flow(number: usize) -> Row {
    only(case(number))
}

#[test]
fn every_column_of_every_case_is_as_expected() {
    let expected = by_flow(rows(include_bytes!("expected/edge.csv")));
    let found = by_flow(rows_of(&edge::all(), &[]));
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (flow, row) in &expected {
        row.iter().for_each(|column| found[flow].assert(&[column]));
    }
}

#[test]
fn the_columns_are_those_of_cicflowmeter_in_its_order() {
    let rows = case(1);
    assert_eq!(rows[0].iter().map(|(name, _)| name).collect::<Vec<_>>(), columns());
}

#[test]
fn whole_numbers_are_written_without_a_point_and_reals_in_their_shortest_form() {
    for row in rows_of(&edge::all(), &[]) {
        for (column, text) in row.iter().skip(7).filter(|(column, _)| *column != "Label") {
            let number: f64 = text.parse().unwrap();
            assert!(!text.ends_with(".0"), "{column}: {text}");
            assert!(text.len() <= number.to_string().len(), "{column}: {text} is not the shortest");
        }
    }
}

#[test]
fn each_case_alone_gives_the_rows_it_gives_among_the_others() {
    let alone = edge::cases().into_iter().flat_map(|(_, capture)| rows_of(&capture, &[])).collect();
    let (alone, together) = (by_flow(alone), by_flow(rows_of(&edge::all(), &[])));
    assert_eq!(alone.len(), together.len());
    for (flow, row) in alone {
        assert!(row.iter().eq(together[&flow].iter()), "{flow}");
    }
}

#[test]
fn case_1_a_connection_closed_by_the_client_is_one_flow_and_its_padding_no_payload() {
    flow(1).assert(&[
        ("Flow ID", "198.18.2.1-198.18.0.1-10001-80-6"),
        ("Timestamp", "2020-09-13T12:26:40.000000Z"),
        ("Flow Duration", "420000"),
        ("Total Fwd Packet", "6"),
        ("Total Bwd packets", "3"),
        ("Total Length of Fwd Packet", "100"),
        ("Total Length of Bwd Packet", "1000"),
        ("Fwd Act Data Pkts", "1"),
        ("Fwd Header Length", "120"),
        ("FIN Flag Count", "2"),
        ("Down/Up Ratio", "0.5"),
        ("FWD Init Win Bytes", "64240"),
        ("Bwd Init Win Bytes", "65160"),
        ("Active Mean", "420000"),
        ("Idle Max", "0"),
        ("Label", "NeedManualLabel"),
    ]);
}

#[test]
fn case_2_the_server_closing_first_does_not_end_the_flow() {
    flow(2).assert(&[
        ("Flow Duration", "510000"),
        ("Total Fwd Packet", "5"),
        ("Total Bwd packets", "4"),
        ("FIN Flag Count", "2"),
    ]);
}

#[test]
fn case_3_a_packet_soon_after_a_reset_still_belongs_to_the_flow() {
    flow(3).assert(&[
        ("Flow Duration", "300000"),
        ("Total Fwd Packet", "4"),
        ("Total Bwd packets", "2"),
        ("RST Flag Count", "1"),
    ]);
}

#[test]
fn case_4_gaps_divide_a_flow_into_activity_idleness_and_subflows() {
    flow(4).assert(&[
        ("Flow Duration", "20000000"),
        ("Flow IAT Max", "10000000"),
        ("Flow IAT Min", "100000"),
        // 2.5 s, 0.1 s and, after the last silence, 0.4 s.
        ("Active Mean", "1000000"),
        ("Active Max", "2500000"),
        ("Active Min", "100000"),
        ("Idle Mean", "8500000"),
        ("Idle Max", "10000000"),
        ("Idle Min", "7000000"),
        // Three gaps of more than a second: four subflows.
        ("Subflow Fwd Packets", "1.75"),
        ("Subflow Fwd Bytes", "70"),
    ]);
}

#[test]
fn case_5_the_active_timeout_starts_a_row_and_keeps_the_direction() {
    let [first, second] = <[Row; 2]>::try_from(case(5)).unwrap();
    first.assert(&[
        ("Src Port", "10005"),
        ("Flow Duration", "120000000"),
        ("Total Fwd Packet", "8"),
        ("Total Bwd packets", "7"),
        ("Total Length of Fwd Packet", "42"),
        ("Total Length of Bwd Packet", "36"),
    ]);
    second.assert(&[
        ("Src Port", "10005"),
        ("Timestamp", "2020-09-13T12:29:20.000000Z"),
        ("Flow Duration", "20000000"),
        ("Total Fwd Packet", "1"),
        ("Total Bwd packets", "2"),
        ("Total Length of Bwd Packet", "28"),
        ("FWD Init Win Bytes", "64240"),
    ]);
}

#[test]
fn case_6_bulk_is_counted_for_each_direction() {
    flow(6).assert(&[
        ("Fwd Bytes/Bulk Avg", "3000"),
        ("Fwd Packet/Bulk Avg", "6"),
        ("Fwd Bulk Rate Avg", "60000"),
        ("Bwd Bytes/Bulk Avg", "11200"),
        ("Bwd Packet/Bulk Avg", "8"),
        ("Bwd Bulk Rate Avg", "160000"),
    ]);
}

#[test]
fn case_7_padding_behind_a_vlan_tag_is_no_payload() {
    flow(7).assert(&[
        ("Total Fwd Packet", "2"),
        ("Total Length of Fwd Packet", "0"),
        ("Total Length of Bwd Packet", "0"),
        ("Fwd Act Data Pkts", "0"),
        ("Packet Length Max", "0"),
    ]);
}

#[test]
fn case_8_ipv6_flows_are_read_like_ipv4() {
    let [udp, tcp] = <[Row; 2]>::try_from(case(8)).unwrap();
    udp.assert(&[
        ("Flow ID", "2001:db8::1-2001:db8::2-30000-53-17"),
        ("Total Length of Fwd Packet", "90"),
        ("Fwd Header Length", "24"),
    ]);
    tcp.assert(&[("SYN Flag Count", "2"), ("ACK Flag Count", "2"), ("Fwd Header Length", "40")]);
}

#[test]
fn case_9_echo_requests_and_replies_of_one_identifier_are_one_flow() {
    flow(9).assert(&[
        ("Flow ID", "198.18.2.1-198.18.0.1-0-0-1"),
        ("Total Fwd Packet", "2"),
        ("Total Bwd packets", "2"),
        ("Total Length of Fwd Packet", "96"),
        ("Fwd Header Length", "16"),
        ("Fwd Seg Size Min", "8"),
    ]);
}

#[test]
fn case_10_fragments_belong_to_the_flow_of_their_first() {
    flow(10).assert(&[
        ("Src Port", "20010"),
        ("Total Fwd Packet", "3"),
        ("Total Length of Fwd Packet", "4000"),
        ("Fwd Packet Length Max", "1480"),
        ("Fwd Packet Length Min", "1048"),
        ("Fwd Header Length", "8"),
        ("Fwd Seg Size Min", "8"),
    ]);
}

#[test]
fn case_11_udp_and_tcp_on_the_same_ports_are_two_flows() {
    let [udp, tcp] = <[Row; 2]>::try_from(case(11)).unwrap();
    udp.assert(&[("Protocol", "17"), ("Total Fwd Packet", "2")]);
    tcp.assert(&[("Protocol", "6"), ("Total Fwd Packet", "2"), ("Total Bwd packets", "1")]);
}

#[test]
fn case_12_flows_without_duration_are_written_with_rates_of_zero() {
    let [pair, single] = <[Row; 2]>::try_from(case(12)).unwrap();
    for (row, packets) in [(pair, 2), (single, 1)] {
        assert_eq!(row.packets(), packets);
        row.assert(&[("Flow Duration", "0"), ("Flow Bytes/s", "0"), ("Flow Packets/s", "0")]);
    }
}

#[test]
fn case_13_a_time_that_runs_backwards_counts_as_no_time() {
    flow(13).assert(&[
        ("Flow Duration", "600000"),
        ("Flow IAT Min", "0"),
        ("Flow IAT Mean", "120000"),
        ("Fwd IAT Total", "500000"),
    ]);
}

#[test]
fn case_14_every_flag_is_counted_and_options_lengthen_the_header() {
    flow(14).assert(&[
        ("ECE Flag Count", "2"),
        ("CWR Flag Count", "2"),
        ("URG Flag Count", "1"),
        ("Fwd URG Flags", "1"),
        ("Bwd URG Flags", "0"),
        ("Fwd Header Length", "48"),
        ("Bwd Header Length", "44"),
        ("Fwd Seg Size Min", "20"),
    ]);
}

#[test]
fn case_15_a_retransmitted_fin_neither_ends_the_flow_nor_escapes_the_count() {
    flow(15).assert(&[
        ("Total Fwd Packet", "5"),
        ("Total Bwd packets", "2"),
        ("FIN Flag Count", "3"),
        ("Flow Duration", "500000"),
    ]);
}

#[test]
fn case_16_a_new_syn_after_a_clean_close_is_a_new_flow() {
    let [first, second] = <[Row; 2]>::try_from(case(16)).unwrap();
    first.assert(&[("Flow Duration", "120000"), ("Total Fwd Packet", "4")]);
    second.assert(&[("Flow Duration", "100000"), ("Total Length of Fwd Packet", "6")]);
    assert!(is_close(second.text("Flow Packets/s"), "40", 1e-9));
}
