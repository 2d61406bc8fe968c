//! An engine beside a cluster: what it finds goes by the names that the cluster has for it.

mod support;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use serde_json::{Value, json};
use support::engine::{DEMO, await_some};
use tempfile::TempDir;
use tokio::sync::watch;
use weir::cluster::World;
use weir::detect::{Class, Model, Runtime};
use weir::engine::{self, Engine, Feed, Handle, Parts, SourceState};
use weir::filter::Filter;
use weir::flow::Timeouts;
use weir::incident::{self, Incident, Tracker};
use weir::settings::Speed;
use weir::store::{Query, Reader, Retention, Store};

/// The web server of the bundled capture as a pod of before it, and a pod that was given the address of
/// the attacker after it.
fn world() -> Arc<World> {
    let pod = |name: &str, address: &str, since: &str| -> Value {
        json!({
            "kind": "Pod",
            "metadata": {
                "name": name, "namespace": "shop", "uid": name,
                "ownerReferences": [{ "kind": "StatefulSet", "name": "web", "controller": true }],
            },
            "spec": { "nodeName": "worker", "containers": [{ "image": "shop/web:1" }] },
            "status": {
                "phase": "Running", "startTime": since,
                "podIP": address, "podIPs": [{ "ip": address }],
            },
        })
    };
    let objects = [
        pod("web-0", "192.0.2.10", "2026-11-01T00:00:00Z"),
        pod("web-1", "203.0.113.66", "2026-11-26T00:00:00Z"),
    ];
    Arc::new(World::made_of(&objects).expect("objects of a cluster"))
}

/// An engine that replays the bundled capture, and sees these worlds.
fn engine(folder: &TempDir, worlds: watch::Receiver<Arc<World>>) -> Engine {
    let runtime = Runtime::start(None).expect("what runs the model");
    let timeouts = Timeouts { report_us: Some(1_000_000), ..Timeouts::default() };
    let parts = Parts {
        feed: Feed::Files { paths: vec![DEMO.into()], filter: String::new(), speed: Speed::Max },
        flows: engine::Options { timeouts, max_flows: 1 << 20, shards: 1 },
        model: Model::built_in().expect("a model"),
        inference_threads: 1,
        tracker: Tracker::new("weir", incident::Options::default()),
        store: Some(Store::open(&folder.path().join("weir.db")).expect("a database")),
        retention: Retention { age: Duration::from_hours(24 * 365), bytes: 1 << 30 },
        sinks: Vec::new(),
        known: Vec::new(),
        evidence: None,
        worlds: Some(worlds),
    };
    Engine::start(parts, &runtime, Arc::<AtomicBool>::default()).expect("an engine")
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
    let (_worlds, seen) = watch::channel(world());
    let engine = engine(&folder, seen);
    let flood = flood(&engine.handle(), |_| true);
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
    let (worlds, seen) = watch::channel(Arc::default());
    let engine = engine(&folder, seen);
    let nameless = flood(&engine.handle(), |_| true);
    assert!(nameless.names.is_empty(), "{nameless:?}");
    worlds.send_replace(world());
    let named = flood(&engine.handle(), |flood| !flood.names.is_empty());
    assert_eq!(named.names.label(named.pivot), "shop/web");
    engine.finish().expect("all is kept");
    let kept = kept(&folder);
    assert_eq!((&kept.names, kept.flows), (&named.names, nameless.flows));
    assert_eq!(kept.names.opened_about(), None);
}
