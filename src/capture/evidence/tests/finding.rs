//! Which packets are found, in which order, and what is said of those that are not.

use super::*;

const MIB: u64 = 1 << 20;

#[test]
fn only_packets_of_the_flow_and_within_its_time_are_found() {
    let home = Home::new();
    let mut ring = home.ring(MIB);
    ring.write(&batch(&[(1, 0, 1), (2, 1, 1), (1, 2, 1), (3, 3, 1), (1, 4, 1)])).unwrap();
    let (found, packets) = home.found(&[span(1, 2, 3), span(3, 3, 3)]);
    assert_eq!(packets, [(1, 2), (3, 3)]);
    assert_eq!((found.flows, found.flows_gone, found.flows_cut), (2, 0, 0));
    assert_eq!(found.oldest_us, Some(EPOCH_US));
}

#[test]
fn packets_of_both_directions_are_found() {
    let home = Home::new();
    home.ring(MIB).write(&batch(&[(1, 0, 1), (2, 1, 1)])).unwrap();
    let mut span = span(1, 0, 9);
    span.tuple = span.tuple.reversed();
    assert_eq!(home.found(&[span]).1, [(1, 0)]);
}

#[test]
fn flows_of_one_tuple_that_follow_each_other_are_told_apart() {
    let home = Home::new();
    let mut ring = home.ring(MIB);
    ring.write(&batch(&(0..30).map(|at| (1, at, 1)).collect::<Vec<_>>())).unwrap();
    let spans = [span(1, 20, 24), span(1, 0, 4), span(1, 4, 6), span(1, 40, 50)];
    let (found, packets) = home.found(&spans);
    let expected: Vec<_> = (0..=6).chain(20..=24).map(|at| (1, at)).collect();
    assert_eq!(packets, expected);
    assert_eq!((found.flows, found.flows_gone), (3, 1));
}

#[test]
fn a_flow_that_is_asked_for_twice_is_found_once() {
    let home = Home::new();
    home.ring(MIB).write(&batch(&[(1, 0, 1), (1, 1, 1)])).unwrap();
    let (found, packets) = home.found(&[span(1, 0, 1), span(1, 0, 1)]);
    assert_eq!((found.flows, packets.len()), (1, 2));
}

#[test]
fn what_has_left_the_ring_is_said() {
    let home = Home::new();
    let mut ring = home.ring(MIB);
    for at in 0..100 {
        ring.write(&batch(&[(1, at, 1), (2, at, 40_000), (u16::MAX - 100, at, 1)])).unwrap();
    }
    let oldest_us = ring.status().oldest_us.unwrap() - EPOCH_US;
    assert!(oldest_us > 10);
    let spans = [span(1, 0, 99), span(2, 0, 5), span(2, oldest_us, 99)];
    let (found, packets) = home.found(&spans);
    assert_eq!((found.flows, found.flows_cut, found.flows_gone), (2, 1, 1));
    assert!(packets.iter().all(|(port, _)| *port < 3));
    let mut file = Vec::new();
    extract(&home.folder(), &spans, "alert 5f\u{1b}[2J", &mut file).unwrap();
    let text = String::from_utf8_lossy(&file);
    let comment = format!(
        "alert 5f [2J; packets: {}; flows: 2 of 3; flows of which nothing is left: 1; flows whose \
         beginning is not there any more: 1; oldest packet kept of any flow: 2020-09-13T12:26:40.",
        packets.len()
    );
    assert!(text.contains(&comment), "{}", text.chars().take(400).collect::<String>());
    assert!(!text.contains("payload was not kept"));
}

#[test]
fn packets_of_two_interfaces_come_in_the_order_of_time() {
    let home = Home::new();
    let mut ring = home.ring(MIB);
    for at in (0..3_000_000).step_by(200_000) {
        // Each hands over what it has gathered in 200 ms.
        ring.write(&batch(&[(1, at, 1), (1, at + 100_000, 1)])).unwrap();
        ring.write(&batch(&[(2, at + 50_000, 1), (2, at + 150_000, 1)])).unwrap();
    }
    let (_, packets) = home.found(&[span(1, 0, 9_000_000), span(2, 0, 9_000_000)]);
    assert_eq!(packets.len(), 60);
    assert!(packets.is_sorted_by_key(|(_, at)| *at));
}

#[test]
fn a_capture_that_is_replayed_again_is_found_once() {
    let home = Home::new();
    let packets: Vec<_> = (0..20).map(|at| (1, at, 1)).collect();
    for _ in 0..3 {
        home.ring(MIB).write(&batch(&packets)).unwrap();
    }
    let (found, packets) = home.found(&[span(1, 0, 19)]);
    assert_eq!((found.packets, found.flows_cut), (20, 0));
    assert_eq!(packets.len(), 20);
}

#[test]
fn of_a_capture_that_was_replayed_in_part_the_whole_run_is_taken() {
    let home = Home::new();
    home.ring(MIB).write(&batch(&[(1, 0, 1), (1, 1, 1), (1, 2, 1)])).unwrap();
    home.ring(MIB).write(&batch(&[(1, 1, 1), (1, 2, 1)])).unwrap();
    assert_eq!(home.found(&[span(1, 0, 2)]).1, [(1, 0), (1, 1), (1, 2)]);
}

#[test]
fn flows_of_one_tuple_before_and_after_a_restart_are_both_found() {
    let home = Home::new();
    home.ring(MIB).write(&batch(&[(1, 0, 1), (1, 1, 1)])).unwrap();
    home.ring(MIB).write(&batch(&[(1, 20, 1)])).unwrap();
    assert_eq!(home.found(&[span(1, 0, 1), span(1, 20, 20)]).1, [(1, 0), (1, 1), (1, 20)]);
}

#[test]
fn a_frame_that_was_cut_keeps_its_length_on_the_wire() {
    let home = Home::new();
    let mut ring = Ring::new(Options { keeps_payload: false, ..home.options(MIB) });
    let bytes = datagram(1, 500);
    let frame = Frame { time_us: EPOCH_US, link: LinkType::RawIp, wire_len: 528, bytes: &bytes };
    let mut batch = Batch::default();
    batch.push(&frame, 28);
    ring.write(&batch).unwrap();
    let mut file = Vec::new();
    extract(&home.folder(), &[span(1, 0, 0)], "", &mut file).unwrap();
    assert!(String::from_utf8_lossy(&file).contains("payload was not kept"));
    let mut reader = FileReader::from_reader("", std::io::Cursor::new(file)).unwrap();
    let frame = reader.next_frame().unwrap().unwrap();
    assert_eq!((frame.bytes, frame.wire_len), (&bytes[..28], 528));
}
