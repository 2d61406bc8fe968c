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
    format!("{} {name}", name.kind())
}

/// A text in the metadata of `object`; empty where there is none.
pub(super) fn metadata<'a>(object: &'a Value, member: &str) -> &'a str {
    object.get("metadata").and_then(|metadata| metadata.get(member)?.as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

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
