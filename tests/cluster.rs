//! The cluster as Weir sees it, against a double of the API server: lists and watches, what goes wrong
//! with them, objects that are written, rights, and the cluster at a glance.

#[path = "cluster/finding.rs"]
mod finding;
#[path = "cluster/glance.rs"]
mod glance;
#[path = "cluster/objects.rs"]
mod objects;
#[path = "cluster/scan.rs"]
mod scan;
#[path = "cluster/smells.rs"]
mod smells;
mod support;
#[path = "cluster/verbs.rs"]
mod verbs;
#[path = "cluster/watching.rs"]
mod watching;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};
use support::double::kube::ApiServer;
use tokio::runtime::Runtime;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use weir::cluster::{self, Cluster, ClusterStatus, Found, Link, Options, World};
use weir::packet::Address;
use weir::settings::Environment;

/// How long anything that is waited for may take.
const LONGEST: Duration = Duration::from_secs(30);

/// An API server, and a Weir that looks at it.
struct Stage {
    api: ApiServer,
    tasks: Runtime,
    cluster: Cluster,
    folder: tempfile::TempDir,
}

impl Stage {
    fn new() -> Self {
        Self::with(&Options::default())
    }

    fn with(options: &Options) -> Self {
        weir::notify::prepare();
        let folder = tempfile::tempdir().expect("a folder for it");
        let api = ApiServer::start();
        let options =
            Options { kubeconfig: Some(api.kubeconfig(folder.path())), ..options.clone() };
        let tasks = Runtime::new().expect("threads for it");
        let found = tasks.block_on(Cluster::find(&options, &Environment::default()));
        let Ok(Found::Cluster(cluster)) = found else { panic!("{found:?}") };
        Self { api, tasks, cluster, folder }
    }

    fn seed(&self, object: Value) {
        self.api.with(|kube| kube.seed(object));
    }

    fn watch(&self) -> Watched {
        let (sender, news) = channel();
        let stop = CancellationToken::new();
        let tell = move |status, world| drop(sender.send((status, world)));
        self.tasks.spawn(cluster::watch(self.cluster.clone(), tell, stop.clone()));
        Watched { news, stop, latest: <(ClusterStatus, Arc<World>)>::default() }
    }
}

struct Watched {
    news: Receiver<(ClusterStatus, Arc<World>)>,
    stop: CancellationToken,
    latest: (ClusterStatus, Arc<World>),
}

impl Watched {
    /// Waits until it is as wanted, however often there is other news.
    #[track_caller]
    fn until(&mut self, wanted: impl Fn(&ClusterStatus, &World) -> bool) {
        let end = Instant::now() + LONGEST;
        while !wanted(&self.latest.0, &self.latest.1) {
            match self.news.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(latest) => self.latest = latest,
                Err(error) => panic!("{error}: it stays {:#?}", self.latest.0),
            }
        }
    }

    /// Waits until every kind has been listed.
    #[track_caller]
    fn until_listed(&mut self) {
        self.until(|status, _| {
            status.link == Link::Up
                && status.watches.len() == 13
                && status.watches.iter().all(|watch| watch.heard_us.is_some())
        });
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn pod(name: &str, address: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": name, "namespace": "default", "uid": name },
        "spec": { "nodeName": "worker", "containers": [{ "name": "it", "image": "web:1" }] },
        "status": { "phase": "Running", "podIP": address, "startTime": "2026-01-01T00:00:00Z" },
    })
}

fn named(world: &World, address: &str) -> Option<String> {
    let address = Address::from(address.parse::<IpAddr>().expect("an address"));
    world.who(address, now_us()).map(|who| who.to_string())
}

fn now_us() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}
