//! An object without what servers add to it.

use serde_json::{Map, Value};

/// Members of the metadata that a server writes.
const ADDED: [&str; 8] = [
    "managedFields",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "selfLink",
];

/// The annotation in which `kubectl apply` keeps what it has applied.
const APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// `object` as somebody would write it: without `status`, and without the members of its metadata
/// that only servers write.
#[must_use]
pub fn bare(mut object: Value) -> Value {
    let Some(members) = object.as_object_mut() else { return object };
    members.remove("status");
    if let Some(metadata) = members.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|name, value| !ADDED.contains(&name.as_str()) && !value.is_null());
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.remove(APPLIED);
        }
        for name in ["annotations", "labels"] {
            if metadata.get(name).and_then(Value::as_object).is_some_and(Map::is_empty) {
                metadata.remove(name);
            }
        }
    }
    object
}
