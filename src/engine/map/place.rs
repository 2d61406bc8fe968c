//! What has a node on the map.

use std::collections::BTreeSet;

use super::{MapNode, Sort};
use crate::cluster::World;
use crate::incident::{Who, WhoKind, Workload};
use crate::packet::Address;

/// What has a node on the map.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    sort: Sort,
    namespace: String,
    name: String,
    /// Of a workload.
    kind: Option<String>,
}

impl Place {
    pub(super) fn new(sort: Sort, namespace: &str, name: &str) -> Self {
        Self { sort, namespace: namespace.to_owned(), name: name.to_owned(), kind: None }
    }

    pub(super) fn workload(namespace: &str, workload: &Workload) -> Self {
        let place = Self::new(Sort::Workload, namespace, &workload.name);
        Self { kind: Some(workload.kind.clone()), ..place }
    }

    /// An address outside of the cluster.
    pub(super) fn outside(address: Address) -> Self {
        Self::new(Sort::Outside, "", &address.to_string())
    }

    /// All addresses outside that have no node of their own.
    pub(super) fn others_outside() -> Self {
        Self::new(Sort::Outside, "", "others")
    }

    pub(super) fn id(&self) -> String {
        let Self { sort, namespace, name, kind } = self;
        match (sort, kind) {
            (Sort::Ingress, _) => format!("ingress:{namespace}/{name}"),
            (Sort::Service, _) => format!("service:{namespace}/{name}"),
            (Sort::Workload, Some(kind)) => format!("workload:{namespace}/{kind}/{name}"),
            (Sort::Workload, None) => format!("workload:{namespace}/{name}"),
            (Sort::Pod, _) => format!("pod:{namespace}/{name}"),
            (Sort::Node, _) => format!("node:{name}"),
            (Sort::Outside, _) => format!("outside:{name}"),
        }
    }

    pub(super) fn node(&self) -> MapNode {
        MapNode {
            id: self.id(),
            sort: self.sort,
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            kind: self.kind.clone(),
        }
    }
}

impl From<&Who> for Place {
    fn from(who: &Who) -> Self {
        let sort = match who.kind {
            WhoKind::Pod => Sort::Pod,
            WhoKind::Service => Sort::Service,
            WhoKind::Node => Sort::Node,
        };
        Self::new(sort, &who.namespace, &who.name)
    }
}

/// All that the cluster has, what matters most first.
pub(super) fn all(world: &World) -> Vec<Place> {
    let ingresses = world.ingresses().iter();
    let ingresses = ingresses.map(|one| Place::new(Sort::Ingress, &one.namespace, &one.name));
    let services = world.services().iter();
    let services = services.map(|one| Place::new(Sort::Service, &one.namespace, &one.name));
    let running: Vec<_> = world.pods().iter().filter(|pod| !pod.phase.is_over()).collect();
    let workloads: BTreeSet<_> = running
        .iter()
        .filter_map(|pod| {
            let workload = world.workload_of(&pod.namespace, &pod.name)?;
            Some(Place::workload(&pod.namespace, workload))
        })
        .collect();
    let pods = running.iter().map(|pod| Place::new(Sort::Pod, &pod.namespace, &pod.name));
    ingresses.chain(services).chain(workloads).chain(pods).collect()
}
