use serde_json::json;

use super::*;
use crate::store::{Accounts, NewMute, PasswordHash, Role, Verified};

/// A database with `records` records.
fn with_records(records: u64) -> Everybody {
    let mut all = Everybody::telling(&[]);
    all.apply(&(1..=records).map(|id| incident(id, 1)).collect::<Vec<_>>());
    for id in 1..=records {
        all.actions.acknowledge(IncidentId(id), &by()).unwrap();
    }
    all
}

/// What a look at the chain of five records finds after `tampering`.
fn fault_after(tampering: &str) -> Option<String> {
    let all = with_records(5);
    all.store.database.connection.execute_batch(tampering).unwrap();
    all.reader.verify_audit().unwrap().fault
}

#[test]
fn a_record_says_who_did_what_and_how_it_was_before_and_after() {
    let mut all = Everybody::telling(&[]);
    all.apply(&[incident(0xab, 1)]);
    all.actions.acknowledge(IncidentId(0xab), &by()).unwrap();
    all.actions.resolve(IncidentId(0xab), &by()).unwrap();
    let records = all.reader.audit(None, 9).unwrap();
    let [resolved, taken] = &records[..] else { panic!("{records:?}") };
    assert_eq!((&*taken.what, &*taken.object), ("alert.ack", "00000000000000ab"));
    assert_eq!((&*taken.who, &*taken.from, taken.seq), ("ops", "198.51.100.7", 1));
    assert_eq!(
        (&taken.before, &taken.after),
        (
            &json!({ "status": "open", "acknowledged_by": null, "resolved_by": null }),
            &json!({ "status": "acknowledged", "acknowledged_by": "ops", "resolved_by": null })
        )
    );
    assert_eq!((&*resolved.what, &resolved.before), ("alert.resolve", &taken.after));
    assert_eq!(resolved.hash.len(), 64);
}

#[test]
fn every_kind_of_act_is_on_record() {
    let mut all = Everybody::telling(&[]);
    let expires_us = jiff::Timestamp::now().as_microsecond() + 1_000_000_000;
    let mute = NewMute { filter: "class:scan".into(), reason: "test".into(), expires_us };
    let id = all.actions.mute(&mute, &by()).unwrap().id;
    all.actions.unmute(id, &by()).unwrap();
    let mut accounts = Accounts::open(&all.path).unwrap();
    let (name, hash) = ("Ops".parse().unwrap(), PasswordHash::of("correct horse").unwrap());
    accounts.add(&name, Role::Viewer, &hash, &by()).unwrap();
    accounts.add(&name, Role::Viewer, &hash, &by()).unwrap_err();
    accounts.set_password(&"ops".parse().unwrap(), &hash, &by()).unwrap();
    accounts.remove(&name, &by()).unwrap();
    accounts.remove(&name, &by()).unwrap_err();
    let records = all.reader.audit(None, 9).unwrap();
    let seen = records.iter().map(|one| (&*one.what, &*one.object)).collect::<Vec<_>>();
    let expected = [
        ("user.remove", "Ops"),
        ("user.password", "Ops"),
        ("user.add", "Ops"),
        ("mute.end", "1"),
        ("mute.add", "1"),
    ];
    assert_eq!(seen, expected);
    assert_eq!(records[2].after, json!({ "role": "viewer" }));
    assert_eq!(records[4].after["expires_us"], json!(expires_us));
    let text = format!("{records:?}");
    assert!(!text.contains("argon2"), "{text}");
    assert_eq!(all.reader.verify_audit().unwrap().fault, None);
}

#[test]
fn names_on_record_are_short_and_of_one_line() {
    let mut all = Everybody::telling(&[]);
    all.apply(&[incident(1, 1)]);
    let by = By { who: "a\nb\u{1b}[2J".into(), from: "ä".repeat(10_000) };
    all.actions.acknowledge(IncidentId(1), &by).unwrap();
    let record = all.reader.audit(None, 1).unwrap().remove(0);
    assert_eq!(record.who, "a\u{fffd}b\u{fffd}[2J");
    assert_eq!(record.from, "ä".repeat(256));
    let mark = all.reader.incident(IncidentId(1)).unwrap().unwrap().acknowledged.unwrap();
    assert_eq!(mark.by, record.who);
    assert_eq!(all.reader.verify_audit().unwrap().fault, None);
}

#[test]
fn records_come_in_pages_newest_first() {
    let all = with_records(5);
    let seqs = |before| {
        let page = all.reader.audit(before, 2).unwrap();
        page.iter().map(|record| record.seq).collect::<Vec<_>>()
    };
    assert_eq!(seqs(None), [5, 4]);
    assert_eq!(seqs(Some(4)), [3, 2]);
    assert_eq!(seqs(Some(2)), [1]);
    assert!(seqs(Some(1)).is_empty());
}

#[test]
fn a_whole_chain_has_no_fault() {
    let none = with_records(0).reader.verify_audit().unwrap();
    assert_eq!(none, Verified { records: 0, head: "0".repeat(64), fault: None });
    let all = with_records(5);
    let last = all.reader.audit(None, 1).unwrap().remove(0);
    let verified = all.reader.verify_audit().unwrap();
    assert_eq!(verified, Verified { records: 5, head: last.hash, fault: None });
}

#[test]
fn a_changed_record_is_found_whatever_was_changed() {
    let changes = [
        "at_us = at_us + 1",
        "who = 'eve'",
        "origin = ''",
        "what = 'alert.resolve'",
        "object = '00000000000000ff'",
        "\"before\" = 'null'",
        "\"after\" = '{}'",
        "hash = upper(hash)",
        // What is taken from one text and given to the next is not the same.
        "who = substr(who, 1, 2), origin = substr(who, 3) || origin",
    ];
    for change in changes {
        let fault = fault_after(&format!("UPDATE audit SET {change} WHERE seq = 3"));
        let expected = "record 3 is not the one that was written there";
        assert_eq!(fault.as_deref(), Some(expected), "{change}");
    }
}

#[test]
fn a_removed_record_is_missed_wherever_it_stood() {
    let missing = |what| fault_after(&format!("DELETE FROM audit {what}"));
    assert_eq!(missing("WHERE seq = 1").as_deref(), Some("record 1 is missing"));
    assert_eq!(missing("WHERE seq = 3").as_deref(), Some("record 3 is missing"));
    assert_eq!(missing("WHERE seq = 5").as_deref(), Some("record 5 is missing"));
    assert_eq!(missing("").as_deref(), Some("record 1 is missing"));
    let closed = "DELETE FROM audit WHERE seq = 3; UPDATE audit SET seq = seq - 1 WHERE seq > 3";
    assert!(fault_after(closed).unwrap().contains("record 3 is not the one"));
}

#[test]
fn records_in_another_order_are_found() {
    let swapped = "UPDATE audit SET seq = 99 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 3; \
                   UPDATE audit SET seq = 3 WHERE seq = 99";
    assert!(fault_after(swapped).unwrap().contains("record 2 is not the one"));
}

#[test]
fn a_record_that_somebody_put_in_is_found() {
    let copy = |seq| {
        format!(
            "INSERT INTO audit SELECT {seq}, at_us, who, origin, what, object, \"before\", \
             \"after\", hash FROM audit WHERE seq = 5"
        )
    };
    assert!(fault_after(&copy(6)).unwrap().contains("record 6 is not the one"));
    assert_eq!(fault_after(&copy(9)).as_deref(), Some("record 6 is missing"));
    assert!(fault_after(&copy(0)).unwrap().contains("stands before the first"));
}

#[test]
fn a_head_that_is_not_that_of_the_chain_is_found() {
    assert!(fault_after("DELETE FROM audit_head").unwrap().contains("head of the chain"));
    let other = "UPDATE audit_head SET hash = printf('%064d', 0)";
    assert!(fault_after(other).unwrap().contains("head of the chain"));
    assert_eq!(
        fault_after("UPDATE audit_head SET records = 4").as_deref(),
        Some("record 5 was added by somebody else")
    );
}
