//! The cluster as the response sees it: Ingresses, and who must not be held by a limit.

use std::net::SocketAddr;

use crate::cluster::{Cluster, Ingress, Route, ServedBy, World};
use crate::engine::responder::serving;
use crate::packet::Address;
use crate::respond::{IngressName, Site, SiteRoute, Surroundings};

/// Says that Weir is not to limit what carries it, where it is `false`.
const PROTECT: &str = "weir.dev/protect";

/// Every Ingress of `world`.
#[must_use]
pub fn sites(world: &World) -> Vec<Site> {
    world.ingresses().iter().filter_map(|ingress| site(world, ingress)).collect()
}

fn site(world: &World, ingress: &Ingress) -> Option<Site> {
    let name = IngressName::new(&ingress.namespace, &ingress.name).ok()?;
    let (replicas, controller_addresses) = match &ingress.served_by {
        ServedBy::Controller { replicas, addresses, .. } => (*replicas, addresses.clone()),
        ServedBy::Unknown(_) => (0, Vec::new()),
    };
    let route =
        |Route { host, path, .. }: &Route| SiteRoute { host: host.clone(), path: path.clone() };
    Some(Site {
        controller: serving(world, &name).map_err(|refusal| refusal.to_string()),
        ingress: name,
        replicas,
        controller_addresses,
        routes: ingress.routes.iter().map(route).collect(),
        backends: ingress.backends.clone(),
        unprotected_by: unprotected_by(world, ingress),
    })
}

/// What says that Weir is to leave `ingress` alone.
fn unprotected_by(world: &World, ingress: &Ingress) -> Option<&'static str> {
    let mut namespaces = world.namespaces().iter();
    let namespace = namespaces.find(|namespace| *namespace.name == *ingress.namespace);
    match namespace {
        _ if ingress.labels.iter().any(|(name, value)| name == PROTECT && value == "false") => {
            Some("Ingress")
        }
        Some(namespace) if namespace.labels.get(PROTECT).is_some_and(|value| value == "false") => {
            Some("namespace")
        }
        _ => None,
    }
}

/// Who must not be held by a limit: what carries Weir's own API, nodes, and what watches the cluster.
pub(super) fn surroundings(
    world: &World,
    cluster: &Cluster,
    monitors: &[String],
    listen: Option<SocketAddr>,
) -> Surroundings {
    Surroundings {
        own: listen.map(|listen| own(world, cluster, listen)).unwrap_or_default(),
        nodes: world.node_addresses().to_vec(),
        monitors: world.pods_in(monitors),
    }
}

/// Addresses under which the API is reached inside the cluster: where it listens, the pod it runs in,
/// and the services in front of that.
fn own(world: &World, cluster: &Cluster, listen: SocketAddr) -> Vec<Address> {
    let mut own: Vec<Address> = Vec::new();
    if !(listen.ip().is_unspecified() || listen.ip().is_loopback()) {
        own.push(listen.ip().into());
    }
    if let Some((namespace, name)) = cluster.own_pod()
        && let Some(pod) = world.pod(namespace, name)
    {
        own.extend(pod.addresses.iter().copied());
    }
    let services = world.services().iter().filter(|service| {
        let behind = world.behind(&service.namespace, &service.name);
        behind.is_some_and(|backing| backing.addresses.iter().any(|one| own.contains(one)))
    });
    let in_front: Vec<_> = services
        .flat_map(|service| {
            service.cluster_addresses.iter().chain(&service.outer_addresses).copied()
        })
        .collect();
    own.extend(in_front);
    own
}
