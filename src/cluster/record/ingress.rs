//! Ingresses and their classes.

use serde::Deserialize;

use super::wire::{Meta, Object, nullable};
use crate::cluster::world::Route;

/// The annotation that named the class before the field did.
const OLD_CLASS: &str = "kubernetes.io/ingress.class";

/// The annotation of the class that serves what names none.
const DEFAULT_CLASS: &str = "ingressclass.kubernetes.io/is-default-class";

/// An annotation that repeats the whole object.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// How the class of an Ingress is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ClassName {
    /// By `spec.ingressClassName`.
    Field(String),
    /// By the old annotation.
    Annotation(String),
    /// Not at all.
    Default,
}

/// What is kept of an Ingress.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Routed {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its UID.
    pub uid: String,
    /// Annotations, without the one in which kubectl repeats the whole object.
    pub annotations: Vec<(String, String)>,
    /// Labels.
    pub labels: Vec<(String, String)>,
    /// How its class is named.
    pub class: ClassName,
    /// Where it leads.
    pub routes: Vec<Route>,
}

/// An Ingress as it is read.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct IngressObject {
    metadata: Meta,
    #[serde(default)]
    spec: Spec,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    ingress_class_name: Option<String>,
    default_backend: Option<Backend>,
    #[serde(deserialize_with = "nullable")]
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Rule {
    host: String,
    http: Option<Http>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Http {
    #[serde(deserialize_with = "nullable")]
    paths: Vec<Path>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Path {
    path: String,
    backend: Backend,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Backend {
    service: Option<ServiceBackend>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct ServiceBackend {
    name: String,
}

impl Object for IngressObject {
    type Record = Routed;

    fn meta(&self) -> &Meta {
        &self.metadata
    }

    fn record(self) -> Routed {
        let Self { mut metadata, spec } = self;
        let old = metadata.annotations.get(OLD_CLASS).filter(|class| !class.is_empty());
        let class = match (&spec.ingress_class_name, old) {
            (Some(class), _) => ClassName::Field(class.clone()),
            (None, Some(class)) => ClassName::Annotation(class.clone()),
            (None, None) => ClassName::Default,
        };
        metadata.annotations.remove(LAST_APPLIED);
        Routed {
            class,
            routes: spec.routes(),
            annotations: metadata.annotations.into_iter().collect(),
            labels: metadata.labels.into_iter().collect(),
            namespace: metadata.namespace,
            name: metadata.name,
            uid: metadata.uid,
        }
    }
}

impl Spec {
    /// The paths of all rules; a rule without paths, and whatever no rule covers, go to the default
    /// backend.
    fn routes(&self) -> Vec<Route> {
        let mut all = Vec::new();
        for rule in &self.rules {
            let paths = rule.http.iter().flat_map(|http| &http.paths);
            let before = all.len();
            all.extend(paths.map(|path| route(&rule.host, &path.path, &path.backend)));
            if all.len() == before {
                let fallback = self.default_backend.clone().unwrap_or_default();
                all.push(route(&rule.host, "", &fallback));
            }
        }
        if let Some(backend) = &self.default_backend {
            all.push(route("", "", backend));
        }
        all
    }
}

fn route(host: &str, path: &str, backend: &Backend) -> Route {
    let service = backend.service.clone().unwrap_or_default().name;
    Route { host: lower(host), path: path.to_owned(), service }
}

fn lower(host: &str) -> String {
    host.to_ascii_lowercase()
}

/// What is kept of an `IngressClass`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Class {
    /// Its name.
    pub name: String,
    /// `spec.controller`.
    pub controller: String,
    /// Whether it serves Ingresses that name no class.
    pub is_default: bool,
}

/// An `IngressClass` as it is read.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ClassObject {
    metadata: Meta,
    #[serde(default)]
    spec: ClassSpec,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct ClassSpec {
    controller: String,
}

impl Object for ClassObject {
    type Record = Class;

    fn meta(&self) -> &Meta {
        &self.metadata
    }

    fn record(self) -> Class {
        let is_default =
            self.metadata.annotations.get(DEFAULT_CLASS).is_some_and(|it| it == "true");
        Class { name: self.metadata.name, controller: self.spec.controller, is_default }
    }
}
