use super::rule::{Access, ROLES};
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;

pub(super) const CHECK: Check = Check {
    id: "WEIR-415",
    title: "A role may delete events or logs",
    category: Category::Rbac,
    severity: Severity::Medium,
    why: "Events and logs tell what happened: whoever may delete them covers their tracks.",
    mend: "rules:\n  \
           - apiGroups: ['']\n    \
           resources: [events, pods/log]\n    \
           verbs: [get, list, watch]\n",
    references: &[("kubescape", "C-0031"), ("trivy", "KSV042")],
    failing: "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: web, namespace: shop }
rules:
  - apiGroups: ['']
    resources: [events]
    verbs: [get, delete]
",
    passing: "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: web, namespace: shop }
rules:
  - apiGroups: ['']
    resources: [events]
    verbs: [get, list]
",
    rule: Rule::Object(ROLES, look),
};

const ACCESS: Access = Access {
    groups: &["", "events.k8s.io"],
    resources: &["events", "pods/log"],
    verbs: &["delete", "deletecollection"],
    wildcard: false,
    single: true,
};

fn look(role: &Object<'_>, found: &mut Found<'_>) {
    ACCESS.tell(role, found);
}
