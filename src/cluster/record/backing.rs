//! Services, and the pods behind them.

use serde::Deserialize;

use super::wire::{Meta, Object, address, nullable};
use crate::packet::Address;

/// The label that names the service of an `EndpointSlice`.
const SERVICE_NAME: &str = "kubernetes.io/service-name";

/// What is kept of a service.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Addresses inside the cluster; none of a headless one.
    pub cluster_addresses: Vec<Address>,
    /// Addresses of its load balancers. Its `externalIPs` are left out: whoever makes a service writes
    /// there what he likes.
    pub outer_addresses: Vec<Address>,
    /// When it came to be, in µs since the epoch.
    pub created_us: Option<i64>,
}

/// A service as it is read.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ServiceObject {
    metadata: Meta,
    #[serde(default)]
    spec: Spec,
    #[serde(default)]
    status: Status,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    #[serde(rename = "clusterIP")]
    cluster_ip: String,
    #[serde(rename = "clusterIPs", deserialize_with = "nullable")]
    cluster_ips: Vec<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    load_balancer: LoadBalancer,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct LoadBalancer {
    #[serde(deserialize_with = "nullable")]
    ingress: Vec<Way>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Way {
    ip: String,
}

impl Object for ServiceObject {
    type Record = Service;

    fn meta(&self) -> &Meta {
        &self.metadata
    }

    fn record(self) -> Service {
        let Self { metadata, spec, status } = self;
        let inner = spec.cluster_ips.iter().chain([&spec.cluster_ip]).map(String::as_str);
        let outer = status.load_balancer.ingress.iter().map(|way| way.ip.as_str());
        Service {
            cluster_addresses: addresses(inner),
            outer_addresses: addresses(outer),
            created_us: metadata.created_us(),
            namespace: metadata.namespace,
            name: metadata.name,
        }
    }
}

fn addresses<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<Address> {
    let mut all: Vec<_> = texts.filter_map(address).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Some of what is behind a service.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Slice {
    /// Namespace of both.
    pub namespace: String,
    /// Name of the service.
    pub service: String,
    /// What is behind it.
    pub endpoints: Vec<Endpoint>,
}

/// One that is behind a service.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Endpoint {
    /// Its addresses.
    pub addresses: Vec<Address>,
    /// The pod that it is, in the namespace of the service; none where it is no pod.
    pub pod: Option<String>,
}

/// An `EndpointSlice` as it is read.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct EndpointSlice {
    metadata: Meta,
    #[serde(default, deserialize_with = "nullable")]
    endpoints: Vec<WireEndpoint>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WireEndpoint {
    #[serde(deserialize_with = "nullable")]
    addresses: Vec<String>,
    target_ref: Option<TargetRef>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct TargetRef {
    kind: String,
    name: String,
}

impl Object for EndpointSlice {
    type Record = Slice;

    fn meta(&self) -> &Meta {
        &self.metadata
    }

    fn record(mut self) -> Slice {
        let endpoints = self.endpoints.into_iter().map(|one| Endpoint {
            addresses: addresses(one.addresses.iter().map(String::as_str)),
            pod: one.target_ref.filter(|target| target.kind == "Pod").map(|target| target.name),
        });
        Slice {
            endpoints: endpoints.collect(),
            service: self.metadata.labels.remove(SERVICE_NAME).unwrap_or_default(),
            namespace: self.metadata.namespace,
        }
    }
}
