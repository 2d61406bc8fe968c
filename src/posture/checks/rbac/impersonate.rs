use super::rule::{Access, ROLES};
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;

pub(super) const CHECK: Check = Check {
    id: "WEIR-417",
    title: "A role may act as somebody else",
    category: Category::Rbac,
    severity: Severity::High,
    why: "With `impersonate` one sends requests in the name of any user, group or ServiceAccount, \
          `system:masters` among them, and has the rights of all of them.",
    mend: "rules:\n  \
           - apiGroups: ['']\n    \
           resources: [serviceaccounts]\n    \
           verbs: [get, list, watch]\n",
    references: &[("kubescape", "C-0065"), ("kubescape", "C-0191"), ("trivy", "KSV043")],
    failing: "\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: web }
rules:
  - apiGroups: ['']
    resources: [users, groups]
    verbs: [impersonate]
",
    passing: "\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: web }
rules:
  - apiGroups: ['']
    resources: [serviceaccounts]
    verbs: [get]
",
    rule: Rule::Object(ROLES, look),
};

const ACCESS: Access = Access {
    groups: &[""],
    resources: &["users", "groups", "serviceaccounts"],
    verbs: &["impersonate"],
    wildcard: false,
    single: true,
};

fn look(role: &Object<'_>, found: &mut Found<'_>) {
    ACCESS.tell(role, found);
}
