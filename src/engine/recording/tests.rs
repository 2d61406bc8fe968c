//! A capture that does not wait, a replay that does.

use tempfile::TempDir;

use super::*;
use crate::packet::LinkType;

fn options(home: &TempDir) -> Options {
    Options {
        folder: home.path().join("evidence"),
        most_bytes: 16 << 20,
        snap_length: 2_048,
        keeps_payload: true,
        retention: Duration::from_hours(1),
    }
}

/// Records `count` frames of 1,000 bytes, a millisecond apart.
fn record(recorder: &mut Recorder, count: i64) {
    let bytes = [0; 1_000];
    for at in 0..count {
        let frame =
            Frame { time_us: at * 1_000, link: LinkType::RawIp, wire_len: 1_000, bytes: &bytes };
        recorder.record(&frame, 40);
    }
}

/// A recorder of a live capture, whose batches nobody takes.
fn unheard(home: &TempDir) -> (Recorder, Receiver<Batch>) {
    let (queue, batches) = sync_channel(2);
    let (options, meters) = (options(home), Arc::default());
    let recorder = Recorder { options, pace: Pace::Live, batch: Batch::default(), queue, meters };
    (recorder, batches)
}

#[test]
fn a_capture_does_not_wait_for_a_disk_that_hangs_and_what_is_lost_is_counted() {
    let home = tempfile::tempdir().unwrap();
    let (mut recorder, batches) = unheard(&home);
    record(&mut recorder, 10_000);
    let meters = Arc::clone(&recorder.meters);
    drop(recorder);
    let waiting: u64 = batches.iter().map(|batch| batch.frames()).sum();
    assert!(waiting > 0);
    assert_eq!(meters.status().lost_frames, 10_000 - waiting);
    assert!(meters.spare().len() <= 2, "batches are filled again");
}

#[test]
fn a_thread_that_is_gone_is_a_failure_of_the_evidence() {
    let home = tempfile::tempdir().unwrap();
    let (mut recorder, batches) = unheard(&home);
    drop(batches);
    record(&mut recorder, 1_000);
    recorder.hand_over();
    let status = recorder.meters.status();
    assert_eq!((status.lost_frames, status.failure.as_deref()), (1_000, Some(GONE)));
}

#[test]
fn what_a_quiet_capture_has_gathered_is_written_soon() {
    let home = tempfile::tempdir().unwrap();
    let (mut recorder, batches) = unheard(&home);
    record(&mut recorder, 3);
    recorder.tick(100_000);
    assert!(batches.try_recv().is_err());
    recorder.tick(200_000);
    assert_eq!(batches.try_recv().unwrap().frames(), 3);
    recorder.tick(900_000);
    assert!(batches.try_recv().is_err());
}

#[test]
fn a_replay_waits_for_the_disk_and_loses_nothing() {
    let home = tempfile::tempdir().unwrap();
    let recording = Recording::start(options(&home)).unwrap();
    let mut recorder = recording.recorder(Pace::Replay);
    // More than may wait.
    record(&mut recorder, 12_000);
    drop(recorder);
    let status = recording.finish();
    assert_eq!((status.frames, status.lost_frames, status.failure), (12_000, 0, None));
}

#[test]
fn a_ring_that_fails_is_said_and_tried_again() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("evidence"), "in the way").unwrap();
    let recording = Recording::start(options(&home)).unwrap();
    let mut recorder = recording.recorder(Pace::Live);
    let meters = recording.meters();
    while meters.status().failure.is_none() {
        std::thread::yield_now();
    }
    std::fs::remove_file(home.path().join("evidence")).unwrap();
    while meters.status().failure.is_some() {
        record(&mut recorder, 1);
        recorder.hand_over();
        std::thread::yield_now();
    }
    drop(recorder);
    let status = recording.finish();
    assert!(status.lost_frames > 0 && status.frames > 0, "{status:?}");
}
