//! Policies as the API server names them.

use serde_json::Value;

use crate::cluster::ObjectPath;
use crate::policy::PolicyName;

/// Group and version of both kinds.
pub(super) const API_VERSION: &str = "cilium.io/v1alpha1";

/// Their resources: of whole nodes, and of a namespace.
pub(super) const RESOURCES: [&str; 2] = ["tracingpolicies", "tracingpoliciesnamespaced"];

/// Who writes, as the API server knows it.
pub(super) const MANAGER: &str = "weir";

/// What the API server adds to every object.
const ADDED: [&str; 7] = [
    "creationTimestamp",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// What kubectl adds: a copy of all that it applied.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Where a policy is.
pub(super) fn path(name: &PolicyName) -> ObjectPath {
    let [of_nodes, of_namespace] = RESOURCES;
    let resource = if name.namespace.is_some() { of_namespace } else { of_nodes };
    ObjectPath {
        api_version: API_VERSION.to_owned(),
        resource: resource.to_owned(),
        namespace: name.namespace.clone(),
        name: name.name.clone(),
    }
}

/// As people are told of it: `TracingPolicy connections`, `TracingPolicyNamespaced shop/egress`.
pub(super) fn shown(name: &PolicyName) -> String {
    let kind =
        if name.namespace.is_some() { "TracingPolicyNamespaced" } else { "TracingPolicy" };
    format!("{kind} {name}")
}

/// `object` without what servers and clients add to it: what somebody would write to have it.
pub(super) fn bare(object: &Value) -> Value {
    let mut bare = object.clone();
    if let Some(members) = bare.as_object_mut() {
        members.remove("status");
    }
    let Some(metadata) = bare.get_mut("metadata").and_then(Value::as_object_mut) else {
        return bare;
    };
    metadata.retain(|member, _| !ADDED.contains(&&**member));
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
        annotations.remove(LAST_APPLIED);
        if annotations.is_empty() {
            metadata.remove("annotations");
        }
    }
    bare
}

/// A text in the metadata of `object`; empty where there is none.
pub(super) fn metadata<'a>(object: &'a Value, member: &str) -> &'a str {
    object.get("metadata").and_then(|metadata| metadata.get(member)?.as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_servers_and_clients_add_is_not_part_of_a_policy() {
        let object = json!({
            "kind": "TracingPolicy",
            "metadata": {
                "name": "x", "uid": "1", "resourceVersion": "7", "generation": 2,
                "creationTimestamp": "2026-01-01T00:00:00Z", "managedFields": [],
                "annotations": { LAST_APPLIED: "{}" }, "labels": { "a": "b" },
            },
            "spec": { "kprobes": [] },
            "status": { "x": 1 },
        });
        let mut wanted = json!({
            "kind": "TracingPolicy",
            "metadata": { "name": "x", "labels": { "a": "b" } },
            "spec": { "kprobes": [] },
        });
        assert_eq!(bare(&object), wanted);
        wanted["metadata"]["annotations"] = json!({ "of": "somebody" });
        assert_eq!(bare(&wanted), wanted);
        assert_eq!(bare(&json!("none")), json!("none"));
        assert_eq!((metadata(&object, "uid"), metadata(&json!(1), "uid")), ("1", ""));
    }

    #[test]
    fn a_policy_is_found_by_whether_it_has_a_namespace() {
        let name = |namespace: Option<&str>| PolicyName {
            namespace: namespace.map(str::to_owned),
            name: "egress".into(),
        };
        assert_eq!(path(&name(None)).to_string(), "tracingpolicies egress");
        assert_eq!(shown(&name(None)), "TracingPolicy egress");
        let of_shop = name(Some("shop"));
        assert_eq!(path(&of_shop).to_string(), "tracingpoliciesnamespaced shop/egress");
        assert_eq!(shown(&of_shop), "TracingPolicyNamespaced shop/egress");
    }
}
