//! What checks of policies have in common.

use crate::posture::object::Object;

/// Whether a policy says who may talk to its pods, and to whom they may talk.
pub(super) fn directions(policy: &Object<'_>) -> (bool, bool) {
    let spec = policy.spec();
    let types = spec.get("policyTypes");
    if types.is_empty() {
        // Kubernetes takes what is not said from the rules.
        return (true, !spec.get("egress").is_empty());
    }
    let has = |name| types.words().contains(&name);
    (has("Ingress"), has("Egress"))
}

/// Whether a `NetworkPolicy` is one of Kubernetes' own: other APIs have a kind of this name too.
pub(super) fn is_native(policy: &Object<'_>) -> bool {
    matches!(policy.group(), "networking.k8s.io" | "extensions")
}
