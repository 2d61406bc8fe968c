//! Others who write in between, and answers that are lost.

use serde_json::json;
use support::double::fault::Fault;
use support::double::kube::plan::When;

use super::*;

#[test]
fn whoever_writes_in_between_is_not_overwritten() {
    for (class, field) in [("nginx", RPS), ("traefik", LISTED)] {
        for before in Before::ALL {
            for step in 0..6 {
                let api = server(class, before);
                let setter = Setter::of(&api);
                setter.apply(request(5)).unwrap();
                let others =
                    json!({ "metadata": { "annotations": { "example.org/new": "there" } } });
                api.with(|kube| {
                    kube.plan.at(
                        When::Before,
                        step,
                        |asked| asked.resource == "ingresses",
                        move |kube| {
                            kube.patch_as("kubectl-annotate", WEB, &others).unwrap();
                        },
                    );
                });
                setter.apply(request(7)).unwrap();
                setter.revert().unwrap();
                let has_stepped_in = api.with(|kube| {
                    let had = kube.get("ingresses", "shop", "web");
                    kube.plan.clear();
                    had["metadata"]["annotations"]["example.org/new"] == "there"
                });
                let there = json!({ "metadata": { "annotations": { "example.org/new": null } } });
                api.with(|kube| kube.patch_as("kubectl-annotate", WEB, &there)).unwrap();
                let mut undone = state(&api);
                undone.1.retain(|entry| !entry.contains("kubectl-annotate"));
                let was = state(&server(class, before));
                assert_eq!(undone.1, was.1, "{class}, {before:?}, at write {step}");
                assert_eq!(annotation(&api, field), was.0["metadata"]["annotations"][field]);
                assert!(has_stepped_in || step > 1, "{class}, {before:?}, at write {step}");
            }
        }
    }
}

#[test]
fn an_answer_that_is_lost_or_late_leaves_nothing_half_done() {
    let faults = [Fault::Cut, Fault::Half, Fault::Reset, Fault::Status(503), Fault::Status(500)];
    for class in ["nginx", "traefik"] {
        for fault in faults {
            for step in 0..4 {
                let api = server(class, Before::OneWhoUpdatesAndOneWhoApplies);
                let was = state(&api);
                let setter = Setter::of(&api);
                fail_at(&api, step, fault);
                setter.apply(request(5)).unwrap_or_else(|error| panic!("{fault:?}: {error}"));
                let limited = state(&api);
                api.with(|kube| kube.plan.clear());
                assert_eq!(setter.tend().news, [], "{class}, {fault:?} at {step}");
                assert_eq!(state(&api), limited);
                fail_at(&api, step, fault);
                setter.revert().unwrap_or_else(|error| panic!("{fault:?}: {error}"));
                assert_eq!(state(&api), was, "{class}, {fault:?} at {step}");
            }
        }
    }
}

/// Has the write after `passed` others fail.
fn fail_at(api: &ApiServer, passed: usize, fault: Fault) {
    let seen = std::sync::atomic::AtomicUsize::new(0);
    let order = std::sync::atomic::Ordering::Relaxed;
    api.with(|kube| {
        kube.plan
            .fail(1, fault, move |asked| asked.is_write() && seen.fetch_add(1, order) == passed);
    });
}

#[test]
fn a_webhook_that_refuses_leaves_nothing_behind_and_is_quoted() {
    for class in ["nginx", "traefik"] {
        let api = server(class, Before::ArgoCd);
        let was = state(&api);
        api.with(|kube| {
            let is_limit = |asked: &support::double::kube::asked::Asked| {
                asked.is_write() && asked.resource == "ingresses"
            };
            kube.plan.fail(1, Fault::Status(422), is_limit);
        });
        let error = Setter::of(&api).apply(request(5)).unwrap_err().to_string();
        assert!(error.contains("the API server says"), "{error}");
        assert_eq!(state(&api), was, "{class}");
    }
}
