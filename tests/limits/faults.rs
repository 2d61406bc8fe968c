//! Others who write in between, and answers that are lost.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use serde_json::json;
use support::double::fault::Fault;
use support::double::kube::asked::Asked;
use support::double::kube::plan::When;

use super::*;

/// Writes of a limit that are looked at; there are fewer.
const MOST: usize = 24;

#[test]
fn whoever_writes_in_between_is_not_overwritten() {
    for (class, field) in [("nginx", RPS), ("traefik", LISTED)] {
        for before in Before::ALL {
            let steps = (0..MOST).take_while(|step| steps_in_between(class, field, before, *step));
            let steps = steps.count();
            // A limit is changed, and lifted.
            assert!((2..MOST).contains(&steps), "{class}, {before:?}: {steps} writes");
        }
    }
}

/// Somebody writes before the write `step` of changing and lifting a limit; whether there was that write.
fn steps_in_between(class: &str, field: &str, before: Before, step: usize) -> bool {
    let api = server(class, before);
    let setter = Setter::of(&api);
    setter.apply(request(5)).expect("the API server takes it");
    let others = json!({ "metadata": { "annotations": { "example.org/new": "there" } } });
    api.with(|kube| {
        kube.plan.at(
            When::Before,
            step,
            |asked| asked.resource == "ingresses",
            move |kube| {
                kube.patch_as("kubectl-annotate", WEB, &others).expect("the API server takes it");
            },
        );
    });
    setter.apply(request(7)).expect("the API server takes it");
    setter.revert().expect("the API server takes it");
    api.with(|kube| kube.plan.clear());
    let has_stepped_in = annotation(&api, "example.org/new") == "there";
    let gone = json!({ "metadata": { "annotations": { "example.org/new": null } } });
    api.with(|kube| kube.patch_as("kubectl-annotate", WEB, &gone))
        .expect("the API server takes it");
    let mut undone = state(&api);
    undone.1.retain(|entry| !entry.contains("kubectl-annotate"));
    let was = state(&server(class, before));
    assert_eq!(undone.1, was.1, "{class}, {before:?}, at write {step}");
    assert_eq!(annotation(&api, field), was.0["metadata"]["annotations"][field]);
    has_stepped_in
}

#[test]
fn an_answer_that_is_lost_or_late_leaves_nothing_half_done() {
    let faults = [Fault::Cut, Fault::Half, Fault::Reset, Fault::Status(503), Fault::Status(500)];
    for class in ["nginx", "traefik"] {
        for fault in faults {
            let lost = (0..MOST).take_while(|step| is_lost_at(class, fault, *step)).count();
            assert!((1..MOST).contains(&lost), "{class}, {fault:?}: {lost} writes were lost");
        }
    }
}

/// The answer to the write `step` is lost, of setting a limit and of lifting it; whether either had that
/// many.
fn is_lost_at(class: &str, fault: Fault, step: usize) -> bool {
    let api = server(class, Before::OneWhoUpdatesAndOneWhoApplies);
    let was = state(&api);
    let setter = Setter::of(&api);
    let set = fail_at(&api, step, fault);
    setter.apply(request(5)).unwrap_or_else(|error| panic!("{fault:?}: {error}"));
    let limited = state(&api);
    api.with(|kube| kube.plan.clear());
    assert_eq!(setter.tend().news, [], "{class}, {fault:?} at {step}");
    assert_eq!(state(&api), limited);
    let lifted = fail_at(&api, step, fault);
    setter.revert().unwrap_or_else(|error| panic!("{fault:?}: {error}"));
    assert_eq!(state(&api), was, "{class}, {fault:?} at {step}");
    [set, lifted].iter().any(|writes| writes.load(Relaxed) > step)
}

/// Has the write after `passed` others fail; counts writes.
fn fail_at(api: &ApiServer, passed: usize, fault: Fault) -> Arc<AtomicUsize> {
    let writes = Arc::<AtomicUsize>::default();
    let seen = Arc::clone(&writes);
    let is_it = move |asked: &Asked| asked.is_write() && seen.fetch_add(1, Relaxed) == passed;
    api.with(|kube| kube.plan.fail(1, fault, is_it));
    writes
}

#[test]
fn a_webhook_that_refuses_leaves_nothing_behind_and_is_quoted() {
    for class in ["nginx", "traefik"] {
        let api = server(class, Before::ArgoCd);
        let was = state(&api);
        api.with(|kube| {
            let is_limit = |asked: &Asked| asked.is_write() && asked.resource == "ingresses";
            kube.plan.fail(1, Fault::Status(422), is_limit);
        });
        let error = Setter::of(&api).apply(request(5)).unwrap_err().to_string();
        assert!(error.contains("the API server says"), "{error}");
        assert_eq!(state(&api), was, "{class}");
    }
}
