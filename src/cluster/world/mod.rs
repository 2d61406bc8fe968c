//! All that is known of the cluster at a moment: immutable, cheap to share.
//!
//! It is built anew of what is kept ([`super::record`]) whenever something has changed, and never
//! asks anybody. What an Ingress is to be limited to is decided elsewhere.

mod build;
mod ingress;
mod made;
mod past;
mod serving;
mod tenure;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use ingress::{Ingress, Route, ServedBy};
pub(super) use past::Past;

use self::tenure::Tenures;
use super::record::{Managed, Namespace, Node, Pod, Service};
use super::store::Key;
use crate::incident::{Who, Workload};
use crate::packet::Address;

/// What is behind a service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Backing {
    /// Names of the pods, in the namespace of the service; sorted.
    pub pods: Vec<String>,
    /// Addresses of all that is behind it; sorted.
    pub addresses: Vec<Address>,
}

/// All that is known of the cluster at a moment.
#[derive(Debug, Default)]
pub struct World {
    /// Grows with each change; two worlds of one watch are the same if it is.
    revision: u64,
    tenures: Tenures,
    ingresses: Vec<Arc<Ingress>>,
    nodes: Vec<Arc<Node>>,
    node_addresses: Vec<Address>,
    namespaces: Vec<Arc<Namespace>>,
    pods: Vec<Arc<Pod>>,
    services: Vec<Arc<Service>>,
    workloads: Vec<Arc<Managed>>,
    backing: BTreeMap<Key, Backing>,
    who_by_pod: BTreeMap<Key, Arc<Who>>,
}

impl PartialEq for World {
    fn eq(&self, other: &Self) -> bool {
        self.revision == other.revision
    }
}

impl World {
    /// Who had `address` at `at_us` (µs since the epoch): a pod that has ended is found for the time
    /// in which it ran. None for whoever is outside.
    #[must_use]
    pub fn who(&self, address: Address, at_us: i64) -> Option<Arc<Who>> {
        self.tenures.who(address, at_us).map(Arc::clone)
    }

    /// How often what is known has changed; 0 before anything is.
    #[must_use]
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// Ingresses in order of namespace and name.
    #[must_use]
    pub fn ingresses(&self) -> &[Arc<Ingress>] {
        &self.ingresses
    }

    /// The Ingress `name` in `namespace`.
    #[must_use]
    pub fn ingress(&self, namespace: &str, name: &str) -> Option<&Arc<Ingress>> {
        let all = &self.ingresses;
        let at = all.binary_search_by(|one| {
            (one.namespace.as_str(), one.name.as_str()).cmp(&(namespace, name))
        });
        all.get(at.ok()?)
    }

    /// Nodes in order of their names.
    #[must_use]
    pub fn nodes(&self) -> &[Arc<Node>] {
        &self.nodes
    }

    /// Addresses of all nodes; sorted.
    #[must_use]
    pub fn node_addresses(&self) -> &[Address] {
        &self.node_addresses
    }

    /// Namespaces in order of their names.
    #[must_use]
    pub fn namespaces(&self) -> &[Arc<Namespace>] {
        &self.namespaces
    }

    /// Pods in order of namespace and name.
    #[must_use]
    pub fn pods(&self) -> &[Arc<Pod>] {
        &self.pods
    }

    /// Addresses of the pods in `namespaces` that have not ended; sorted.
    #[must_use]
    pub fn pods_in(&self, namespaces: &[String]) -> Vec<Address> {
        let of_them = self.pods.iter().filter(|pod| namespaces.contains(&pod.namespace));
        let mut all: Vec<_> = of_them
            .filter(|pod| !pod.phase.is_over())
            .flat_map(|pod| pod.addresses.iter().copied())
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The pod `name` in `namespace`.
    #[must_use]
    pub fn pod(&self, namespace: &str, name: &str) -> Option<&Arc<Pod>> {
        let all = &self.pods;
        let at = all.binary_search_by(|one| {
            (one.namespace.as_str(), one.name.as_str()).cmp(&(namespace, name))
        });
        all.get(at.ok()?)
    }

    /// What manages the pod `name` in `namespace`: the Deployment, not the `ReplicaSet` in between.
    #[must_use]
    pub fn workload_of(&self, namespace: &str, name: &str) -> Option<&Workload> {
        self.who_by_pod.get(&(namespace.to_owned(), name.to_owned()))?.workload.as_ref()
    }

    /// Services in order of namespace and name.
    #[must_use]
    pub fn services(&self) -> &[Arc<Service>] {
        &self.services
    }

    /// What is behind the service `name` in `namespace`.
    #[must_use]
    pub fn behind(&self, namespace: &str, name: &str) -> Option<&Backing> {
        self.backing.get(&(namespace.to_owned(), name.to_owned()))
    }

    /// What manages pods, by kind, then in order of namespace and name.
    #[must_use]
    pub fn workloads(&self) -> &[Arc<Managed>] {
        &self.workloads
    }
}
