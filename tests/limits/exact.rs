//! What is written, and that it is undone to the last owner.

use serde_json::{Value, json};
use weir::incident::rfc3339;
use weir::respond::{Burst, Standing};
use weir::store::{Reader, Store};

use super::*;

/// What Weir owns of the Ingress: its part of `managedFields`.
fn owned(api: &ApiServer) -> Vec<String> {
    let object = api.with(|kube| kube.get("ingresses", "shop", "web"));
    let entries = object["metadata"]["managedFields"].as_array().unwrap().clone();
    let ours = entries.into_iter().filter(|entry| entry["manager"] == "weir");
    let fields = ours.map(|entry| entry["fieldsV1"]["f:metadata"]["f:annotations"].clone());
    let names =
        fields.flat_map(|fields| fields.as_object().unwrap().keys().cloned().collect::<Vec<_>>());
    names.map(|name| name.trim_start_matches("f:").to_owned()).collect()
}

#[test]
fn every_controller_has_its_exact_object_written_and_only_that_is_owned() {
    let table: [(&str, Value); 5] = [
        ("nginx", json!({ "nginx.ingress.kubernetes.io/limit-rps": "5" })),
        (
            "f5",
            json!({
                "nginx.org/limit-req-key": "${binary_remote_addr}",
                "nginx.org/limit-req-rate": "5r/s",
                "nginx.org/limit-req-zone-size": "10M",
            }),
        ),
        (
            "traefik",
            json!({
                "traefik.ingress.kubernetes.io/router.middlewares":
                    "auth-sso@kubernetescrd,shop-weir-rps-web@kubernetescrd",
            }),
        ),
        ("haproxy", json!({ "haproxy-ingress.github.io/limit-rps": "5" })),
        (
            "haproxytech",
            json!({
                "haproxy.org/rate-limit-period": "1s", "haproxy.org/rate-limit-requests": "5",
            }),
        ),
    ];
    for (class, expected) in table {
        let api = server(class, Before::ArgoCd);
        let applied = Setter::of(&api).apply(request(5)).unwrap();
        let expected = expected.as_object().unwrap();
        for (field, value) in expected {
            assert_eq!(annotation(&api, field), *value, "{class}");
        }
        let owned = owned(&api);
        let names: Vec<_> = owned.iter().filter(|name| *name != "weir.dev/limit").collect();
        assert_eq!(names, expected.keys().collect::<Vec<_>>(), "{class}");
        assert_eq!(annotation(&api, "example.org/other"), "stays");
        let last = applied.written.last().unwrap();
        assert_eq!(
            (last.object.as_str(), last.how.as_str()),
            ("Ingress shop/web", "apply as weir")
        );
        if class == "traefik" {
            let made = api.with(|kube| kube.get("middlewares", "shop", "weir-rps-web"));
            let uid =
                api.with(|kube| kube.get("ingresses", "shop", "web"))["metadata"]["uid"].clone();
            assert_eq!(made["spec"], json!({ "rateLimit": { "average": 5, "period": "1s" } }));
            assert_eq!(made["metadata"]["labels"]["app.kubernetes.io/managed-by"], "weir");
            assert_eq!(
                made["metadata"]["ownerReferences"][0]["uid"], uid,
                "it goes with its Ingress"
            );
        }
    }
}

#[test]
fn what_is_lifted_or_over_is_exactly_as_it_was_whoever_had_it() {
    for (class, ..) in CLASSES {
        for before in Before::ALL {
            let api = server(class, before);
            let (was, setter) = (state(&api), Setter::of(&api));
            setter.apply(request(5)).unwrap();
            assert_ne!(state(&api), was, "{class}, {before:?}");
            let reverted = setter.revert().unwrap();
            assert_eq!(reverted.left, Vec::<String>::new(), "{class}, {before:?}");
            assert_eq!(state(&api), was, "{class}, {before:?}, lifted");
            setter.apply(request(5)).unwrap();
            setter.apply(request(9)).unwrap();
            let tended = setter.expire().unwrap();
            assert_eq!(tended.news.len(), 1, "{class}, {before:?}: {:?}", tended.news);
            assert_eq!(state(&api), was, "{class}, {before:?}, over");
        }
    }
}

#[test]
fn a_limit_is_renewed_by_one_write_and_a_check_writes_nothing() {
    let api = server("nginx", Before::ArgoCd);
    let setter = Setter::of(&api);
    let was = state(&api);
    let dry = LimitRequest { is_dry_run: true, ..request(5) };
    assert_eq!(setter.apply(dry.clone()).unwrap().written.len(), 1);
    assert_eq!(state(&api), was);
    setter.apply(request(5)).unwrap();
    let writes = || api.with(|kube| kube.writes().len());
    let before = writes();
    setter.apply(request(5)).unwrap();
    assert_eq!(writes(), before, "nothing has changed");
    let longer = LimitRequest { ttl: Duration::from_hours(1), ..request(5) };
    let renewed = setter.apply(longer).unwrap();
    assert_eq!(writes(), before + 1);
    assert_eq!(renewed.status.held.unwrap().until_us, NOW_US + 3_600_000_000);
    let limited = state(&api);
    let check = setter
        .run(async |responder| responder.revert(&name(), &by(), Effect::DryRun, NOW_US).await);
    assert_eq!(check.unwrap().written.len(), 3, "marked, given back, let go");
    assert_eq!(state(&api), limited);
}

#[test]
fn what_cannot_be_done_is_refused_in_one_sentence_and_writes_nothing() {
    let api = server("haproxy", Before::ArgoCd);
    let was = state(&api);
    let setter = Setter::of(&api);
    let limit = |limit: Limit| LimitRequest { limit, ..request(5) };
    let table = [
        (request(0), "`rps` must be from 1 to 1000000, and is 0"),
        (limit(Limit { rpm: Some(60), ..Limit::default() }), "HAProxy Ingress cannot limit by rpm"),
        (
            limit(Limit { rps: Some(5), burst: Some(Burst::Requests(9)), ..Limit::default() }),
            "HAProxy Ingress cannot limit by burst",
        ),
        (
            LimitRequest { ingress: IngressName::new("nowhere", "web").unwrap(), ..request(5) },
            "there is no Ingress nowhere/web",
        ),
    ];
    for (request, why) in table {
        let error = setter.apply(request).unwrap_err().to_string();
        assert!(error.starts_with(why) && !error.contains('\n'), "{error}");
    }
    api.with(|kube| kube.users.retain(|user| user.name == "nobody"));
    let error = setter.apply(request(5)).unwrap_err().to_string();
    assert!(error.contains("credentials"), "{error}");
    assert_eq!(state(&api), was);
}

#[test]
fn who_did_what_is_in_the_audit() {
    let api = server("nginx", Before::Kubectl);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weir.db");
    drop(Store::open(&path).unwrap());
    let setter = Setter { audit: Some(&path), ..Setter::of(&api) };
    let applied = setter.apply(request(5)).unwrap();
    setter.apply(request(0)).unwrap_err();
    setter.expire().unwrap();
    assert_eq!(applied.status.standing, Standing::Active);
    let reader = Reader::open(&path).unwrap();
    let records = reader.audit(None, 9).unwrap();
    let whats: Vec<_> = records.iter().rev().map(|record| record.what.as_str()).collect();
    assert_eq!(whats, ["limit.apply", "limit.refuse", "limit.expired"]);
    let apply = records.last().unwrap();
    assert_eq!((apply.who.as_str(), apply.from.as_str()), ("alice", "api"));
    assert_eq!(apply.object, "shop/web");
    assert_eq!(apply.before["foreign"][0], json!([RPS, "50"]));
    let held = &apply.after["held"];
    assert_eq!(held["limit"], "rps=5");
    assert_eq!(held["until"], rfc3339(NOW_US + 900_000_000));
    assert_eq!(held["values"][0]["previous"], "50");
    assert_eq!(held["values"][0]["previous_manager"], "kubectl-client-side-apply");
    assert_eq!(records[1].after["why"], "`rps` must be from 1 to 1000000, and is 0");
    let verified = reader.verify_audit().unwrap();
    assert_eq!((verified.records, verified.fault), (3, None));
}
