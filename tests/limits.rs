//! Limits at Ingresses of an API server: what each controller has written, that it is undone exactly
//! for whoever had a value before, and that nothing breaks it: others who write in between, answers
//! that are lost, a Weir that is killed after any of its writes.

#[path = "limits/exact.rs"]
mod exact;
#[path = "limits/faults.rs"]
mod faults;
#[path = "limits/kills.rs"]
mod kills;
mod support;

use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Value, json};
use support::double::kube::ApiServer;
use support::double::kube::merge::Force;
use tokio::runtime::{Builder, Runtime};
use weir::cluster::{Cluster, Effect, Options};
use weir::engine::{Applied, LimitError, Responder, Reverted, Tended};
use weir::respond::{Controller, IngressName, Limit, LimitRequest, Refusal};
use weir::store::{Actions, By};

const RPS: &str = "nginx.ingress.kubernetes.io/limit-rps";
const LISTED: &str = "traefik.ingress.kubernetes.io/router.middlewares";
const WEB: [&str; 3] = ["ingresses", "shop", "web"];

/// Classes of controllers that take limits, as an `IngressClass` names them.
const CLASSES: [(&str, &str, Controller); 5] = [
    ("nginx", "k8s.io/ingress-nginx", Controller::IngressNginx),
    ("f5", "nginx.org/ingress-controller", Controller::F5Nginx),
    ("traefik", "traefik.io/ingress-controller", Controller::Traefik),
    ("haproxy", "haproxy-ingress.github.io/controller", Controller::HaproxyCommunity),
    ("haproxytech", "haproxy.org/ingress-controller", Controller::HaproxyTechnologies),
];

/// Who had the Ingress and its values before, in every way in which one can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    Kubectl,
    Helm,
    ArgoCd,
    TwoWhoApply,
    OneWhoUpdatesAndOneWhoApplies,
}

impl Before {
    const ALL: [Self; 6] = [
        Self::Nothing,
        Self::Kubectl,
        Self::Helm,
        Self::ArgoCd,
        Self::TwoWhoApply,
        Self::OneWhoUpdatesAndOneWhoApplies,
    ];
}

/// An Ingress `shop/web` of `class`, as `before` had it.
fn server(class: &str, before: Before) -> ApiServer {
    let api = ApiServer::start();
    let values = json!({
        RPS: "50", "nginx.org/limit-req-rate": "50r/s", "haproxy.org/rate-limit-requests": "50",
        "haproxy-ingress.github.io/limit-rps": "50", LISTED: "auth-sso@kubernetescrd",
        "example.org/other": "stays",
    });
    let bare = ingress(class, &json!({ "example.org/other": "stays" }));
    let whole = ingress(class, &values);
    api.with(|kube| {
        kube.seed(support::double::kube::namespace("shop"));
        for (name, controller, _) in CLASSES {
            kube.seed(json!({
                "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass",
                "metadata": { "name": name }, "spec": { "controller": controller },
            }));
        }
        // The class is Traefik's too where it is told to: the pods say who it is.
        kube.seed(json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": { "name": "controller", "namespace": "ingress-nginx" },
            "spec": { "containers": [{
                "name": "controller", "image": "registry.k8s.io/ingress-nginx/controller:v1.13.0",
            }] },
            "status": { "phase": "Running", "podIP": "10.244.0.9",
                "conditions": [{ "type": "Ready", "status": "True" }] },
        }));
        let made = match before {
            Before::Nothing => kube.apply_as("argocd", &bare, Force::No),
            Before::Kubectl => kube.create_as("kubectl-client-side-apply", &whole),
            Before::Helm => kube.create_as("helm", &whole),
            Before::ArgoCd => kube.apply_as("argocd", &whole, Force::No),
            Before::TwoWhoApply => kube
                .apply_as("argocd", &whole, Force::No)
                .and_then(|_| kube.apply_as("flux", &whole, Force::No)),
            Before::OneWhoUpdatesAndOneWhoApplies => kube
                .create_as("kubectl", &whole)
                .and_then(|_| kube.apply_as("argocd", &whole, Force::No)),
        };
        made.expect("the API server takes it");
    });
    api
}

fn ingress(class: &str, annotations: &Value) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {
            "name": "web", "namespace": "shop", "annotations": annotations,
            "labels": { "app": "web" },
        },
        "spec": {
            "ingressClassName": class,
            "rules": [{
                "host": "shop.test",
                "http": { "paths": [{
                    "path": "/", "pathType": "Prefix",
                    "backend": { "service": { "name": "web", "port": { "number": 80 } } },
                }] },
            }],
        },
    })
}

/// The Ingress without its version and times, who owns what of it, and every Middleware.
fn state(api: &ApiServer) -> (Value, Vec<String>, Vec<Value>) {
    api.with(|kube| {
        let mut object = kube.get("ingresses", "shop", "web");
        let metadata = object["metadata"].as_object_mut().expect("it is as the test has set it up");
        metadata.remove("resourceVersion");
        let managed = metadata.remove("managedFields").unwrap_or_default();
        let mut owners: Vec<_> = managed
            .as_array()
            .into_iter()
            .flatten()
            .map(|entry| {
                let mut entry = entry.clone();
                entry.as_object_mut().expect("it is as the test has set it up").remove("time");
                entry.to_string()
            })
            .collect();
        owners.sort_unstable();
        let names = Controller::Traefik.middlewares(&name());
        let middlewares = names.iter().map(|name| kube.get("middlewares", "shop", name));
        (object, owners, middlewares.filter(|found| !found.is_null()).collect())
    })
}

fn annotation(api: &ApiServer, field: &str) -> Value {
    api.with(|kube| kube.get("ingresses", "shop", "web"))["metadata"]["annotations"][field].clone()
}

fn name() -> IngressName {
    IngressName::new("shop", "web").expect("it is as the test has set it up")
}

fn request(rps: u32) -> LimitRequest {
    LimitRequest {
        ingress: name(),
        limit: Limit { rps: Some(rps), ..Limit::default() },
        ttl: Duration::from_mins(15),
        reason: "flood".into(),
        incident: None,
        by: "alice via api".into(),
        is_dry_run: false,
    }
}

const NOW_US: i64 = 1_600_000_000_000_000;

/// One that sets limits at `api` as the engine does.
struct Setter<'a> {
    api: &'a ApiServer,
    audit: Option<&'a Path>,
    tasks: Runtime,
}

impl<'a> Setter<'a> {
    fn of(api: &'a ApiServer) -> Self {
        weir::notify::prepare();
        let tasks = Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("it is as the test has set it up");
        Self { api, audit: None, tasks }
    }

    fn run<T>(&self, work: impl AsyncFnOnce(&Responder<Cluster, Serving>) -> T) -> T {
        self.tasks.block_on(async {
            let cluster = Cluster::at(&self.api.url(""), &Options::default())
                .expect("it is as the test has set it up");
            let audit = self.audit.map(|path| {
                Mutex::new(Actions::open(path).expect("it is as the test has set it up"))
            });
            work(&Responder::new(cluster, serving as Serving, Box::new(audit))).await
        })
    }

    fn apply(&self, request: LimitRequest) -> Result<Applied, LimitError> {
        self.run(async |responder| responder.apply(request, &by(), NOW_US).await)
    }

    fn revert(&self) -> Result<Reverted, LimitError> {
        self.run(async |responder| responder.revert(&name(), &by(), Effect::Lasting, NOW_US).await)
    }

    /// What the next start does where the time of no limit is over.
    fn tend(&self) -> Tended {
        self.run(async |responder| responder.tend(&name(), &|_| false, NOW_US).await)
            .expect("it is as the test has set it up")
    }

    /// What whoever holds the Lease does once the time of the limit is over.
    fn expire(&self) -> Result<Tended, LimitError> {
        self.run(async |responder| responder.tend(&name(), &|_| true, NOW_US).await)
    }
}

type Serving = fn(&IngressName, &Value) -> Result<Controller, Refusal>;

#[expect(clippy::unnecessary_wraps, reason = "others do not know what serves an Ingress")]
fn serving(_: &IngressName, ingress: &Value) -> Result<Controller, Refusal> {
    let class = ingress["spec"]["ingressClassName"].as_str().unwrap_or_default();
    let (.., controller) = CLASSES
        .into_iter()
        .find(|(name, ..)| *name == class)
        .expect("it is as the test has set it up");
    Ok(controller)
}

fn by() -> By {
    By { who: "alice".into(), from: "api".into() }
}
