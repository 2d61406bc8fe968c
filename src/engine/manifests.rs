//! Manifests of what runs now, as the API server tells of them.

use serde_json::Value;

use crate::cluster::{Collection, Error, Objects};
use crate::posture::Manifests;

/// What is looked at: version of the API, resource, kind. Secrets are not asked for: their values are
/// nobody's business here.
const KINDS: [(&str, &str, &str); 20] = [
    ("v1", "namespaces", "Namespace"),
    ("v1", "pods", "Pod"),
    ("v1", "services", "Service"),
    ("v1", "serviceaccounts", "ServiceAccount"),
    ("v1", "configmaps", "ConfigMap"),
    ("v1", "replicationcontrollers", "ReplicationController"),
    ("apps/v1", "deployments", "Deployment"),
    ("apps/v1", "daemonsets", "DaemonSet"),
    ("apps/v1", "statefulsets", "StatefulSet"),
    ("apps/v1", "replicasets", "ReplicaSet"),
    ("batch/v1", "jobs", "Job"),
    ("batch/v1", "cronjobs", "CronJob"),
    ("networking.k8s.io/v1", "ingresses", "Ingress"),
    ("networking.k8s.io/v1", "networkpolicies", "NetworkPolicy"),
    ("autoscaling/v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler"),
    ("policy/v1", "poddisruptionbudgets", "PodDisruptionBudget"),
    ("rbac.authorization.k8s.io/v1", "roles", "Role"),
    ("rbac.authorization.k8s.io/v1", "clusterroles", "ClusterRole"),
    ("rbac.authorization.k8s.io/v1", "rolebindings", "RoleBinding"),
    ("rbac.authorization.k8s.io/v1", "clusterrolebindings", "ClusterRoleBinding"),
];

/// Objects of a kind.
const MOST: usize = 10_000;

/// Kinds in a row of which the API server says nothing, until it is asked for no other.
const MOST_UNANSWERED: usize = 2;

/// All of it, a source for each kind. A kind that may not be read is a source that says why; it is an
/// error only where nothing at all can be read. An API server that has not answered twice in a row is not
/// asked again; once may be of a kind with more objects than are read.
pub async fn manifests<O: Objects + Sync>(cluster: &O) -> Result<Manifests, Error> {
    let (mut manifests, mut failure, mut unanswered) = (Manifests::default(), None, 0);
    for (api_version, resource, kind) in KINDS {
        if unanswered == MOST_UNANSWERED {
            let why = format!("{resource} are left out: the API server is not asked any more");
            manifests.add_unread(format!("cluster/{resource}"), why);
            continue;
        }
        let collection = Collection { api_version, resource, namespace: None };
        match cluster.list(collection, MOST).await {
            Ok(objects) => {
                unanswered = 0;
                let own = objects.into_iter().filter(|object| !is_made(object));
                let named = own.map(|object| named(object, api_version, kind));
                manifests.add_objects(format!("cluster/{resource}"), named);
            }
            // An older cluster may not have it.
            Err(error) if error.status() == Some(404) => unanswered = 0,
            Err(error) => {
                unanswered = if error.status().is_none() { unanswered + 1 } else { 0 };
                let why = format!("{resource} are left out: {error}");
                manifests.add_unread(format!("cluster/{resource}"), why);
                failure = Some(error);
            }
        }
    }
    match failure {
        Some(error) if is_all_unread(&manifests) => Err(error),
        _ => Ok(manifests),
    }
}

fn is_all_unread(manifests: &Manifests) -> bool {
    manifests.sources().iter().all(|source| !source.faults.is_empty())
}

/// Whether an object is made by another that is looked at too. A node's own pods are not: the API server
/// and its like are run as such.
fn is_made(object: &Value) -> bool {
    let owners = object.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    let mut owners = owners.into_iter().flatten().filter_map(|owner| owner.get("kind"));
    owners.any(|kind| KINDS.iter().any(|(_, _, known)| kind == known))
}

/// The items of a list say neither their version nor their kind.
fn named(mut object: Value, api_version: &str, kind: &str) -> Value {
    if let Some(members) = object.as_object_mut() {
        members.insert("apiVersion".into(), api_version.into());
        members.insert("kind".into(), kind.into());
    }
    object
}
