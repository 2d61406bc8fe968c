//! How much is kept, and for how long.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use proptest::prelude::*;

use super::*;

const MIB: u64 = 1 << 20;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn the_ring_never_has_more_bytes_on_disk_than_it_may(
        steps in prop::collection::vec((1_usize..60_000, -4_000_000_i64..40_000_000), 1..120),
        most in 150_000_u64..2 * MIB,
    ) {
        let home = Home::new();
        let mut ring = home.ring(most);
        let mut now_us = 0;
        for (payload, later_us) in steps {
            now_us += later_us;
            ring.write(&batch(&[(1, now_us, payload)])).unwrap();
            prop_assert!(home.bytes() <= most);
            prop_assert_eq!(home.bytes(), ring.status().bytes);
            let (found, _) = home.found(&[span(1, now_us, now_us)]);
            prop_assert!(found.packets >= 1, "the newest is always there");
        }
    }
}

#[test]
fn a_full_ring_loses_its_oldest_packets_a_share_at_a_time() {
    let home = Home::new();
    let mut ring = home.ring(MIB);
    for at in 0..100 {
        ring.write(&batch(&[(1, at, 40_000)])).unwrap();
    }
    let (found, packets) = home.found(&[span(1, 0, 99)]);
    assert!((24..=26).contains(&packets.len()), "{}", packets.len());
    let expected: Vec<_> =
        (100 - i64::try_from(packets.len()).unwrap()..100).map(|at| (1, at)).collect();
    assert_eq!(packets, expected);
    assert_eq!(found.oldest_us, Some(EPOCH_US + expected[0].1));
    assert_eq!(ring.status().oldest_us, found.oldest_us);
    assert_eq!(ring.status().frames, found.packets);
}

#[test]
fn a_batch_longer_than_the_ring_is_refused_and_the_next_is_kept() {
    let home = Home::new();
    let mut ring = home.ring(10_000);
    assert!(ring.write(&batch(&[(1, 0, 20_000)])).is_err());
    ring.write(&batch(&[(1, 1, 2_000)])).unwrap();
    assert_eq!(home.found(&[span(1, 0, 1)]).1, [(1, 1)]);
}

#[test]
fn packets_older_than_the_retention_go_however_few_they_are() {
    let home = Home::new();
    let mut ring = home.ring(MIB);
    let minute = 60_000_000;
    for at in 0..=120 {
        ring.write(&batch(&[(1, at * minute, 10)])).unwrap();
        let oldest_us = ring.status().oldest_us.unwrap() - EPOCH_US;
        // A sixteenth of the hour more, since segments go as a whole.
        assert!(oldest_us >= (at - 65) * minute, "{at}");
        assert!(oldest_us <= (at - 60).max(0) * minute, "{at}");
    }
}

#[test]
fn one_packet_from_the_future_does_not_empty_the_ring() {
    let home = Home::new();
    let mut ring = home.ring(MIB);
    let year = 365 * 86_400_000_000;
    ring.write(&batch(&[(1, 0, 10)])).unwrap();
    ring.write(&batch(&[(2, year, 10), (1, 1, 10)])).unwrap();
    ring.write(&batch(&[(1, 2, 10)])).unwrap();
    assert_eq!(home.found(&[span(1, 0, 2)]).1, [(1, 0), (1, 1), (1, 2)]);
}

#[test]
fn a_clock_that_jumps_to_and_fro_makes_no_crowd_of_files() {
    let home = Home::new();
    let mut ring = home.ring(MIB);
    for at in 0..500 {
        ring.write(&batch(&[(1, at % 2 * 1_800_000_000, 10)])).unwrap();
    }
    assert!(files(&home.folder()).len() <= 64);
}

#[test]
fn nobody_else_may_look_into_the_ring() {
    let home = Home::new();
    home.ring(MIB).write(&batch(&[(1, 0, 10)])).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&home.folder()), 0o700);
    assert_eq!(mode(&files(&home.folder())[0]), 0o600);
}

#[test]
fn what_is_kept_of_a_frame_holds_its_headers_whatever_the_snap_length() {
    let home = Home::new();
    let bytes = datagram(1, 500);
    let frame = Frame { time_us: 0, link: LinkType::RawIp, wire_len: 528, bytes: &bytes };
    let kept = |snap_length, keeps_payload| {
        Options { snap_length, keeps_payload, ..home.options(MIB) }.kept(&frame, 28)
    };
    assert_eq!(kept(100, true), 100);
    assert_eq!(kept(10, true), 28);
    assert_eq!(kept(10_000, true), 528);
    assert_eq!(kept(100, false), 28);
}
