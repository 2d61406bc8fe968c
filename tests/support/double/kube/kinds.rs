//! The kinds that the double serves, in one table.

use serde_json::{Value, json};

/// A kind of object.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its group; empty for the core.
    pub group: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Its resource: `ingresses`.
    pub resource: &'static str,
    /// Its name: `Ingress`.
    pub name: &'static str,
    /// The short name that kubectl knows, where there is one.
    pub short: &'static str,
    /// Whether it lives in a namespace.
    pub scope: Scope,
    /// Who keeps its rules.
    pub origin: Origin,
}

/// Where objects live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    Cluster,
    Namespaced,
}

/// Who keeps the rules of a kind, on which small differences hang.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The API server; a `PUT` may leave out the version.
    BuiltIn,
    /// The API server; a `PUT` must name the version.
    BuiltInChecked,
    /// A custom resource definition; a `PUT` must name the version.
    Custom,
    /// Another server behind it; nothing is written.
    Aggregated,
}

const fn kind(
    [group, version, resource, name, short]: [&'static str; 5],
    scope: Scope,
    origin: Origin,
) -> Kind {
    Kind { group, version, resource, name, short, scope, origin }
}

/// All of them.
#[rustfmt::skip]
pub const KINDS: &[Kind] = &[
    kind(["", "v1", "namespaces", "Namespace", "ns"], Scope::Cluster, Origin::BuiltIn),
    kind(["", "v1", "nodes", "Node", "no"], Scope::Cluster, Origin::BuiltIn),
    kind(["", "v1", "pods", "Pod", "po"], Scope::Namespaced, Origin::BuiltIn),
    kind(["", "v1", "services", "Service", "svc"], Scope::Namespaced, Origin::BuiltIn),
    kind(["", "v1", "events", "Event", "ev"], Scope::Namespaced, Origin::BuiltIn),
    kind(["", "v1", "configmaps", "ConfigMap", "cm"], Scope::Namespaced, Origin::BuiltIn),
    kind(["apps", "v1", "deployments", "Deployment", "deploy"], Scope::Namespaced, Origin::BuiltIn),
    kind(["apps", "v1", "replicasets", "ReplicaSet", "rs"], Scope::Namespaced, Origin::BuiltIn),
    kind(["apps", "v1", "statefulsets", "StatefulSet", "sts"], Scope::Namespaced, Origin::BuiltIn),
    kind(["apps", "v1", "daemonsets", "DaemonSet", "ds"], Scope::Namespaced, Origin::BuiltIn),
    kind(["batch", "v1", "jobs", "Job", ""], Scope::Namespaced, Origin::BuiltIn),
    kind(["batch", "v1", "cronjobs", "CronJob", "cj"], Scope::Namespaced, Origin::BuiltIn),
    kind(["discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", ""], Scope::Namespaced, Origin::BuiltIn),
    kind(["networking.k8s.io", "v1", "ingresses", "Ingress", "ing"], Scope::Namespaced, Origin::BuiltIn),
    kind(["networking.k8s.io", "v1", "ingressclasses", "IngressClass", ""], Scope::Cluster, Origin::BuiltIn),
    kind(["coordination.k8s.io", "v1", "leases", "Lease", ""], Scope::Namespaced, Origin::BuiltInChecked),
    kind(["traefik.io", "v1alpha1", "middlewares", "Middleware", ""], Scope::Namespaced, Origin::Custom),
    kind(["cilium.io", "v1alpha1", "tracingpolicies", "TracingPolicy", "tgtp"], Scope::Cluster, Origin::Custom),
    kind(["cilium.io", "v1alpha1", "tracingpoliciesnamespaced", "TracingPolicyNamespaced", "tgtpn"], Scope::Namespaced, Origin::Custom),
    kind(["metrics.k8s.io", "v1beta1", "nodes", "NodeMetrics", ""], Scope::Cluster, Origin::Aggregated),
    kind(["metrics.k8s.io", "v1beta1", "pods", "PodMetrics", ""], Scope::Namespaced, Origin::Aggregated),
];

impl Kind {
    /// The one at `/apis/GROUP/VERSION/RESOURCE`.
    pub fn at(group: &str, version: &str, resource: &str) -> Option<&'static Self> {
        KINDS
            .iter()
            .find(|kind| (kind.group, kind.version, kind.resource) == (group, version, resource))
    }

    /// The one that an object says it is.
    pub fn of(object: &Value) -> Option<&'static Self> {
        let (version, kind) = (object["apiVersion"].as_str()?, object["kind"].as_str()?);
        KINDS.iter().find(|one| one.api_version() == version && one.name == kind)
    }

    /// The one whose resource has this name; the core comes first.
    #[track_caller]
    pub fn named(resource: &str) -> &'static Self {
        let kind = KINDS.iter().find(|kind| kind.resource == resource);
        kind.unwrap_or_else(|| panic!("the double serves no {resource}"))
    }

    /// `networking.k8s.io/v1`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.into()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// `ingresses.networking.k8s.io`.
    pub fn qualified(&self) -> String {
        self.with_group(self.resource)
    }

    /// `Ingress.networking.k8s.io`.
    pub fn qualified_kind(&self) -> String {
        self.with_group(self.name)
    }

    fn with_group(&self, name: &str) -> String {
        if self.group.is_empty() { name.into() } else { format!("{name}.{}", self.group) }
    }

    /// Whether changes of `spec` are counted in `metadata.generation`.
    pub fn counts_generations(&self) -> bool {
        !matches!(
            self.resource,
            "namespaces" | "nodes" | "pods" | "services" | "events" | "configmaps" | "leases"
        )
    }

    /// Whether `status` is written apart, at `/status`.
    pub fn has_status(&self) -> bool {
        self.origin == Origin::BuiltIn
            && !matches!(
                self.resource,
                "events" | "configmaps" | "endpointslices" | "ingressclasses"
            )
    }

    /// What is there before anything is written: what the API server never leaves out.
    pub fn blank(&self) -> Value {
        let mut blank = json!({ "metadata": {} });
        if self.origin == Origin::Custom
            || matches!(self.resource, "events" | "configmaps" | "endpointslices")
        {
            return blank;
        }
        blank["spec"] = json!({});
        if self.has_status() {
            let balancer = matches!(self.resource, "ingresses" | "services");
            blank["status"] = if balancer { json!({ "loadBalancer": {} }) } else { json!({}) };
        }
        blank
    }
}
