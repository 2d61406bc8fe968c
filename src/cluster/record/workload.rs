//! What manages pods.

use serde::Deserialize;

use super::wire::{Meta, Object};
use crate::incident::Workload;

/// What is kept of a workload: how many of its pods are ready, and how many there are to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Managed {
    /// `Deployment`, `StatefulSet`, `DaemonSet`, `Job` or `CronJob`.
    pub kind: &'static str,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// What manages it in turn: the `CronJob` of a `Job`.
    pub owner: Option<Workload>,
    /// Pods that are ready; of a job, those that have done their work.
    pub ready: u32,
    /// Pods there are to be; none of a `CronJob`.
    pub wanted: Option<u32>,
}

/// What is kept of a `ReplicaSet`: what manages it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Controlled {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its Deployment, or whatever else.
    pub owner: Option<Workload>,
}

/// A `ReplicaSet` as it is read: its metadata alone.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ReplicaSetObject {
    metadata: Meta,
}

impl Object for ReplicaSetObject {
    type Record = Controlled;

    fn meta(&self) -> &Meta {
        &self.metadata
    }

    fn record(self) -> Controlled {
        let owner = self.metadata.owner();
        Controlled { owner, namespace: self.metadata.namespace, name: self.metadata.name }
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Spec {
    replicas: Option<u32>,
    completions: Option<u32>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    ready_replicas: u32,
    desired_number_scheduled: u32,
    number_ready: u32,
    succeeded: u32,
}

/// Gives each kind of workload its own type, so that they are not mistaken for each other.
macro_rules! workload {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $count:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Deserialize)]
        pub(crate) struct $name {
            metadata: Meta,
            #[serde(default)]
            spec: Spec,
            #[serde(default)]
            status: Status,
        }

        impl Object for $name {
            type Record = Managed;

            fn meta(&self) -> &Meta {
                &self.metadata
            }

            fn record(self) -> Managed {
                let count: fn(&Spec, &Status) -> (u32, Option<u32>) = $count;
                let (ready, wanted) = count(&self.spec, &self.status);
                Managed {
                    kind: $kind,
                    owner: self.metadata.owner(),
                    ready,
                    wanted,
                    namespace: self.metadata.namespace,
                    name: self.metadata.name,
                }
            }
        }
    };
}

workload!(
    /// A Deployment as it is read.
    DeploymentObject,
    "Deployment",
    |spec, status| (status.ready_replicas, Some(spec.replicas.unwrap_or(1)))
);
workload!(
    /// A `StatefulSet` as it is read.
    StatefulSetObject,
    "StatefulSet",
    |spec, status| (status.ready_replicas, Some(spec.replicas.unwrap_or(1)))
);
workload!(
    /// A `DaemonSet` as it is read.
    DaemonSetObject,
    "DaemonSet",
    |_, status| (status.number_ready, Some(status.desired_number_scheduled))
);
workload!(
    /// A Job as it is read.
    JobObject,
    "Job",
    |spec, status| (status.succeeded, Some(spec.completions.unwrap_or(1)))
);
workload!(
    /// A `CronJob` as it is read.
    CronJobObject,
    "CronJob",
    |_, _| (0, None)
);
