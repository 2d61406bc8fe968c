use super::rule::{Access, ROLES};
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;

pub(super) const CHECK: Check = Check {
    id: "WEIR-403",
    title: "A role may read or change Secrets",
    category: Category::Rbac,
    severity: Severity::High,
    why: "A Secret holds passwords, keys and tokens of others: whoever reads it is them. `list` \
          and `watch` show the contents as `get` does.",
    mend: "rules:\n  \
           - apiGroups: ['']\n    \
           resources: [secrets]\n    \
           resourceNames: [web-tls]   # the ones it needs\n    \
           verbs: [get]\n",
    references: &[
        ("kube-linter", "access-to-secrets"),
        ("kubescape", "C-0015"),
        ("kubescape", "C-0186"),
        ("trivy", "KSV041"),
        ("trivy", "KSV113"),
    ],
    failing: "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: web, namespace: shop }
rules:
  - apiGroups: ['']
    resources: [secrets]
    verbs: [get, list]
",
    passing: "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: web, namespace: shop }
rules:
  - apiGroups: ['']
    resources: [configmaps]
    verbs: [get, list]
",
    rule: Rule::Object(ROLES, look),
};

const ACCESS: Access = Access {
    groups: &[""],
    resources: &["secrets"],
    verbs: &["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"],
    wildcard: false,
    single: false,
};

fn look(role: &Object<'_>, found: &mut Found<'_>) {
    ACCESS.tell(role, found);
}
