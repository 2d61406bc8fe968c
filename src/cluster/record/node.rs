//! Nodes and namespaces.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::quantity::Amounts;
use super::wire::{Meta, Object, address, nullable};
use crate::packet::Address;

/// What the label of a node's role begins with.
const ROLE: &str = "node-role.kubernetes.io/";

/// What a node runs short of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pressure {
    /// Memory.
    Memory,
    /// Disk.
    Disk,
    /// Process numbers.
    Pid,
    /// Its network is not set up.
    Network,
}

/// What is kept of a node.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Its addresses, internal and external.
    pub addresses: Vec<Address>,
    /// Whether it takes pods and runs them; none where it does not say any more.
    pub is_ready: Option<bool>,
    /// Whether no new pods are put there.
    pub is_cordoned: bool,
    /// What it is for: `control-plane`.
    pub roles: Vec<String>,
    /// Version of its kubelet.
    pub kubelet: String,
    /// What it runs short of.
    pub pressure: Vec<Pressure>,
    /// What pods may reserve there.
    pub allocatable: Amounts,
    /// When it joined, in µs since the epoch.
    pub created_us: Option<i64>,
}

/// A node as it is read.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct NodeObject {
    metadata: Meta,
    #[serde(default)]
    spec: Spec,
    #[serde(default)]
    status: Status,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Spec {
    unschedulable: Option<bool>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    #[serde(deserialize_with = "nullable")]
    addresses: Vec<NodeAddress>,
    #[serde(deserialize_with = "nullable")]
    conditions: Vec<Condition>,
    #[serde(deserialize_with = "nullable")]
    allocatable: BTreeMap<String, String>,
    node_info: NodeInfo,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct NodeAddress {
    address: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Condition {
    r#type: String,
    status: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct NodeInfo {
    kubelet_version: String,
}

impl Object for NodeObject {
    type Record = Node;

    fn meta(&self) -> &Meta {
        &self.metadata
    }

    fn record(self) -> Node {
        let Self { metadata, spec, status } = self;
        let roles = metadata.labels.keys().filter_map(|label| label.strip_prefix(ROLE));
        Node {
            addresses: status.addresses.iter().filter_map(|one| address(&one.address)).collect(),
            is_ready: status.is_ready(),
            is_cordoned: spec.unschedulable == Some(true),
            roles: roles.map(str::to_owned).collect(),
            pressure: status.pressure(),
            allocatable: Amounts::of(&status.allocatable),
            kubelet: status.node_info.kubelet_version,
            created_us: metadata.created_us(),
            name: metadata.name,
        }
    }
}

impl Status {
    fn is_ready(&self) -> Option<bool> {
        let ready = self.conditions.iter().find(|one| one.r#type == "Ready")?;
        match ready.status.as_str() {
            "True" => Some(true),
            "False" => Some(false),
            _ => None,
        }
    }

    fn pressure(&self) -> Vec<Pressure> {
        let lacking = self.conditions.iter().filter(|one| one.status == "True");
        let mut all: Vec<_> = lacking
            .filter_map(|one| match one.r#type.as_str() {
                "MemoryPressure" => Some(Pressure::Memory),
                "DiskPressure" => Some(Pressure::Disk),
                "PIDPressure" => Some(Pressure::Pid),
                "NetworkUnavailable" => Some(Pressure::Network),
                _ => None,
            })
            .collect();
        all.sort_unstable();
        all
    }
}

/// What is kept of a namespace.
#[derive(Debug, Clone, PartialEq)]
pub struct Namespace {
    /// Its name.
    pub name: String,
    /// `Active` or `Terminating`.
    pub phase: String,
    /// Labels.
    pub labels: BTreeMap<String, String>,
}

/// A namespace as it is read.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct NamespaceObject {
    metadata: Meta,
    #[serde(default)]
    status: NamespaceStatus,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct NamespaceStatus {
    phase: String,
}

impl Object for NamespaceObject {
    type Record = Namespace;

    fn meta(&self) -> &Meta {
        &self.metadata
    }

    fn record(self) -> Namespace {
        let Self { metadata, status } = self;
        Namespace { name: metadata.name, phase: status.phase, labels: metadata.labels }
    }
}
