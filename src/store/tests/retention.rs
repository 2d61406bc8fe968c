use std::time::Duration;

use serde_json::json;

use super::*;
use crate::incident::{Deed, FlowSpan};
use crate::packet::Tuple;
use crate::store::{Pruned, Retention, Which, Witness};

const DAY: Duration = Duration::from_hours(24);

const AGE: Retention = Retention { age: DAY, bytes: u64::MAX };

/// Makes all incidents and entries two days older.
fn let_age(all: &Everybody) {
    let older = "UPDATE incidents SET written_us = written_us - 172800000000; \
                 UPDATE outbox SET created_us = created_us - 172800000000";
    all.store.database.connection.execute_batch(older).unwrap();
}

fn left(all: &Everybody) -> Vec<u64> {
    let query = crate::store::Query { limit: 9_999, ..Default::default() };
    let mut ids = all.reader.incidents(&query).unwrap().incidents;
    ids.sort_unstable_by_key(|incident| incident.id);
    ids.iter().map(|incident| incident.id.0).collect()
}

#[test]
fn what_is_old_and_over_goes_and_that_is_on_record() {
    let mut all = Everybody::telling(&[]);
    all.apply(&[incident(1, 1), incident(2, 2), over(incident(3, 3)), over(incident(4, 4))]);
    all.actions.acknowledge(IncidentId(2), &by()).unwrap();
    let_age(&all);
    all.apply(&[over(incident(5, 5))]);
    assert_eq!(all.store.prune(&AGE).unwrap(), Pruned { incidents: 2, entries: 0 });
    assert_eq!(left(&all), [1, 2, 5]);
    let record = all.reader.audit(None, 1).unwrap().remove(0);
    assert_eq!((&*record.what, &*record.who), ("retention.prune", "weir"));
    let expected =
        json!({ "incidents": 2, "entries": 0, "first_detected_us": 3, "last_detected_us": 4 });
    assert_eq!(record.before, expected);
    assert_eq!(all.store.prune(&AGE).unwrap(), Pruned::default());
    assert_eq!(all.reader.audit(None, 9).unwrap().len(), 2);
}

#[test]
fn what_waits_to_be_told_stays_however_old() {
    let mut all = Everybody::telling(&[WEBHOOK]);
    all.apply(&[over(incident(1, 1)), over(incident(2, 2)), over(incident(3, 3))]);
    all.deliver(SinkName::Webhook);
    let refused = all.waiting(SinkName::Webhook).remove(0);
    all.outbox.park(&refused, "no").unwrap();
    let_age(&all);
    assert_eq!(all.store.prune(&AGE).unwrap(), Pruned { incidents: 2, entries: 1 });
    assert_eq!(left(&all), [3]);
    assert_eq!(all.news(SinkName::Webhook), [(3, News::Resolved)]);
}

#[test]
fn what_nobody_will_tell_goes_with_age() {
    let mut all = Everybody::telling(&[WEBHOOK]);
    all.apply(&[incident(1, 1)]);
    let refused = all.waiting(SinkName::Webhook).remove(0);
    all.outbox.park(&refused, "no").unwrap();
    all.apply(&[over(incident(2, 2))]);
    let_age(&all);
    all.store.tell(&[]).unwrap();
    assert_eq!(all.store.prune(&AGE).unwrap(), Pruned { incidents: 1, entries: 2 });
    assert_eq!(left(&all), [1]);
    assert_eq!(all.reader.outbox(0, 9).unwrap(), []);
    assert_eq!(all.actions.retry(Which::All, &by()).unwrap(), 0);
}

#[test]
fn an_incident_goes_with_all_that_is_known_of_it() {
    let mut all = Everybody::telling(&[WEBHOOK]);
    let tuple = Tuple {
        source: Address::v4([1; 4]),
        target: Address::v4([2; 4]),
        source_port: 1,
        target_port: 2,
        protocol: 17,
        icmp_type: 0,
    };
    let span = FlowSpan { id: FlowId(1), tuple, first_us: 1, last_us: 2 };
    let incidents = [shared(over(incident(1, 1)))];
    let spans = [(IncidentId(1), span)];
    let event =
        Witness { incident: IncidentId(1), deed: Deed::Started, at_us: 1, event: "{}".into() };
    let changes = Changes { incidents: &incidents, spans: &spans, events: &[event] };
    all.store.apply(&changes).unwrap();
    all.deliver(SinkName::Webhook);
    let_age(&all);
    all.store.prune(&AGE).unwrap();
    for table in ["incidents", "flow_spans", "incident_events", "told", "outbox", "hidden"] {
        let count = format!("SELECT count(*) FROM {table}");
        let rows: i64 =
            all.store.database.connection.query_row(&count, [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 0, "{table}");
    }
}

#[test]
fn the_oldest_go_where_the_database_is_too_large_a_part_at_a_time() {
    let mut all = Everybody::telling(&[]);
    all.apply(&(1..=2_000).map(|id| over(incident(id, 1))).collect::<Vec<_>>());
    all.apply(&[incident(9_999, 0)]);
    let used = |all: &Everybody| {
        let number = |pragma| {
            all.store.database.connection.query_row(pragma, [], |row| row.get::<_, u32>(0)).unwrap()
        };
        u64::from(number("PRAGMA page_count") - number("PRAGMA freelist_count")) * 4_096
    };
    let retention = Retention { age: DAY, bytes: used(&all) / 2 };
    let first = all.store.prune(&retention).unwrap().incidents;
    assert!((400..=600).contains(&first), "{first}");
    while all.store.prune(&retention).unwrap() != Pruned::default() {}
    assert!(used(&all) <= retention.bytes);
    let left = left(&all);
    // No more than was needed, the oldest first, and nothing that goes on.
    assert!((700..1_100).contains(&left.len()), "{}", left.len());
    assert_eq!(left.last(), Some(&9_999));
    assert_eq!(left[left.len() - 2], 2_000);
    assert!(left.is_sorted() && left[0] == 2_002 - left.len() as u64);
}
