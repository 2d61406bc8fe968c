//! What is kept of every object that is watched, and how fresh it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::record::{
    Class, ClassObject, Controlled, CronJobObject, DaemonSetObject, DeploymentObject,
    EndpointSlice, IngressObject, JobObject, Managed, Namespace, NamespaceObject, Node, NodeObject,
    Object, Pod, PodObject, ReplicaSetObject, Routed, Service, ServiceObject, Slice,
    StatefulSetObject,
};
use super::status::WatchStatus;

/// Namespace and name.
pub(super) type Key = (String, String);

/// Objects of one kind.
pub(super) type Shelf<R> = BTreeMap<Key, Arc<R>>;

/// What is kept.
#[derive(Debug, Default)]
pub(super) struct Store {
    pub(super) nodes: Shelf<Node>,
    pub(super) namespaces: Shelf<Namespace>,
    pub(super) pods: Shelf<Pod>,
    pub(super) services: Shelf<Service>,
    pub(super) slices: Shelf<Slice>,
    pub(super) ingresses: Shelf<Routed>,
    pub(super) classes: Shelf<Class>,
    pub(super) replica_sets: Shelf<Controlled>,
    pub(super) deployments: Shelf<Managed>,
    pub(super) stateful_sets: Shelf<Managed>,
    pub(super) daemon_sets: Shelf<Managed>,
    pub(super) jobs: Shelf<Managed>,
    pub(super) cron_jobs: Shelf<Managed>,
    /// Pods that have gone since this was last emptied.
    pub(super) ended: Vec<Ended>,
    /// How each kind is doing, by its resource.
    pub(super) watches: BTreeMap<&'static str, WatchStatus>,
    /// Grows with every change of what is kept.
    pub(super) changes: u64,
}

/// A pod that is gone.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) pod: Arc<Pod>,
    /// When that was seen, in µs since the epoch.
    pub(super) at_us: i64,
}

impl Store {
    /// What manages pods.
    pub(super) fn workloads(&self) -> [&Shelf<Managed>; 5] {
        [&self.deployments, &self.stateful_sets, &self.daemon_sets, &self.jobs, &self.cron_jobs]
    }

    /// How `K` is doing.
    pub(super) fn watch<K: Kind>(&mut self) -> &mut WatchStatus {
        self.watches.entry(K::RESOURCE).or_insert(WatchStatus {
            resource: K::RESOURCE,
            objects: 0,
            heard_us: None,
            failure: None,
            refused: None,
        })
    }

    /// Everything of `K` is there.
    pub(super) fn mark_listed<K: Kind>(&mut self) {
        self.watch::<K>().heard_us = Some(0);
    }

    /// Whether all pods have been listed at least once.
    pub(super) fn has_listed_pods(&self) -> bool {
        self.watches.get(PodObject::RESOURCE).is_some_and(|watch| watch.heard_us.is_some())
    }

    /// Everything of the kind `K` as it is now; what is not in `all` is gone.
    pub(super) fn replace<K: Kind>(&mut self, all: Shelf<K::Record>, now_us: i64) {
        let old = std::mem::replace(K::shelf(self), all);
        for (key, record) in old {
            K::replaced(self, &key, &record, now_us);
        }
        self.changes += 1;
    }

    /// An object as it is now.
    pub(super) fn put<K: Kind>(&mut self, key: &Key, record: K::Record, now_us: i64) {
        let known = K::shelf(self);
        if known.get(key).is_some_and(|old| **old == record) {
            return;
        }
        let old = known.insert(key.clone(), Arc::new(record));
        if let Some(old) = old {
            K::replaced(self, key, &old, now_us);
        }
        self.changes += 1;
    }

    /// An object is gone.
    pub(super) fn remove<K: Kind>(&mut self, key: &Key, now_us: i64) {
        if let Some(old) = K::shelf(self).remove(key) {
            K::replaced(self, key, &old, now_us);
            self.changes += 1;
        }
    }
}

/// A kind of objects that is watched.
pub(super) trait Kind: Object {
    /// The resource, as RBAC names it.
    const RESOURCE: &'static str;

    /// The path of the collection in all namespaces.
    const PATH: &'static str;

    /// What of each object is asked for.
    const EXTENT: Extent = Extent::Whole;

    /// Where it is kept.
    fn shelf(store: &mut Store) -> &mut Shelf<Self::Record>;

    /// `old` is not there any more, or not as it was.
    fn replaced(_store: &mut Store, _key: &Key, _old: &Arc<Self::Record>, _now_us: i64) {}
}

/// What of each object is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// All of it.
    Whole,
    /// Its metadata.
    Metadata,
}

macro_rules! kind {
    ($object:ty, $resource:literal, $group:literal, $shelf:ident $(, $more:item)*) => {
        impl Kind for $object {
            const RESOURCE: &'static str = $resource;
            const PATH: &'static str = concat!("/", $group, "/", $resource);
            $($more)*

            fn shelf(store: &mut Store) -> &mut Shelf<Self::Record> {
                &mut store.$shelf
            }
        }
    };
}

kind!(NodeObject, "nodes", "api/v1", nodes);
kind!(NamespaceObject, "namespaces", "api/v1", namespaces);
kind!(ServiceObject, "services", "api/v1", services);
kind!(EndpointSlice, "endpointslices", "apis/discovery.k8s.io/v1", slices);
kind!(IngressObject, "ingresses", "apis/networking.k8s.io/v1", ingresses);
kind!(ClassObject, "ingressclasses", "apis/networking.k8s.io/v1", classes);
kind!(
    ReplicaSetObject,
    "replicasets",
    "apis/apps/v1",
    replica_sets,
    const EXTENT: Extent = Extent::Metadata;
);
kind!(DeploymentObject, "deployments", "apis/apps/v1", deployments);
kind!(StatefulSetObject, "statefulsets", "apis/apps/v1", stateful_sets);
kind!(DaemonSetObject, "daemonsets", "apis/apps/v1", daemon_sets);
kind!(JobObject, "jobs", "apis/batch/v1", jobs);
kind!(CronJobObject, "cronjobs", "apis/batch/v1", cron_jobs);
kind!(
    PodObject,
    "pods",
    "api/v1",
    pods,
    fn replaced(store: &mut Store, key: &Key, old: &Arc<Pod>, now_us: i64) {
        // Another pod may have the name of the old one.
        if store.pods.get(key).is_none_or(|pod| pod.uid != old.uid) {
            store.ended.push(Ended { pod: Arc::clone(old), at_us: now_us });
        }
    }
);
