use serde_json::{Value, json};

use super::*;

fn election(identity: &str) -> Election {
    Election::new("weir".into(), "weir".into(), identity.into())
}

/// The Lease as the API server keeps it after `step`, which it takes.
fn kept(lease: Option<&Value>, step: LeaseStep, version: u64) -> Value {
    let mut kept = lease.cloned().unwrap_or_else(|| json!({ "metadata": {}, "spec": {} }));
    let (LeaseStep::Create(body) | LeaseStep::Renew(body)) = step else { panic!("{step:?}") };
    for (field, value) in body["spec"].as_object().unwrap() {
        kept["spec"][field] = value.clone();
    }
    kept["metadata"]["resourceVersion"] = version.to_string().into();
    kept
}

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn the_first_holds_it_and_the_second_waits_while_it_is_renewed() {
    let (mut a, mut b) = (election("a"), election("b"));
    let step = a.step(None, s(0), 0);
    let mut lease = kept(None, step, 1);
    a.written(s(0));
    for at in (2..60).step_by(2) {
        assert_eq!(
            b.step(Some(&lease), s(at), 0),
            LeaseStep::Wait { holder: "a".into() },
            "{at} s"
        );
        let step = a.step(Some(&lease), s(at), 0);
        lease = kept(Some(&lease), step, at);
        a.written(s(at));
        assert!(a.is_held(s(at)) && !b.is_held(s(at)));
    }
    assert_eq!(lease["spec"]["leaseTransitions"], 0);
}

#[test]
fn who_takes_over_waits_until_the_other_must_have_stopped() {
    let (mut a, mut b) = (election("a"), election("b"));
    let step = a.step(None, s(100), 0);
    let lease = kept(None, step, 1);
    a.written(s(100));
    assert!(matches!(b.step(Some(&lease), s(101), 0), LeaseStep::Wait { .. }));
    assert!(matches!(b.step(Some(&lease), s(115), 0), LeaseStep::Wait { .. }));
    assert!(!a.is_held(s(110)), "without an answer it acts no longer");
    let lease = kept(Some(&lease), b.step(Some(&lease), s(116), 0), 2);
    assert_eq!(lease["spec"]["holderIdentity"], "b");
    assert_eq!(lease["spec"]["leaseTransitions"], 1);
    b.written(s(116));
    assert!(b.is_held(s(120)));
    assert_eq!(a.step(Some(&lease), s(117), 0), LeaseStep::Wait { holder: "b".into() });
}

#[test]
fn clocks_of_others_decide_nothing() {
    let (mut a, mut b) = (election("a"), election("b"));
    let year_us = 365 * 24 * 3_600 * 1_000_000;
    let lease = kept(None, a.step(None, s(0), -year_us), 1);
    assert!(matches!(b.step(Some(&lease), s(0), year_us), LeaseStep::Wait { .. }));
    assert!(matches!(b.step(Some(&lease), s(14), 2 * year_us), LeaseStep::Wait { .. }));
}

#[test]
fn an_orderly_end_leaves_it_to_the_next_at_once() {
    let (mut a, mut b) = (election("a"), election("b"));
    let mut lease = kept(None, a.step(None, s(0), 0), 1);
    assert_eq!(b.release(&lease, 0), None, "it is not b's");
    let released = a.release(&lease, 0).unwrap();
    lease["spec"]["holderIdentity"] = released["spec"]["holderIdentity"].clone();
    assert!(matches!(b.step(Some(&lease), s(1), 0), LeaseStep::Renew(_)));
}

#[test]
fn a_lease_that_says_nonsense_is_taken_once_it_is_old() {
    for lease in
        [json!(null), json!([]), json!({ "spec": 3 }), json!({ "spec": { "holderIdentity": 7 } })]
    {
        let mut a = election("a");
        assert!(matches!(a.step(Some(&lease), s(0), 0), LeaseStep::Renew(_)), "{lease}");
    }
}
