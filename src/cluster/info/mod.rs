//! The cluster at a glance: what it is made of, how full it is, and what it warns of.
//!
//! Counted from what is watched, but for warnings and usage, which are asked for. What is not known
//! is none, and says why.

mod ask;
mod count;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::record::Pressure;
use super::{Cluster, ClusterStatus, Link, World};

/// Something, or why it is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Known<T> {
    /// What it is; none where that is not known.
    pub value: Option<T>,
    /// Why it is not known.
    pub unknown: Option<String>,
    /// When the API server was last heard on it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub as_of: Option<Timestamp>,
}

impl<T> Known<T> {
    /// It is not known.
    fn unknown(why: impl Into<String>) -> Self {
        Self { value: None, unknown: Some(why.into()), as_of: None }
    }

    /// It was so at that time.
    const fn at(value: T, as_of: Option<Timestamp>) -> Self {
        Self { value: Some(value), unknown: None, as_of }
    }
}

/// An amount of processors and memory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Load {
    /// Thousandths of a processor.
    pub cpu_milli: i64,
    /// Bytes.
    pub memory_bytes: i64,
}

/// What pods reserve, and what there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reserved {
    /// What they reserve; a pod that does not say counts as nothing.
    pub requests: Load,
    /// What pods may reserve; none where a node does not say.
    pub allocatable: Option<Load>,
    /// Pods that have not ended.
    pub pods: u64,
}

/// A node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NodeInfo {
    /// Its name.
    pub name: String,
    /// Whether it takes pods and runs them; none where it does not say any more.
    pub is_ready: Option<bool>,
    /// Whether no new pods are put there.
    pub is_cordoned: bool,
    /// What it is for.
    pub roles: Vec<String>,
    /// Version of its kubelet.
    pub kubelet: String,
    /// What it runs short of.
    #[schema(value_type = Vec<String>)]
    pub pressure: Vec<Pressure>,
    /// What its pods reserve; none where pods are not known.
    pub reserved: Option<Reserved>,
    /// What is used; none where that is not known, for the reason that `usage` gives.
    pub usage: Option<Load>,
}

/// A namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NamespaceInfo {
    /// Its name.
    pub name: String,
    /// `Active` or `Terminating`.
    pub phase: String,
}

/// How far pods are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct PodCounts {
    /// All of them.
    pub total: u64,
    /// By phase.
    pub by_phase: BTreeMap<&'static str, u64>,
    /// By namespace, and there by phase.
    pub by_namespace: BTreeMap<String, BTreeMap<&'static str, u64>>,
}

/// What manages pods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WorkloadInfo {
    /// `Deployment`, `StatefulSet`, `DaemonSet`, `Job` or `CronJob`.
    pub kind: &'static str,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Pods that are ready; of a job, those that have done their work.
    pub ready: u32,
    /// Pods there are to be; none of a `CronJob`.
    pub wanted: Option<u32>,
}

/// What the cluster warns of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Warning {
    /// When it last happened; none where it does not say.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last: Option<Timestamp>,
    /// How often.
    pub count: u64,
    /// Namespace of what it is about; empty for what has none.
    pub namespace: String,
    /// Kind of it.
    pub kind: String,
    /// Name of it.
    pub name: String,
    /// In one word.
    pub reason: String,
    /// In the cluster's words.
    pub message: String,
}

/// The newest warnings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Warnings {
    /// Newest first, at most 50.
    pub newest: Vec<Warning>,
    /// All that were looked at.
    pub seen: u64,
    /// Whether there are more than were looked at.
    pub is_cut: bool,
}

/// The cluster at a glance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ClusterInfo {
    /// The context of the kubeconfig, or `in-cluster`.
    pub context: String,
    /// Whether the API server answers: `absent`, `connecting`, `up` or `down`.
    pub link: &'static str,
    /// Why it does not.
    pub link_why: Option<String>,
    /// Since when it does not.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub down_since: Option<Timestamp>,
    /// Its version.
    pub version: Known<String>,
    /// Nodes.
    pub nodes: Known<Vec<NodeInfo>>,
    /// Namespaces.
    pub namespaces: Known<Vec<NamespaceInfo>>,
    /// How far pods are.
    pub pods: Known<PodCounts>,
    /// What manages pods.
    pub workloads: Known<Vec<WorkloadInfo>>,
    /// What the cluster warns of.
    pub warnings: Known<Warnings>,
    /// What pods reserve on all nodes together.
    pub reserved: Known<Reserved>,
    /// What is used on all nodes together; not known where one of them is not measured.
    pub usage: Known<Load>,
}

/// What is asked for, as it is not watched.
#[derive(Debug, Clone)]
pub struct Asked {
    warnings: Known<Warnings>,
    usage: Known<BTreeMap<String, Load>>,
}

impl Asked {
    /// Nothing, as the API server does not answer.
    #[must_use]
    pub fn nothing(link: &Link) -> Self {
        let why = link_why(link).unwrap_or_else(|| "it has not been asked for yet".to_owned());
        Self { warnings: Known::unknown(&why), usage: Known::unknown(why) }
    }
}

impl Cluster {
    /// Asks for what is not watched, for at most five seconds.
    pub async fn asked(&self) -> Asked {
        let (warnings, usage) = tokio::join!(self.warnings(), self.usage());
        Asked { warnings, usage }
    }

    /// The cluster at a glance, of what is known of it and how, and of what was asked for.
    #[must_use]
    pub fn info(&self, status: &ClusterStatus, world: &World, asked: Asked) -> ClusterInfo {
        let Asked { warnings, usage } = asked;
        let used = count::used(status, world, &usage);
        let by_node = usage.value.unwrap_or_default();
        ClusterInfo {
            context: self.context().to_owned(),
            link: link_name(&status.link),
            link_why: link_why(&status.link),
            down_since: down_since(&status.link),
            version: version(status),
            nodes: count::nodes(status, world, &by_node),
            namespaces: count::namespaces(status, world),
            pods: count::pods(status, world),
            workloads: count::workloads(status, world),
            warnings,
            reserved: count::reserved(status, world),
            usage: used,
        }
    }
}

fn version(status: &ClusterStatus) -> Known<String> {
    if status.version.is_empty() {
        let why = link_why(&status.link);
        return Known::unknown(why.unwrap_or_else(|| "it has not said so yet".to_owned()));
    }
    Known::at(status.version.clone(), None)
}

const fn link_name(link: &Link) -> &'static str {
    match link {
        Link::Absent(_) => "absent",
        Link::Connecting => "connecting",
        Link::Up => "up",
        Link::Down { .. } => "down",
    }
}

fn link_why(link: &Link) -> Option<String> {
    match link {
        Link::Absent(why) | Link::Down { why, .. } => Some(why.clone()),
        Link::Connecting => Some("the API server has not answered yet".to_owned()),
        Link::Up => None,
    }
}

fn down_since(link: &Link) -> Option<Timestamp> {
    match link {
        Link::Down { since_us, .. } => Timestamp::from_microsecond(*since_us).ok(),
        _ => None,
    }
}
