//! A Kubernetes API server over plain HTTP, for tests.
//!
//! ```text
//! let api = ApiServer::start();                       // on an address of 127.0.0.0/8 of its own
//! let config = api.kubeconfig(folder.path());         // for `--kubeconfig`, user `weir`, all rights
//! api.with(|kube| kube.seed_yaml(INGRESS));           // objects as they are, `status` and all
//! api.with(|kube| kube.apply_as("argocd", &ingress, Force::No));
//! api.with(|kube| kube.patch_as("kubectl", ["ingresses", "shop", "web"], &patch));
//! api.with(|kube| kube.get("ingresses", "shop", "web"));              // null where it is not
//! api.with(|kube| kube.users[0].rights = Rights::Only(vec![..]));     // 403 for all else
//! api.with(|kube| kube.users[0].token = None);                        // 401: the token is no good
//! api.with(|kube| kube.plan.fail(2, Fault::Busy(1), |asked| asked.verb == "patch"));
//! api.with(|kube| kube.plan.at(When::After, 0, |asked| asked.resource == "ingresses", |kube| ..));
//! api.with(|kube| kube.absent.push("cilium.io"));     // its definitions are not installed
//! api.with(|kube| kube.store.compact());              // older versions are 410 Gone
//! api.with(|kube| kube.store.cut_watches(&Piece::Cut));
//! api.refuse();  api.heal();                          // away, and back
//! api.with(|kube| kube.writes().len());               // the log: verb, path, query, manager, status
//! ```
//!
//! Faults of [`super::fault`] go to requests that a test picks by what they ask for; an act at a write
//! runs before or after it takes effect, while its client waits: there a test kills the client, or is
//! somebody else who writes. [`hands`] is what others do, [`service`] answers; [`merge`] and [`walk`] are server-side apply, pure;
//! [`store`] keeps objects and tells who watches, [`log`] what containers print. It knows the kinds in [`kinds`] and no others, merges
//! no strategic patches, and does not wait for finalizers. What is right of it is held against kubectl
//! and the API server's own merge in `tests/kube_double.rs`.

pub mod asked;
pub mod discovery;
pub mod fields;
pub mod hands;
pub mod kinds;
pub mod log;
pub mod managers;
pub mod merge;
pub mod object;
pub mod plan;
pub mod protobuf;
pub mod read;
pub mod rights;
pub mod schema;
pub mod select;
pub mod service;
pub mod status;
pub mod store;
pub mod target;
pub mod tracing;
pub mod validate;
pub mod walk;
pub mod write;

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use read::InitialEvents;
use rights::{Rights, User};
use service::Kube;

use super::server::Server;

/// The bearer token in its kubeconfig.
pub const TOKEN: &str = "token-of-weir";

/// An API server that can be reached.
pub struct ApiServer(Server<Kube>);

impl ApiServer {
    /// An empty cluster but for the namespaces that each has. `weir` may do everything, and so may
    /// `kubectl`, who shows no token.
    pub fn start() -> Self {
        let user = |token: Option<&str>, name: &str| User {
            token: token.map(str::to_owned),
            name: name.into(),
            rights: Rights::All,
        };
        let mut kube = Kube {
            store: store::Store::default(),
            users: vec![user(Some(TOKEN), "weir"), user(None, "kubectl")],
            log: Vec::new(),
            logs: log::Logs::default(),
            plan: plan::Plan::default(),
            absent: Vec::new(),
            initial_events: InitialEvents::Sent,
            version: "v1.33.1".into(),
        };
        for name in ["default", "kube-system"] {
            kube.seed(namespace(name));
        }
        Self(Server::start(|_| kube))
    }

    /// Writes a kubeconfig into `folder`, with the one context `double` in it; returns its path.
    pub fn kubeconfig(&self, folder: &Path) -> PathBuf {
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "double",
            "contexts": [{ "name": "double", "context": { "cluster": "double", "user": "weir" } }],
            "clusters": [{ "name": "double", "cluster": { "server": self.url("") } }],
            "users": [{ "name": "weir", "user": { "token": TOKEN } }],
        });
        let path = folder.join("kubeconfig");
        std::fs::write(&path, config.to_string()).expect("the folder is writable");
        path
    }

    /// The real kubectl, which talks to this server, or `None`, said on standard output, where it is
    /// absent. `folder` is its home.
    pub fn kubectl(&self, folder: &Path) -> Option<Command> {
        let paths = std::env::var_os("PATH").unwrap_or_default();
        let found = std::env::split_paths(&paths).map(|path| path.join("kubectl"));
        let Some(kubectl) = found.into_iter().find(|path| path.is_file()) else {
            println!("skipped: no kubectl");
            return None;
        };
        let mut command = Command::new(kubectl);
        command.env_clear().env("HOME", folder).env("KUBECONFIG", self.kubeconfig(folder));
        Some(command)
    }
}

impl Deref for ApiServer {
    type Target = Server<Kube>;

    fn deref(&self) -> &Server<Kube> {
        &self.0
    }
}

/// A pod of Tetragon's chart as the API server has it.
pub fn tetragon_pod(name: &str, node: &str, address: &str) -> serde_json::Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": "kube-system",
            "labels": { "app.kubernetes.io/name": "tetragon" },
        },
        "spec": { "nodeName": node, "containers": [{ "name": "tetragon", "image": "tetragon" }] },
        "status": { "phase": "Running", "podIP": address, "podIPs": [{ "ip": address }] },
    })
}

/// A namespace as the API server has it.
pub fn namespace(name: &str) -> serde_json::Value {
    json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": { "name": name, "labels": { "kubernetes.io/metadata.name": name } },
        "spec": { "finalizers": ["kubernetes"] },
        "status": { "phase": "Active" },
    })
}
