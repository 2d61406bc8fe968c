//! An engine beside a cluster: what it finds goes by the names that the cluster has for it.

mod support;

use std::sync::Arc;

use serde_json::{Value, json};
use support::abroad;
use support::double::kube::ApiServer;
use support::engine::{DEMO, await_some};
use tempfile::TempDir;
use weir::detect::Class;
use weir::engine::{Engine, Handle, SourceState};
use weir::filter::Filter;
use weir::incident::Incident;
use weir::respond::Mode;
use weir::settings::Speed;
use weir::store::{Query, Reader};

/// The web server of the bundled capture as a pod of before it, and a pod that was given the address of
/// the attacker after it.
fn cluster() -> ApiServer {
    let pod = |name: &str, address: &str, since: &str| -> Value {
        json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {
                "name": name, "namespace": "shop", "uid": name, "creationTimestamp": since,
                "ownerReferences": [{
                    "apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "uid": "web",
                    "controller": true,
                }],
            },
            "spec": { "nodeName": "worker", "containers": [{ "name": "web", "image": "shop/web:1" }] },
            "status": {
                "phase": "Running", "startTime": since,
                "podIP": address, "podIPs": [{ "ip": address }],
            },
        })
    };
    let api = ApiServer::start();
    api.with(|kube| {
        kube.seed(
            json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "shop" } }),
        );
        kube.seed(pod("web-0", "192.0.2.10", "2026-11-01T00:00:00Z"));
        kube.seed(pod("web-1", "203.0.113.66", "2026-11-26T00:00:00Z"));
    });
    api
}

/// An engine that replays the bundled capture beside a cluster.
fn engine(api: &ApiServer, folder: &TempDir, speed: Speed) -> Engine {
    let capture = (vec![DEMO.into()], speed);
    abroad::engine(api, folder.path(), capture, abroad::response(Mode::Observe))
}

/// The flood as the engine shows it once the capture has been read to its end.
fn flood(handle: &Handle, fits: impl Fn(&Incident) -> bool) -> Arc<Incident> {
    await_some("the flood", || {
        let snapshot = handle.snapshot();
        let mut incidents = snapshot.incidents.iter();
        let flood = incidents.find(|one| one.class == Class::DosFlood && fits(one));
        flood.filter(|_| snapshot.source.state == SourceState::Ended).map(Arc::clone)
    })
}

/// The flood as the database has it.
fn kept(folder: &TempDir) -> Incident {
    let reader = Reader::open(&folder.path().join("weir.db")).expect("a database");
    let page = reader.incidents(&Query { limit: 99, ..Query::default() }).expect("incidents");
    page.incidents.into_iter().find(|one| one.class == Class::DosFlood).expect("the flood")
}

#[test]
fn an_attack_is_on_the_pod_that_had_the_address_then() {
    let folder = tempfile::tempdir().expect("a folder");
    let api = cluster();
    // The attack begins after 17 s: by then it is known who is who.
    let engine = engine(&api, &folder, Speed::Times(10.0));
    let flood = flood(&engine.handle(), |flood| !flood.names.is_empty());
    let said = flood.sentence();
    // Nobody of the cluster had the address of the attacker yet.
    assert!(said.starts_with("high dos-flood of shop/web:80 and "), "{said}");
    assert!(said.contains(" by 203.0.113.66 "), "{said}");
    let snapshot = engine.handle().snapshot();
    let filter = Filter::parse("dst:shop/web class:dos*").expect("a filter");
    assert!(snapshot.conversations.iter().any(|row| filter.matches(&**row, snapshot.now_us)));
    engine.finish().expect("all is kept");
    let kept = kept(&folder);
    assert_eq!(kept.names, flood.names.clone().opened(flood.pivot));
    assert_eq!(kept.names.opened_about().map(ToString::to_string).as_deref(), Some("shop/web-0"));
}

#[test]
fn a_cluster_that_comes_later_names_what_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let api = cluster();
    api.refuse();
    let engine = engine(&api, &folder, Speed::Max);
    let nameless = flood(&engine.handle(), |_| true);
    assert!(nameless.names.is_empty(), "{nameless:?}");
    api.heal();
    let named = flood(&engine.handle(), |flood| !flood.names.is_empty());
    assert_eq!(named.names.label(named.pivot), "shop/web");
    engine.finish().expect("all is kept");
    let kept = kept(&folder);
    assert_eq!((&kept.names, kept.flows), (&named.names, nameless.flows));
    assert_eq!(kept.names.opened_about(), None);
}
