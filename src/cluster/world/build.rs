//! Builds a world of what is kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::serving::Controllers;
use super::{Backing, Ingress, Past, World};
use crate::cluster::record::{Pod, Routed};
use crate::cluster::store::{Key, Shelf, Store};
use crate::incident::{Who, WhoKind, Workload};
use crate::packet::Address;

impl World {
    /// The world that `store` and `past` make.
    pub(in crate::cluster) fn of(store: &Store, past: &Past, revision: u64) -> Self {
        let mut world = Self {
            revision,
            nodes: all(&store.nodes),
            namespaces: all(&store.namespaces),
            pods: all(&store.pods),
            services: all(&store.services),
            workloads: store.workloads().into_iter().flat_map(all).collect(),
            backing: backing(store),
            ..Self::default()
        };
        world.place_nodes();
        world.place_pods(store, past);
        world.place_services();
        world.route(store);
        world
    }

    fn place_nodes(&mut self) {
        for node in &self.nodes {
            let who = Arc::new(node_named(&node.name));
            for address in &node.addresses {
                self.tenures.add(*address, node.created_us.unwrap_or(i64::MIN), i64::MAX, &who);
            }
            self.node_addresses.extend(&node.addresses);
        }
        self.node_addresses.sort_unstable();
        self.node_addresses.dedup();
    }

    fn place_pods(&mut self, store: &Store, past: &Past) {
        let services = services_by_pod(&self.backing);
        for pod in &self.pods {
            let key = (pod.namespace.clone(), pod.name.clone());
            let service = services.get(&key).map(|&name| name.to_owned());
            let who = Arc::new(pod_named(pod, store, service));
            let until_us = if pod.phase.is_over() { pod.ended_us } else { Some(i64::MAX) };
            for address in &pod.addresses {
                let from_us = pod.started_us.unwrap_or(i64::MIN);
                if !pod.is_on_host_network {
                    self.tenures.add(*address, from_us, until_us.unwrap_or(from_us), &who);
                } else if !self.tenures.is_held(*address) {
                    // The node itself is not to be seen.
                    let node = Arc::new(node_named(&pod.node));
                    self.tenures.add(*address, from_us, i64::MAX, &node);
                }
            }
            self.who_by_pod.insert(key, who);
        }
        for gone in past.pods() {
            for address in &gone.addresses {
                self.tenures.add(*address, gone.from_us, gone.until_us, &gone.who);
            }
        }
    }

    fn place_services(&mut self) {
        for service in &self.services {
            let who = Arc::new(Who {
                kind: WhoKind::Service,
                namespace: service.namespace.clone(),
                name: service.name.clone(),
                workload: None,
                service: None,
            });
            // A load balancer may have no addresses but those of the nodes: they stay the nodes'. Nor
            // does a service take what is a pod's.
            let all = service.cluster_addresses.iter().chain(&service.outer_addresses);
            for address in all {
                if !self.tenures.is_held(*address) {
                    let from_us = service.created_us.unwrap_or(i64::MIN);
                    self.tenures.add(*address, from_us, i64::MAX, &who);
                }
            }
        }
    }

    fn route(&mut self, store: &Store) {
        let controllers = Controllers::of(store, &self.backing);
        for routed in store.ingresses.values() {
            let (class, served_by) = controllers.serving(&routed.class);
            let ingress = Ingress {
                namespace: routed.namespace.clone(),
                name: routed.name.clone(),
                uid: routed.uid.clone(),
                annotations: routed.annotations.clone(),
                labels: routed.labels.clone(),
                class,
                served_by,
                routes: routed.routes.clone(),
                backends: self.backends(routed, store),
            };
            self.ingresses.push(Arc::new(ingress));
        }
    }

    fn backends(&self, routed: &Routed, store: &Store) -> Vec<Address> {
        let mut found = Vec::new();
        for route in routed.routes.iter().filter(|route| !route.service.is_empty()) {
            let key = (routed.namespace.clone(), route.service.clone());
            found.extend(store.services.get(&key).iter().flat_map(|one| &one.cluster_addresses));
            found.extend(self.backing.get(&key).iter().flat_map(|one| &one.addresses));
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

fn all<R>(shelf: &Shelf<R>) -> Vec<Arc<R>> {
    shelf.values().map(Arc::clone).collect()
}

/// What is behind each service, of all of its slices together.
fn backing(store: &Store) -> BTreeMap<Key, Backing> {
    let mut backing = BTreeMap::<Key, Backing>::new();
    for slice in store.slices.values().filter(|slice| !slice.service.is_empty()) {
        let behind = backing.entry((slice.namespace.clone(), slice.service.clone())).or_default();
        for endpoint in &slice.endpoints {
            behind.addresses.extend(&endpoint.addresses);
            behind.pods.extend(endpoint.pod.clone());
        }
    }
    for behind in backing.values_mut() {
        behind.addresses.sort_unstable();
        behind.addresses.dedup();
        behind.pods.sort_unstable();
        behind.pods.dedup();
    }
    backing
}

/// The service that each pod is behind; of several the first by name.
fn services_by_pod(backing: &BTreeMap<Key, Backing>) -> BTreeMap<Key, &str> {
    let mut services = BTreeMap::new();
    for ((namespace, service), behind) in backing {
        for pod in &behind.pods {
            services.entry((namespace.clone(), pod.clone())).or_insert(service.as_str());
        }
    }
    services
}

fn node_named(name: &str) -> Who {
    Who {
        kind: WhoKind::Node,
        namespace: String::new(),
        name: name.to_owned(),
        workload: None,
        service: None,
    }
}

fn pod_named(pod: &Pod, store: &Store, service: Option<String>) -> Who {
    Who {
        kind: WhoKind::Pod,
        namespace: pod.namespace.clone(),
        name: pod.name.clone(),
        workload: pod.owner.as_ref().map(|owner| top(&pod.namespace, owner, store)),
        service,
    }
}

/// What manages the owner of a pod, or the owner itself where that is not known.
fn top(namespace: &str, owner: &Workload, store: &Store) -> Workload {
    let key = (namespace.to_owned(), owner.name.clone());
    let above = match owner.kind.as_str() {
        "ReplicaSet" => store.replica_sets.get(&key).and_then(|one| one.owner.as_ref()),
        "Job" => store.jobs.get(&key).and_then(|one| one.owner.as_ref()),
        _ => None,
    };
    above.unwrap_or(owner).clone()
}
