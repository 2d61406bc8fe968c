use super::rule::{Access, ROLES, is_built_in};
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;

pub(super) const CHECK: Check = Check {
    id: "WEIR-404",
    title: "A role may run commands in containers",
    category: Category::Rbac,
    severity: Severity::High,
    why: "Whoever may use `pods/exec` or `pods/attach` is inside the container, with its secrets \
          and its token, and no image has to be changed for it. `nodes/proxy` allows the same by \
          way of the kubelet, past the audit log.",
    mend: "rules:\n  \
           - apiGroups: ['']\n    \
           resources: [pods, pods/log]\n    \
           verbs: [get, list, watch]\n",
    references: &[
        ("kubescape", "C-0002"),
        ("kubescape", "C-0279"),
        ("polaris", "clusterrolePodExecAttach"),
        ("polaris", "rolePodExecAttach"),
        ("trivy", "KSV047"),
        ("trivy", "KSV053"),
        ("trivy", "KSV054"),
    ],
    failing: "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: web, namespace: shop }
rules:
  - apiGroups: ['']
    resources: [pods/exec]
    verbs: [create]
",
    passing: "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: web, namespace: shop }
rules:
  - apiGroups: ['']
    resources: [pods/log]
    verbs: [get]
",
    rule: Rule::Object(ROLES, look),
};

// `get` is as good as `create`: a WebSocket is opened with GET.
pub(super) const ACCESS: Access = Access {
    groups: &[""],
    resources: &["pods/exec", "pods/attach", "nodes/proxy"],
    verbs: &["get", "create"],
    wildcard: true,
    single: true,
};

fn look(role: &Object<'_>, found: &mut Found<'_>) {
    if !is_built_in(role) {
        ACCESS.tell(role, found);
    }
}
