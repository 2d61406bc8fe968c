use jiff::Timestamp;

use super::*;
use crate::incident::MuteId;
use crate::store::{Error, Mute, NewMute};

const SINK: SinkName = SinkName::Webhook;
const HOUR_US: i64 = 3_600_000_000;

fn mute(filter: &str) -> NewMute {
    let expires_us = Timestamp::now().as_microsecond() + HOUR_US;
    NewMute { filter: filter.into(), reason: "a test of our own".into(), expires_us }
}

fn scan(id: u64) -> Incident {
    Incident { class: Class::Scan, ..incident(id, 1) }
}

#[test]
fn a_mute_hides_what_fits_from_whoever_heeds_it() {
    let mut all = Everybody::telling(&[WEBHOOK, FIREBASE]);
    let id = all.actions.mute(&mute("class:scan"), &by()).unwrap().id;
    all.apply(&[scan(1), incident(2, 2)]);
    all.apply(&[grown(scan(1))]);
    all.actions.acknowledge(IncidentId(1), &by()).unwrap();
    assert_eq!(all.news(SINK), [(2, News::Opened)]);
    let told = all.waiting(SinkName::Firebase);
    assert_eq!((told[0].incident.id.0, told[0].incident.muted_by), (1, Some(id)));
    assert_eq!(all.reader.incident(IncidentId(1)).unwrap().unwrap().muted_by, Some(id));
    let kept = all.reader.mutes(false).unwrap();
    let Mute { author, reason, hidden, .. } = &kept[0];
    assert_eq!((&**author, &**reason, *hidden), ("ops", "a test of our own", 1));
}

#[test]
fn a_mute_hides_what_goes_on_already_from_now_on() {
    let mut all = Everybody::telling(&[WEBHOOK, FIREBASE]);
    all.apply(&[scan(1), over(scan(2))]);
    let before = all.reader.marked(0).unwrap().1;
    let mute = all.actions.mute(&mute("class:scan"), &by()).unwrap();
    assert_eq!(mute.hidden, 1);
    let (marked, _) = all.reader.marked(before).unwrap();
    assert_eq!(marked.len(), 1);
    assert_eq!(marked[0].1.muted_by, Some(mute.id));
    all.apply(&[over(grown(scan(1)))]);
    // What had been accepted is told.
    assert_eq!(all.news(SINK), [(1, News::Opened), (2, News::Resolved)]);
    assert_eq!(all.waiting(SinkName::Firebase).last().unwrap().news, News::Resolved);
}

#[test]
fn what_a_mute_hid_is_told_when_it_ends() {
    let mut all = Everybody::telling(&[WEBHOOK]);
    let id = all.actions.mute(&mute("class:scan"), &by()).unwrap().id;
    all.apply(&[scan(1), over(scan(2))]);
    assert_eq!(all.news(SINK), []);
    let ended = all.actions.unmute(id, &by()).unwrap();
    assert!(ended.expires_us <= Timestamp::now().as_microsecond());
    assert_eq!(all.news(SINK), [(1, News::Opened)]);
    assert_eq!(all.reader.mutes(false).unwrap(), []);
    assert_eq!(all.reader.mutes(true).unwrap(), [ended]);
    all.apply(&[grown(scan(1))]);
    assert_eq!(all.reader.incident(IncidentId(1)).unwrap().unwrap().muted_by, None);
    let refused = all.actions.unmute(id, &by()).unwrap_err();
    assert!(matches!(refused, Error::NoMute(_)), "{refused}");
    assert!(matches!(all.actions.unmute(MuteId(99), &by()), Err(Error::NoMute(_))));
}

#[test]
fn a_mute_that_runs_out_hides_nothing_more() {
    let mut all = Everybody::telling(&[WEBHOOK]);
    all.actions.mute(&mute("class:scan"), &by()).unwrap();
    all.apply(&[scan(1)]);
    let run_out = "UPDATE mutes SET expires_us = 1; UPDATE counters SET value = value + 1 \
                   WHERE name = 'mutes'";
    all.store.database.connection.execute_batch(run_out).unwrap();
    all.apply(&[]);
    assert_eq!(all.news(SINK), [(1, News::Opened)]);
}

#[test]
fn a_mute_that_runs_out_is_noticed_by_the_clock_alone() {
    let mut all = Everybody::telling(&[WEBHOOK]);
    let soon_us = Timestamp::now().as_microsecond() + 300_000;
    let short = NewMute { expires_us: soon_us, ..mute("class:scan") };
    all.actions.mute(&short, &by()).unwrap();
    all.apply(&[scan(1)]);
    assert_eq!(all.news(SINK), []);
    while Timestamp::now().as_microsecond() <= soon_us {
        std::thread::yield_now();
    }
    all.apply(&[]);
    assert_eq!(all.news(SINK), [(1, News::Opened)]);
}

#[test]
fn an_incident_counts_once_for_each_mute_that_hid_it() {
    let mut all = Everybody::telling(&[WEBHOOK]);
    all.actions.mute(&mute("severity:high"), &by()).unwrap();
    let worse = |incident| Incident { severity: Severity::Critical, ..incident };
    all.apply(&[scan(1)]);
    all.apply(&[worse(scan(1))]);
    all.apply(&[grown(scan(1))]);
    assert_eq!(all.reader.mutes(false).unwrap()[0].hidden, 1);
    // What it did not hide was told.
    assert_eq!(all.news(SINK), [(1, News::Opened)]);
}

#[test]
fn the_first_mute_that_fits_is_named() {
    let mut all = Everybody::telling(&[WEBHOOK]);
    let first = all.actions.mute(&mute("class:scan"), &by()).unwrap().id;
    let second = all.actions.mute(&mute("severity:high"), &by()).unwrap().id;
    all.apply(&[scan(1), incident(2, 2)]);
    let muted_by = |id| all.reader.incident(IncidentId(id)).unwrap().unwrap().muted_by;
    assert_eq!((muted_by(1), muted_by(2)), (Some(first), Some(second)));
    all.actions.unmute(first, &by()).unwrap();
    assert_eq!(all.reader.incident(IncidentId(1)).unwrap().unwrap().muted_by, Some(second));
    assert_eq!(all.news(SINK), []);
}

#[test]
fn a_mute_needs_a_filter_a_reason_and_an_end() {
    let mut all = Everybody::telling(&[]);
    let now_us = Timestamp::now().as_microsecond();
    let good = mute("class:scan");
    let wrong = [
        NewMute { filter: "  ".into(), ..good.clone() },
        NewMute { filter: "class:".into(), ..good.clone() },
        NewMute { filter: "x".repeat(5_000), ..good.clone() },
        NewMute { reason: " \t".into(), ..good.clone() },
        NewMute { expires_us: now_us - 1, ..good.clone() },
        NewMute { expires_us: now_us + 366 * 24 * HOUR_US, ..good.clone() },
        NewMute { expires_us: i64::MIN, ..good.clone() },
    ];
    for wrong in wrong {
        let refused = all.actions.mute(&wrong, &by());
        assert!(matches!(refused, Err(Error::BadMute(_))), "{wrong:?}");
    }
    assert_eq!(all.reader.audit(None, 9).unwrap(), []);
    for _ in 0..256 {
        all.actions.mute(&good, &by()).unwrap();
    }
    assert!(matches!(all.actions.mute(&good, &by()), Err(Error::BadMute(_))));
    all.actions.unmute(MuteId(7), &by()).unwrap();
    all.actions.mute(&good, &by()).unwrap();
}
