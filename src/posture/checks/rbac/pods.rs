use super::rule::{Access, ROLES, WRITE};
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;

pub(super) const CHECK: Check = Check {
    id: "WEIR-406",
    title: "A role may create or change workloads",
    category: Category::Rbac,
    severity: Severity::Medium,
    why: "Whoever may create a pod may run it as any ServiceAccount of the namespace and mount \
          any Secret there; unless an admission policy forbids it, the pod may also be \
          privileged, and then the node is theirs.",
    mend: "rules:\n  \
           - apiGroups: [apps]\n    \
           resources: [deployments]\n    \
           verbs: [get, list, watch]\n",
    references: &[
        ("kube-linter", "access-to-create-pods"),
        ("kubescape", "C-0188"),
        ("trivy", "KSV048"),
    ],
    failing: "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: web, namespace: shop }
rules:
  - apiGroups: [apps]
    resources: [deployments]
    verbs: [get, create]
",
    passing: "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: web, namespace: shop }
rules:
  - apiGroups: [apps]
    resources: [deployments]
    verbs: [get, list]
",
    rule: Rule::Object(ROLES, look),
};

const ACCESS: Access = Access {
    groups: &["", "apps", "batch", "extensions"],
    resources: &[
        "pods",
        "deployments",
        "jobs",
        "cronjobs",
        "statefulsets",
        "daemonsets",
        "replicasets",
        "replicationcontrollers",
    ],
    verbs: WRITE,
    wildcard: false,
    single: true,
};

fn look(role: &Object<'_>, found: &mut Found<'_>) {
    ACCESS.tell(role, found);
}
