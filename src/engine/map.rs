//! What leads where: Ingresses, services, workloads and pods as the cluster has them, and the traffic
//! between them as it was seen.
//!
//! Bounded: what does not fit is left out, first pods without traffic, and counted.

mod dot;
mod place;
#[cfg(test)]
mod tests;
mod traffic;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use utoipa::ToSchema;

use self::place::Place;
use super::snapshot::Snapshot;
use crate::cluster::{Link, World};

/// Nodes that a map has.
pub const MOST_NODES: usize = 2_000;

/// Edges that a map has, those of the cluster and those of traffic each.
pub const MOST_EDGES: usize = 4_000;

/// What a node of the map is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sort {
    /// An Ingress.
    Ingress,
    /// A service.
    Service,
    /// What manages pods.
    Workload,
    /// A pod.
    Pod,
    /// A node of the cluster.
    Node,
    /// An address outside of the cluster, or all of them that have no node of their own.
    Outside,
}

/// Why one thing is connected to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// An Ingress leads to a service.
    Routes,
    /// A service is answered by a pod.
    Selects,
    /// A workload manages a pod.
    Owns,
}

/// A node of the map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MapNode {
    /// Names it in edges, and nothing else: `service:shop/web`.
    pub id: String,
    /// What it is.
    pub sort: Sort,
    /// Its namespace; empty for what has none.
    pub namespace: String,
    /// Its name; of what is outside, its address.
    pub name: String,
    /// Kind of a workload: `Deployment`.
    pub kind: Option<String>,
}

/// That one thing is connected to another, as the cluster has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MapEdge {
    /// Where it begins.
    pub from: String,
    /// Where it ends.
    pub to: String,
    /// Why.
    pub why: Why,
    /// Hosts and paths that an Ingress routes there, at most eight.
    pub routes: Vec<String>,
}

/// Traffic from one thing to another, as it was seen.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct LiveEdge {
    /// Who opened the flows.
    pub from: String,
    /// Whom to.
    pub to: String,
    /// Ports of the services, at most eight.
    pub ports: Vec<u16>,
    /// Flows.
    pub flows: u64,
    /// Payload in bytes.
    pub bytes: u64,
    /// Flows a second, between the first packet and the last.
    pub flows_per_s: f64,
    /// Payload in bytes a second.
    pub bytes_per_s: f64,
    /// Flows that were reset.
    pub resets: u64,
    /// The worst score, 0 to 1.
    pub score: f64,
    /// The class of the flow with that score.
    #[schema(value_type = String)]
    pub class: &'static str,
    /// Whether it alarmed.
    pub is_alarm: bool,
}

/// What is not on the map for want of room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct LeftOut {
    /// Nodes.
    pub nodes: u64,
    /// Edges of the cluster, those of nodes that are left out among them.
    pub edges: u64,
    /// Edges of traffic.
    pub live: u64,
}

/// What leads where.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct ServiceMap {
    /// Why the cluster is not on it, or may be out of date.
    pub unknown: Option<String>,
    /// What there is, in order of sort, namespace and name.
    pub nodes: Vec<MapNode>,
    /// What the cluster connects.
    pub edges: Vec<MapEdge>,
    /// What traffic connects, the worst score first.
    pub live: Vec<LiveEdge>,
    /// What is not on it.
    pub left_out: LeftOut,
}

impl ServiceMap {
    /// The map of what `snapshot` knows.
    #[must_use]
    pub fn of(snapshot: &Snapshot) -> Self {
        let world = &snapshot.world;
        let mut nodes = BTreeMap::new();
        let mut left_out = LeftOut::default();
        let mut live = traffic::edges(snapshot);
        left_out.live = cut(&mut live, MOST_EDGES);
        // Where there is traffic is on the map before all else.
        for (from, to, _) in &live {
            nodes.insert(from.id(), from.node());
            nodes.insert(to.id(), to.node());
        }
        let mut without_room = BTreeSet::new();
        for place in place::all(world) {
            let id = place.id();
            if nodes.len() < MOST_NODES {
                nodes.insert(id, place.node());
            } else if !nodes.contains_key(&id) {
                without_room.insert(id);
            }
        }
        left_out.nodes = count(without_room.len());
        let mut edges = edges(world);
        // What leads to something that is not there is no edge.
        let is_place = |id: &String| nodes.contains_key(id) || without_room.contains(id);
        edges.retain(|edge| is_place(&edge.from) && is_place(&edge.to));
        let all = edges.len();
        edges.retain(|edge| nodes.contains_key(&edge.from) && nodes.contains_key(&edge.to));
        left_out.edges = count(all - edges.len()) + cut(&mut edges, MOST_EDGES);
        let mut nodes: Vec<MapNode> = nodes.into_values().collect();
        nodes.sort_by(|one, other| {
            (one.sort, &one.namespace, &one.name).cmp(&(other.sort, &other.namespace, &other.name))
        });
        let live = live.into_iter().map(|(_, _, edge)| edge).collect();
        Self { unknown: unknown(&snapshot.cluster.link), nodes, edges, live, left_out }
    }
}

fn unknown(link: &Link) -> Option<String> {
    match link {
        Link::Absent(why) => Some(why.clone()),
        Link::Connecting => Some("the API server has not answered yet".to_owned()),
        Link::Down { why, .. } => Some(format!("it may be out of date: {why}")),
        Link::Up => None,
    }
}

/// What the cluster connects.
fn edges(world: &World) -> Vec<MapEdge> {
    let mut edges = Vec::new();
    for ingress in world.ingresses() {
        let mut routes = BTreeMap::<&str, Vec<String>>::new();
        for route in ingress.routes.iter().filter(|route| !route.service.is_empty()) {
            let host = if route.host.is_empty() { "*" } else { &route.host };
            let routes = routes.entry(&route.service).or_default();
            if routes.len() < 8 {
                routes.push(format!("{host}{}", route.path));
            }
        }
        let from = Place::new(Sort::Ingress, &ingress.namespace, &ingress.name).id();
        edges.extend(routes.into_iter().map(|(service, routes)| MapEdge {
            from: from.clone(),
            to: Place::new(Sort::Service, &ingress.namespace, service).id(),
            why: Why::Routes,
            routes,
        }));
    }
    for service in world.services() {
        let from = Place::new(Sort::Service, &service.namespace, &service.name).id();
        let behind = world.behind(&service.namespace, &service.name);
        let pods = behind.into_iter().flat_map(|behind| &behind.pods);
        edges.extend(pods.map(|pod| MapEdge {
            from: from.clone(),
            to: Place::new(Sort::Pod, &service.namespace, pod).id(),
            why: Why::Selects,
            routes: Vec::new(),
        }));
    }
    for pod in world.pods().iter().filter(|pod| !pod.phase.is_over()) {
        if let Some(workload) = world.workload_of(&pod.namespace, &pod.name) {
            edges.push(MapEdge {
                from: Place::workload(&pod.namespace, workload).id(),
                to: Place::new(Sort::Pod, &pod.namespace, &pod.name).id(),
                why: Why::Owns,
                routes: Vec::new(),
            });
        }
    }
    edges
}

/// Cuts `all` to `most`; returns how many went.
fn cut<T>(all: &mut Vec<T>, most: usize) -> u64 {
    let over = all.len().saturating_sub(most);
    all.truncate(most);
    count(over)
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
