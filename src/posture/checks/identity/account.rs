//! As which `ServiceAccount` a pod runs.

use crate::posture::cursor::Cursor;
use crate::posture::object::Object;
use crate::posture::pod::Pod;

/// What is a pod or makes some.
pub(super) const WORKLOADS: &[&str] = &[
    "Pod",
    "PodTemplate",
    "Deployment",
    "DaemonSet",
    "StatefulSet",
    "ReplicaSet",
    "ReplicationController",
    "Job",
    "CronJob",
    "DeploymentConfig",
    "Rollout",
];

/// What every namespace has, and what a pod runs as that names no other.
pub(super) const DEFAULT: &str = "default";

/// Where a pod names its `ServiceAccount`: in the field of today, else in the deprecated one.
pub(super) fn field<'a>(pod: &Pod<'a>) -> Cursor<'a> {
    let name = pod.spec.get("serviceAccountName");
    let deprecated = pod.spec.get("serviceAccount");
    if name.is_empty() && !deprecated.is_empty() { deprecated } else { name }
}

/// The `ServiceAccount` that a pod runs as.
pub(super) fn name<'a>(pod: &Pod<'a>) -> &'a str {
    match field(pod).word() {
        "" => DEFAULT,
        name => name,
    }
}

/// Whether a `ServiceAccount` has this name.
pub(super) fn is_called(account: &Object<'_>, name: &str) -> bool {
    account.metadata().get("name").word() == name
}
