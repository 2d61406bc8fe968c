//! What checks of policies have in common.

use crate::posture::object::Object;

/// Whether a `NetworkPolicy` is one of Kubernetes' own: other APIs have a kind of this name too.
pub(super) fn is_native(policy: &Object<'_>) -> bool {
    matches!(policy.group(), "networking.k8s.io" | "extensions")
}
