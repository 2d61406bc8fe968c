use super::rule::{Access, ROLES};
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;

pub(super) const CHECK: Check = Check {
    id: "WEIR-414",
    title: "A role may make tokens or PersistentVolumes",
    category: Category::Rbac,
    severity: Severity::High,
    why: "With `serviceaccounts/token` one makes a token of any ServiceAccount of the namespace \
          and is that ServiceAccount from then on. A PersistentVolume may be any directory of a \
          node.",
    mend: "rules:\n  \
           - apiGroups: ['']\n    \
           resources: [persistentvolumeclaims]\n    \
           verbs: [get, list, create]\n",
    references: &[("kubescape", "C-0278"), ("kubescape", "C-0282")],
    failing: "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: web, namespace: shop }
rules:
  - apiGroups: ['']
    resources: [serviceaccounts/token]
    verbs: [create]
",
    passing: "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: web, namespace: shop }
rules:
  - apiGroups: ['']
    resources: [serviceaccounts]
    verbs: [get]
",
    rule: Rule::Object(ROLES, look),
};

const ACCESS: Access = Access {
    groups: &[""],
    resources: &["serviceaccounts/token", "persistentvolumes"],
    verbs: &["create"],
    wildcard: false,
    single: false,
};

fn look(role: &Object<'_>, found: &mut Found<'_>) {
    ACCESS.tell(role, found);
}
