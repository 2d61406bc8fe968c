use super::*;
use crate::store::{EntryState, Error, Which};

const SINK: SinkName = SinkName::Webhook;

#[test]
fn a_refused_entry_parks_what_comes_behind_it_and_nothing_else() {
    let mut all = Everybody::telling(&[WEBHOOK, ALERTMANAGER]);
    all.apply(&[incident(1, 1), incident(2, 2)]);
    all.actions.acknowledge(IncidentId(1), &by()).unwrap();
    let refused = all.waiting(SINK).remove(0);
    all.outbox.park(&refused, "400: no such field\u{1b}").unwrap();
    all.apply(&[over(incident(1, 1))]);
    assert_eq!(all.news(SINK), [(2, News::Opened)]);
    assert_eq!(all.news(SinkName::Alertmanager).len(), 4);
    let depth = all.outbox.depth(SINK).unwrap();
    assert_eq!((depth.waiting, depth.parked), (1, 3));
    assert_eq!(depth.last_error.unwrap().1, "400: no such field\u{fffd}");
    let parked = all.reader.outbox(0, 99).unwrap();
    let parked = parked.iter().find(|entry| entry.seq == refused.seq).unwrap();
    assert_eq!((parked.state, parked.attempts), (EntryState::Parked, 1));
    assert_eq!(parked.error.as_deref(), Some("400: no such field\u{fffd}"));

    assert_eq!(all.actions.retry(Which::Entry(refused.seq), &by()).unwrap(), 3);
    let told = all.news(SINK);
    let expected =
        [(2, News::Opened), (1, News::Opened), (1, News::Acknowledged), (1, News::Resolved)];
    assert_eq!(told, expected);
}

#[test]
fn what_is_parked_grows_in_one_entry() {
    let mut all = Everybody::telling(&[WEBHOOK]);
    all.apply(&[incident(1, 1)]);
    all.deliver(SINK);
    let mut one = grown(incident(1, 1));
    all.apply(std::slice::from_ref(&one));
    let refused = all.waiting(SINK).remove(0);
    all.outbox.park(&refused, "no").unwrap();
    for _ in 0..20 {
        one = grown(one);
        all.apply(std::slice::from_ref(&one));
    }
    let parked = all.reader.outbox(0, 99).unwrap();
    assert_eq!((parked.len(), parked[0].state), (1, EntryState::Parked));
    assert_eq!((parked[0].stands_for, parked[0].error.as_deref()), (21, Some("no")));
}

#[test]
fn only_what_is_parked_is_retried_and_on_record() {
    let mut all = Everybody::telling(&[WEBHOOK, ALERTMANAGER]);
    all.apply(&[incident(1, 1), incident(2, 2)]);
    let refused = all.actions.retry(Which::Entry(1), &by()).unwrap_err();
    assert!(matches!(refused, Error::NoEntry(1)), "{refused}");
    assert_eq!(all.actions.retry(Which::All, &by()).unwrap(), 0);
    assert_eq!(all.reader.audit(None, 9).unwrap(), []);
    for sink in [SINK, SinkName::Alertmanager] {
        for entry in all.waiting(sink) {
            all.outbox.park(&entry, "no").unwrap();
        }
    }
    assert_eq!(all.actions.retry(Which::Of(SINK), &by()).unwrap(), 2);
    assert_eq!(all.actions.retry(Which::All, &by()).unwrap(), 2);
    let records = all.reader.audit(None, 9).unwrap();
    let objects = records.iter().map(|record| &*record.object).collect::<Vec<_>>();
    assert_eq!(objects, ["all", "webhook"]);
}

#[test]
fn what_is_retried_while_a_digest_is_told_is_told_itself() {
    let mut all = Everybody::telling(&[WEBHOOK]);
    all.apply(&[incident(1, 1), incident(2, 2)]);
    let refused = all.waiting(SINK).remove(0);
    all.outbox.park(&refused, "no").unwrap();
    let (digest, through) = all.outbox.digest(SINK).unwrap().unwrap();
    assert_eq!(digest.incidents, 1);
    all.actions.retry(Which::All, &by()).unwrap();
    all.outbox.digested(SINK, through).unwrap();
    assert_eq!(all.news(SINK), [(1, News::Opened)]);
}
