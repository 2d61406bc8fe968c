use proptest::prelude::*;

use super::*;
use crate::engine::fixture::event;

/// Numbers of events.
fn ids(events: impl IntoIterator<Item = Arc<KeptEvent>>) -> Vec<u64> {
    events.into_iter().map(|kept| kept.id.0).collect()
}

fn record(recorder: &Recorder, events: u64, bytes: u64) {
    recorder.record((0..events).map(|_| (event("/bin/sh"), bytes)).collect());
}

#[test]
fn the_newest_are_remembered_as_far_as_there_is_room_and_the_oldest_go_first() {
    let (recorder, events) = Recorder::new(1, 1_000);
    record(&recorder, 12, 100);
    assert_eq!(ids(events.before(None)), (3..=12).rev().collect::<Vec<_>>());
    assert_eq!(events.kept(), Kept { events: 10, bytes: 1_000, evicted: 2 });
    record(&recorder, 1, 950);
    assert_eq!(ids(events.before(None)), [13]);
    assert_eq!(events.kept(), Kept { events: 1, bytes: 950, evicted: 12 });
}

#[test]
fn an_event_for_which_there_is_no_room_at_all_is_counted_and_gone() {
    let (recorder, events) = Recorder::new(1, 1_000);
    record(&recorder, 2, 100);
    record(&recorder, 1, 1_001);
    assert_eq!(ids(events.before(None)), Vec::<u64>::new());
    assert_eq!(events.kept(), Kept { events: 0, bytes: 0, evicted: 3 });
    assert_eq!(events.after(EventId(0)), After { lost: 3, events: Vec::new() });
    record(&recorder, 1, 1);
    assert_eq!(ids(events.before(None)), [4]);
}

#[test]
fn whoever_reads_on_gets_every_event_once_and_hears_of_those_that_are_gone() {
    let (recorder, events) = Recorder::new(1, 100_000);
    record(&recorder, 700, 100);
    let (mut last, mut seen) = (EventId(0), Vec::new());
    loop {
        let After { lost, events } = events.after(last);
        assert_eq!(lost, 0);
        let Some(newest) = events.last() else { break };
        last = newest.id;
        seen.extend(ids(events));
    }
    assert_eq!(seen, (1..=700).collect::<Vec<_>>());
    record(&recorder, 900, 100);
    // Of 1,600 the last 1,000 are there.
    assert_eq!(events.after(last).lost, 0);
    let After { lost, events } = events.after(EventId(300));
    assert_eq!((lost, ids(events)[0]), (300, 601));
}

#[test]
fn nothing_is_after_what_has_not_come_yet() {
    let (recorder, events) = Recorder::new(1, 100_000);
    record(&recorder, 3, 100);
    assert_eq!(events.after(EventId(3)), After::default());
    assert_eq!(events.after(EventId(u64::MAX)), After::default());
    assert_eq!(ids(events.before(Some(EventId(u64::MAX)))), [3, 2, 1]);
    assert_eq!(ids(events.before(Some(EventId(0)))), Vec::<u64>::new());
}

#[test]
fn what_comes_while_somebody_reads_is_not_read_twice() {
    let (recorder, events) = Recorder::new(1, 30_000);
    record(&recorder, 300, 100);
    let mut reading = events.before(None);
    assert_eq!(reading.next().map(|kept| kept.id), Some(EventId(300)));
    record(&recorder, 100, 100);
    // Those that the reader had taken out are read; of the rest none is left.
    assert_eq!(ids(reading), (45..300).rev().collect::<Vec<_>>());
}

#[test]
fn who_waits_is_told_of_the_newest_until_nothing_comes_any_more() {
    let (recorder, events) = Recorder::new(1, 100_000);
    let newest = events.newest();
    record(&recorder, 3, 100);
    assert!(newest.has_changed().unwrap());
    assert_eq!(*newest.borrow(), EventId(3));
    drop(recorder);
    assert!(newest.has_changed().is_err());
}

proptest! {
    #[test]
    fn the_ring_never_holds_too_much_and_loses_nothing_uncounted(
        most_bytes in 0..5_000_u64,
        sizes in prop::collection::vec(0..600_u64, 0..60),
        cut in 0..70_u64,
    ) {
        let mut ring = Ring::new(most_bytes, 25);
        for bytes in &sizes {
            ring.push(event("/bin/sh"), *bytes);
            ring.evict();
            let Kept { events, bytes, .. } = ring.kept();
            prop_assert!(bytes <= most_bytes && events <= 25);
        }
        let Kept { events, evicted, .. } = ring.kept();
        prop_assert_eq!(events + evicted, sizes.len() as u64);
        let After { lost, events: after } = ring.after(EventId(cut), usize::MAX);
        let newer = (sizes.len() as u64).saturating_sub(cut);
        prop_assert_eq!(lost + after.len() as u64, newer);
        let before = ring.before(Some(EventId(cut + 1)), usize::MAX);
        prop_assert_eq!(before.len() as u64 + after.len() as u64, events);
    }
}
