use super::rule::{Access, RBAC, ROLES};
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;

pub(super) const CHECK: Check = Check {
    id: "WEIR-405",
    title: "A role may give rights that it does not have",
    category: Category::Rbac,
    severity: Severity::Critical,
    why: "The API server lets nobody give away more rights than they have, except with the verbs \
          `escalate` and `bind`: whoever has one of these makes themselves administrator.",
    mend: "rules:\n  \
           - apiGroups: [rbac.authorization.k8s.io]\n    \
           resources: [roles, rolebindings]\n    \
           verbs: [get, list, watch]\n",
    references: &[
        ("checkov", "CKV_K8S_157"),
        ("checkov", "CKV_K8S_158"),
        ("kubescape", "C-0191"),
        ("trivy", "KSV050"),
    ],
    failing: "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: web, namespace: shop }
rules:
  - apiGroups: [rbac.authorization.k8s.io]
    resources: [roles]
    verbs: [get, escalate]
",
    passing: "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: web, namespace: shop }
rules:
  - apiGroups: [rbac.authorization.k8s.io]
    resources: [roles]
    verbs: [get, list]
",
    rule: Rule::Object(ROLES, look),
};

const ACCESS: Access = Access {
    groups: &[RBAC],
    resources: &["roles", "clusterroles", "rolebindings", "clusterrolebindings"],
    verbs: &["bind", "escalate"],
    wildcard: true,
    single: true,
};

fn look(role: &Object<'_>, found: &mut Found<'_>) {
    ACCESS.tell(role, found);
}
