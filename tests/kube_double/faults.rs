//! How the double fails on command, and where tests step in.

use std::time::Duration;

use kube::api::{Api, DynamicObject, Patch, PatchParams};
use kube::core::{ApiResource, GroupVersionKind};
use serde_json::json;

use crate::caller::{WEB, Watching, apply, get, try_ask};
use crate::support::double::fault::Fault;
use crate::support::double::http::Piece;
use crate::support::double::kube::merge::Force;
use crate::support::double::kube::plan::When;
use crate::support::engine::await_some;
use crate::{WEB_PATH, annotations, bare, ingress, owners, server};

#[test]
fn a_server_in_trouble_says_so() {
    let api = server();
    for (fault, status, reason) in [
        (Fault::Busy(1), 429, "TooManyRequests"),
        (Fault::Status(500), 500, "InternalError"),
        (Fault::Status(503), 503, "ServiceUnavailable"),
        (Fault::Status(401), 401, "Unauthorized"),
    ] {
        api.with(|kube| kube.plan.fail(1, fault, |asked| asked.verb == "patch"));
        assert_eq!(get(&api, "/version").status, 200, "only what the test picks fails");
        let reply = apply(&api, "fieldManager=weir", &ingress(&json!({})));
        assert_eq!((reply.status, &reply.body["reason"]), (status, &json!(reason)));
        assert_eq!(reply.headers.contains("retry-after: 1\n"), status == 429);
        assert_eq!(get(&api, WEB).status, 404, "{fault:?} took something");
    }
    assert_eq!(apply(&api, "fieldManager=weir", &ingress(&json!({}))).status, 201);
}

#[test]
fn answers_are_lost_in_every_way() {
    let api = server();
    let sent = ingress(&json!({})).to_string();
    let target = format!("{WEB}?fieldManager=weir");
    for (fault, takes) in [(Fault::Reset, false), (Fault::Cut, true), (Fault::Half, true)] {
        api.with(|kube| kube.plan.fail(1, fault, |asked| asked.verb == "patch"));
        let lost = try_ask(&api, "PATCH", &target, ("application/apply-patch+yaml", &sent));
        assert!(lost.is_err(), "{fault:?}: {lost:?}");
        assert_eq!(get(&api, WEB).status == 200, takes, "{fault:?}");
        api.with(|kube| kube.remove("ingresses", "shop", "web"));
    }
    api.with(|kube| kube.plan.fail(1, Fault::Late(Duration::from_millis(300)), |_| true));
    let began = tokio::time::Instant::now();
    assert_eq!(get(&api, "/version").status, 200);
    assert!(began.elapsed() >= Duration::from_millis(300));
}

#[test]
fn watches_end_in_every_way() {
    let api = server();
    let path = "/api/v1/namespaces?watch=1";
    let half = "{\"type\":\"ADDED\",\"object\":{}}\n".to_owned();
    for piece in [Piece::Cut, Piece::Half(half), Piece::End] {
        let mut watch = Watching::open(&api, path);
        for _ in 0..3 {
            assert_eq!(watch.told().0, "ADDED");
        }
        assert_eq!(api.with(|kube| kube.store.watches()), 1);
        api.with(|kube| kube.store.cut_watches(&piece));
        match watch.next() {
            Ok(end) => assert_eq!((end, piece), (None, Piece::End)),
            Err(_) => assert_ne!(piece, Piece::End),
        }
    }
    let mut watch = Watching::open(&api, path);
    (0..3).for_each(|_| drop(watch.told()));
    api.refuse();
    assert!(watch.next().is_err(), "a server that is away keeps no watch");
    assert!(try_ask(&api, "GET", "/version", ("", "")).is_err());
    api.heal();
    await_some("the server", || try_ask(&api, "GET", "/version", ("", "")).ok());
}

#[test]
fn somebody_else_writes_just_before_and_just_after() {
    let api = server();
    apply(&api, "fieldManager=argocd", &ingress(&json!({ "a": "1" })));
    let ours = |value: &str| bare(&json!({ "ours": value }));
    for (when, kept) in [(When::Before, "1"), (When::After, "theirs")] {
        let is_ours = |asked: &crate::support::double::kube::asked::Asked| asked.manager == "weir";
        api.with(|kube| {
            kube.plan.at(when, 1, is_ours, |kube| {
                let patch = annotations(&json!({ "ours": "theirs" }));
                kube.patch_as("kubectl", WEB_PATH, &patch).expect("patched");
            });
        });
        assert_eq!(apply(&api, "fieldManager=weir&force=true", &ours("0")).status, 200);
        let now = || get(&api, WEB).body["metadata"]["annotations"]["ours"].clone();
        assert_eq!(now(), "0", "the first of the two is let pass");
        assert_eq!(apply(&api, "fieldManager=weir&force=true", &ours("1")).status, 200);
        assert_eq!(now(), kept);
    }
}

#[test]
fn what_was_asked_is_written_down() {
    let api = server();
    apply(&api, "fieldManager=weir", &ingress(&json!({})));
    apply(&api, "fieldManager=weir&dryRun=All", &ingress(&json!({ "a": "1" })));
    get(&api, WEB);
    let log = api.with(|kube| kube.log.clone());
    let line = |at: usize| (log[at].asked.verb, &*log[at].asked.manager, log[at].status);
    assert_eq!(
        [line(0), line(1), line(2)],
        [("patch", "weir", 201), ("patch", "weir", 200), ("get", "caller", 200),]
    );
    assert_eq!((&*log[0].asked.path, &*log[0].asked.query), (WEB, "fieldManager=weir"));
    assert_eq!(api.with(|kube| kube.writes().len()), 1, "a dry run is no write");
}

#[tokio::test]
async fn the_client_that_weir_uses_is_served() {
    let api = server();
    let folder = tempfile::tempdir().expect("a folder");
    let config = kube::config::Kubeconfig::read_from(api.kubeconfig(folder.path()));
    let options = kube::config::KubeConfigOptions::default();
    let config = kube::Config::from_custom_kubeconfig(config.expect("a file"), &options).await;
    weir::notify::prepare();
    let client = kube::Client::try_from(config.expect("a cluster")).expect("a client");
    let kind = GroupVersionKind::gvk("networking.k8s.io", "v1", "Ingress");
    let resource = ApiResource::from_gvk_with_plural(&kind, "ingresses");
    let ingresses = Api::<DynamicObject>::namespaced_with(client, "shop", &resource);
    api.with(|kube| kube.apply_as("argocd", &ingress(&json!({ "a": "1" })), Force::No))
        .expect("applied");
    let wanted = bare(&json!({ "a": "2" }));
    let params = PatchParams::apply("weir");
    let refused = ingresses.patch("web", &params, &Patch::Apply(&wanted)).await;
    let Err(kube::Error::Api(status)) = refused else { panic!("{refused:?}") };
    assert_eq!((status.code, status.reason.as_str()), (409, "Conflict"));
    let taken = ingresses.patch("web", &params.force(), &Patch::Apply(&wanted)).await;
    assert_eq!(taken.expect("taken").metadata.annotations.expect("some")["a"], "2");
    let listed = ingresses.list(&kube::api::ListParams::default()).await.expect("a list");
    assert_eq!(listed.items.len(), 1);
    let owned = owners(&api.with(|kube| kube.get("ingresses", "shop", "web")));
    assert_eq!(owned.len(), 2, "{owned:#?}");
}
