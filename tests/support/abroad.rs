//! An engine in this process that watches a double of the API server.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use weir::cluster::{self, Place};
use weir::detect::{Model, Runtime};
use weir::engine::{Abroad, Engine, Feed, Listening, Options, Parts};
use weir::flow::Timeouts;
use weir::incident::{self, Tracker};
use weir::respond::{Mode, ResponseOptions};
use weir::settings::{Environment, Speed};
use weir::store::{Retention, Store};

use super::double::kube::{ApiServer, namespace};

/// The web server of the bundled capture as a pod of before it, and a pod that was given the address of
/// the attacker after it.
pub fn cluster() -> ApiServer {
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
        kube.seed(namespace("shop"));
        kube.seed(pod("web-0", "192.0.2.10", "2026-11-01T00:00:00Z"));
        kube.seed(pod("web-1", "203.0.113.66", "2026-11-26T00:00:00Z"));
    });
    api
}

/// A response in this mode, without rules and exceptions.
pub fn response(mode: Mode) -> ResponseOptions {
    ResponseOptions {
        mode,
        rules: Vec::new(),
        at_once: 3,
        allowlist: Vec::new(),
        never: Vec::new(),
        held_back: None,
    }
}

/// An engine that takes `paths` for what happens now, and keeps all in `folder`.
pub fn engine(
    api: &ApiServer,
    folder: &Path,
    capture: (Vec<PathBuf>, Speed),
    response: ResponseOptions,
) -> Engine {
    listening(api, folder, capture, response, None)
}

/// The same, which hears the agent of Tetragon at `place`.
pub fn listening(
    api: &ApiServer,
    folder: &Path,
    (paths, speed): (Vec<PathBuf>, Speed),
    response: ResponseOptions,
    place: Option<&str>,
) -> Engine {
    weir::notify::prepare();
    let runtime = Runtime::start(None).expect("what runs the model");
    let options = cluster::Options {
        kubeconfig: Some(api.kubeconfig(folder)),
        ..cluster::Options::default()
    };
    let abroad = Abroad {
        place: Place::read(&options, &Environment::default()),
        response,
        monitors: vec!["monitoring".into()],
        listen: None,
        lease_namespace: None,
        undoes: true,
        is_needed: true,
        absent: None,
    };
    let timeouts = Timeouts { report_us: Some(1_000_000), ..Timeouts::default() };
    let model = Model::built_in().expect("a model");
    let parts = Parts {
        feed: Feed::Files { paths, filter: String::new(), speed },
        flows: Options { timeouts, max_flows: 1 << 20, shards: 1 },
        tracker: Tracker::new(
            "weir",
            incident::Options { weights: model.manifest.weights, ..incident::Options::default() },
        ),
        model,
        inference_threads: 1,
        store: Some(Store::open(&folder.join("weir.db")).expect("a database")),
        retention: Retention { age: Duration::from_hours(24 * 365), bytes: 1 << 30 },
        sinks: Vec::new(),
        known: Vec::new(),
        evidence: None,
        abroad: Some(abroad),
        tetragon: place.map(|place| Listening {
            wishes: vec![place.parse().expect("a place")],
            denied_namespaces: Vec::new(),
            memory_bytes: 1 << 20,
            absent: None,
        }),
        policies: None,
        scans: Err("this engine scans no images".into()),
    };
    Engine::start(parts, &runtime, Arc::default()).expect("an engine")
}
