//! Pods.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::image::PodImage;
use super::quantity::Amounts;
use super::serving::{Serving, serving};
use super::wire::{Meta, Object, address, nullable};
use crate::incident::Workload;
use crate::packet::Address;

/// How far a pod is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub enum Phase {
    /// Not all of its containers have started.
    Pending,
    /// It runs.
    Running,
    /// It has ended well.
    Succeeded,
    /// It has ended badly.
    Failed,
    /// Its node does not say.
    #[default]
    #[serde(other)]
    Unknown,
}

impl Phase {
    /// Its name, as Kubernetes has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Unknown => "Unknown",
        }
    }

    /// Whether its address is free for another.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed)
    }
}

/// What is kept of a pod.
#[derive(Debug, Clone, PartialEq)]
pub struct Pod {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its UID.
    pub uid: String,
    /// The node it runs on; empty before it has one.
    pub node: String,
    /// Its addresses; those of the node where it shares its network.
    pub addresses: Vec<Address>,
    /// Whether it shares the network of its node.
    pub is_on_host_network: bool,
    /// How far it is.
    pub phase: Phase,
    /// Whether it is ready to be sent traffic.
    pub is_ready: bool,
    /// When its node took it, in µs since the epoch, to the second.
    pub started_us: Option<i64>,
    /// When the last of its containers ended, once all have.
    pub ended_us: Option<i64>,
    /// What created it: a `ReplicaSet`, not its Deployment.
    pub owner: Option<Workload>,
    /// Images of its init containers, then of the others, then of those that somebody put beside them.
    pub images: Vec<PodImage>,
    /// Ingress controllers in it.
    pub serves: Vec<Serving>,
    /// What it reserves.
    pub requests: Amounts,
}

/// A pod as it is read.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct PodObject {
    metadata: Meta,
    #[serde(default)]
    spec: Spec,
    #[serde(default)]
    status: Status,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    node_name: String,
    host_network: Option<bool>,
    #[serde(deserialize_with = "nullable")]
    containers: Vec<Container>,
    #[serde(deserialize_with = "nullable")]
    init_containers: Vec<Container>,
    #[serde(deserialize_with = "nullable")]
    ephemeral_containers: Vec<Container>,
    #[serde(deserialize_with = "nullable")]
    overhead: BTreeMap<String, String>,
    resources: Option<Resources>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Container {
    name: String,
    image: String,
    #[serde(deserialize_with = "nullable")]
    command: Vec<String>,
    #[serde(deserialize_with = "nullable")]
    args: Vec<String>,
    restart_policy: Option<String>,
    resources: Resources,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Resources {
    #[serde(deserialize_with = "nullable")]
    requests: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    phase: Phase,
    #[serde(rename = "podIP")]
    pod_ip: String,
    #[serde(rename = "podIPs", deserialize_with = "nullable")]
    pod_ips: Vec<PodIp>,
    start_time: Option<Timestamp>,
    #[serde(deserialize_with = "nullable")]
    conditions: Vec<Condition>,
    #[serde(deserialize_with = "nullable")]
    container_statuses: Vec<ContainerStatus>,
    #[serde(deserialize_with = "nullable")]
    init_container_statuses: Vec<ContainerStatus>,
    #[serde(deserialize_with = "nullable")]
    ephemeral_container_statuses: Vec<ContainerStatus>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct PodIp {
    ip: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Condition {
    r#type: String,
    status: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct ContainerStatus {
    name: String,
    #[serde(rename = "imageID")]
    image_id: String,
    state: State,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct State {
    terminated: Option<Terminated>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Terminated {
    finished_at: Option<Timestamp>,
}

impl Object for PodObject {
    type Record = Pod;

    fn meta(&self) -> &Meta {
        &self.metadata
    }

    fn record(self) -> Pod {
        let Self { metadata, spec, status } = self;
        let owner = metadata.owner();
        let started = status.start_time.map(Timestamp::as_microsecond);
        let created_us = metadata.created_us();
        let requests = spec.requests();
        let all = spec.containers.iter();
        Pod {
            owner,
            addresses: status.addresses(),
            is_ready: status.is_ready(),
            ended_us: status.ended_us(),
            phase: status.phase,
            started_us: started.or(created_us),
            images: images(&spec, &status),
            serves: all.flat_map(|one| serving(&one.image, &one.words())).collect(),
            requests,
            node: spec.node_name,
            is_on_host_network: spec.host_network == Some(true),
            namespace: metadata.namespace,
            name: metadata.name,
            uid: metadata.uid,
        }
    }
}

impl Container {
    fn words(&self) -> Vec<String> {
        self.command.iter().chain(&self.args).cloned().collect()
    }

    fn requests(&self) -> Amounts {
        Amounts::of(&self.resources.requests)
    }

    /// Its image; of `statuses` one may say what runs of it.
    fn image(&self, statuses: &[ContainerStatus]) -> PodImage {
        let status = statuses.iter().find(|status| status.name == self.name);
        PodImage::of(&self.image, status.map_or("", |status| status.image_id.as_str()))
    }

    /// Whether it is an init container that goes on beside the others.
    fn goes_on(&self) -> bool {
        self.restart_policy.as_deref() == Some("Always")
    }
}

impl Spec {
    /// What the scheduler reserves: all containers together, or the init container that needs the
    /// most beside those that go on; and what the sandbox itself costs.
    fn requests(&self) -> Amounts {
        let mut going_on = Amounts::default();
        let mut peak = Amounts::default();
        for init in &self.init_containers {
            if init.goes_on() {
                going_on = going_on.plus(init.requests());
                peak = peak.larger(going_on);
            } else {
                peak = peak.larger(going_on.plus(init.requests()));
            }
        }
        let all = self.containers.iter().fold(going_on, |all, one| all.plus(one.requests()));
        let whole = self.resources.as_ref().map(|whole| Amounts::of(&whole.requests));
        let reserved = whole.unwrap_or_default().or(all.larger(peak));
        reserved.plus(Amounts::of(&self.overhead))
    }
}

impl Status {
    fn addresses(&self) -> Vec<Address> {
        let several = self.pod_ips.iter().filter_map(|one| address(&one.ip));
        let mut all: Vec<_> = several.chain(address(&self.pod_ip)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    fn is_ready(&self) -> bool {
        self.conditions.iter().any(|one| one.r#type == "Ready" && one.status == "True")
    }

    fn ended_us(&self) -> Option<i64> {
        let ends = self.container_statuses.iter().filter_map(|one| one.state.terminated.as_ref());
        let last = ends.filter_map(|end| end.finished_at).max()?;
        self.phase.is_over().then(|| last.as_microsecond())
    }
}

/// The images of all containers that have one, in the order in which they start.
fn images(spec: &Spec, status: &Status) -> Vec<PodImage> {
    let first = spec.init_containers.iter().map(|one| (one, &status.init_container_statuses));
    let others = spec.containers.iter().map(|one| (one, &status.container_statuses));
    let last = &spec.ephemeral_containers;
    let last = last.iter().map(|one| (one, &status.ephemeral_container_statuses));
    let all = first.chain(others).chain(last);
    let named = all.filter(|(container, _)| !container.image.is_empty());
    named.map(|(container, statuses)| container.image(statuses)).collect()
}
