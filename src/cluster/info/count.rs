//! Counts what is watched.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::{Known, Load, NamespaceInfo, NodeInfo, PodCounts, Reserved, WorkloadInfo, link_why};
use crate::cluster::record::{Amounts, Node, Pod};
use crate::cluster::{ClusterStatus, World};

/// `value`, if all of `resources` have been listed.
fn known<T>(status: &ClusterStatus, resources: &[&str], value: impl FnOnce() -> T) -> Known<T> {
    let mut as_of = None::<i64>;
    for resource in resources {
        let watch = status.watches.iter().find(|watch| watch.resource == *resource);
        let Some(heard_us) = watch.and_then(|watch| watch.heard_us) else {
            let failure = watch.and_then(|watch| watch.failure.clone());
            let why = failure.or_else(|| link_why(&status.link));
            let why = why.unwrap_or_else(|| "they have not been listed yet".to_owned());
            return Known::unknown(format!("{resource}: {why}"));
        };
        as_of = Some(as_of.map_or(heard_us, |oldest| oldest.min(heard_us)));
    }
    Known::at(value(), as_of.and_then(|us| Timestamp::from_microsecond(us).ok()))
}

/// Nodes, and what is reserved and used there.
pub(super) fn nodes(
    status: &ClusterStatus,
    world: &World,
    usage: &BTreeMap<String, Load>,
) -> Known<Vec<NodeInfo>> {
    let pods_are_known = known(status, &["pods"], || ()).value.is_some();
    let reserved = reserved_by_node(world.pods());
    let node = |node: &Arc<Node>| NodeInfo {
        name: node.name.clone(),
        is_ready: node.is_ready,
        is_cordoned: node.is_cordoned,
        roles: node.roles.clone(),
        kubelet: node.kubelet.clone(),
        pressure: node.pressure.clone(),
        reserved: pods_are_known.then(|| {
            let (requests, pods) = reserved.get(node.name.as_str()).copied().unwrap_or_default();
            Reserved { requests: load(requests), allocatable: whole(node.allocatable), pods }
        }),
        usage: usage.get(&node.name).copied(),
    };
    known(status, &["nodes"], || world.nodes().iter().map(node).collect())
}

/// Namespaces.
pub(super) fn namespaces(status: &ClusterStatus, world: &World) -> Known<Vec<NamespaceInfo>> {
    known(status, &["namespaces"], || {
        let all = world.namespaces().iter();
        all.map(|one| NamespaceInfo { name: one.name.clone(), phase: one.phase.clone() }).collect()
    })
}

/// How far pods are.
pub(super) fn pods(status: &ClusterStatus, world: &World) -> Known<PodCounts> {
    known(status, &["pods"], || {
        let mut counts = PodCounts::default();
        for pod in world.pods() {
            counts.total += 1;
            *counts.by_phase.entry(pod.phase.name()).or_default() += 1;
            let there = counts.by_namespace.entry(pod.namespace.clone()).or_default();
            *there.entry(pod.phase.name()).or_default() += 1;
        }
        counts
    })
}

/// What manages pods.
pub(super) fn workloads(status: &ClusterStatus, world: &World) -> Known<Vec<WorkloadInfo>> {
    let kinds = ["deployments", "statefulsets", "daemonsets", "jobs", "cronjobs"];
    known(status, &kinds, || {
        let all = world.workloads().iter();
        all.map(|one| WorkloadInfo {
            kind: one.kind,
            namespace: one.namespace.clone(),
            name: one.name.clone(),
            ready: one.ready,
            wanted: one.wanted,
        })
        .collect()
    })
}

/// What pods reserve on all nodes together.
pub(super) fn reserved(status: &ClusterStatus, world: &World) -> Known<Reserved> {
    known(status, &["nodes", "pods"], || {
        let by_node = reserved_by_node(world.pods());
        let (requests, pods) = by_node
            .values()
            .fold((Amounts::default(), 0), |(sum, pods), one| (sum.plus(one.0), pods + one.1));
        let allocatable = world.nodes().iter().map(|node| whole(node.allocatable));
        let allocatable = allocatable.reduce(|sum, one| Some(super::count::sum(sum?, one?)));
        Reserved { requests: load(requests), allocatable: allocatable.flatten(), pods }
    })
}

/// What is used on all nodes together, of what is used `by_node`.
pub(super) fn used(
    status: &ClusterStatus,
    world: &World,
    by_node: &Known<BTreeMap<String, Load>>,
) -> Known<Load> {
    let Some(used) = &by_node.value else {
        return Known::unknown(by_node.unknown.clone().unwrap_or_default());
    };
    let all = known(status, &["nodes"], || world.nodes().len());
    let Some(all) = all.value else {
        return Known::unknown(all.unknown.unwrap_or_default());
    };
    let missing = world.nodes().iter().filter(|node| !used.contains_key(&node.name)).count();
    if missing > 0 {
        return Known::unknown(format!("{missing} of {all} nodes are not measured"));
    }
    Known::at(used.values().copied().fold(Load::default(), sum), by_node.as_of)
}

/// What pods that have not ended reserve, and how many they are, by their nodes.
fn reserved_by_node(pods: &[Arc<Pod>]) -> BTreeMap<&str, (Amounts, u64)> {
    let mut by_node = BTreeMap::<&str, (Amounts, u64)>::new();
    let placed = pods.iter().filter(|pod| !pod.node.is_empty() && !pod.phase.is_over());
    for pod in placed {
        let (sum, pods) = by_node.entry(&pod.node).or_default();
        *sum = sum.plus(pod.requests);
        *pods += 1;
    }
    by_node
}

/// Both together.
pub(super) const fn sum(one: Load, other: Load) -> Load {
    Load {
        cpu_milli: one.cpu_milli.saturating_add(other.cpu_milli),
        memory_bytes: one.memory_bytes.saturating_add(other.memory_bytes),
    }
}

/// Amounts of which what is not mentioned is nothing.
pub(super) fn load(amounts: Amounts) -> Load {
    Load {
        cpu_milli: amounts.cpu.unwrap_or_default().thousandths(),
        memory_bytes: amounts.memory.unwrap_or_default().wholes(),
    }
}

/// Amounts, if both are mentioned.
pub(super) fn whole(amounts: Amounts) -> Option<Load> {
    (amounts.cpu.is_some() && amounts.memory.is_some()).then(|| load(amounts))
}
