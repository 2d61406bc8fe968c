use super::rule::{Access, ROLES, WRITE};
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;

pub(super) const CHECK: Check = Check {
    id: "WEIR-407",
    title: "A role may redirect traffic or change configuration",
    category: Category::Rbac,
    severity: Severity::Medium,
    why: "Whoever changes a Service, its endpoints or an Ingress has traffic of others sent to \
          themselves; without its NetworkPolicy a pod reaches what it should not; and a ConfigMap \
          may hold what a program does, CoreDNS among them.",
    mend: "rules:\n  \
           - apiGroups: ['', networking.k8s.io]\n    \
           resources: [services, configmaps, networkpolicies]\n    \
           verbs: [get, list, watch]\n",
    references: &[("kubescape", "C-0037"), ("trivy", "KSV049"), ("trivy", "KSV056")],
    failing: "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: web, namespace: shop }
rules:
  - apiGroups: ['']
    resources: [services]
    verbs: [get, update]
",
    passing: "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: web, namespace: shop }
rules:
  - apiGroups: ['']
    resources: [services]
    verbs: [get, list]
",
    rule: Rule::Object(ROLES, look),
};

const ACCESS: Access = Access {
    groups: &["", "networking.k8s.io", "discovery.k8s.io", "extensions"],
    resources: &[
        "services",
        "services/status",
        "endpoints",
        "endpointslices",
        "networkpolicies",
        "ingresses",
        "configmaps",
    ],
    verbs: WRITE,
    wildcard: false,
    single: false,
};

fn look(role: &Object<'_>, found: &mut Found<'_>) {
    ACCESS.tell(role, found);
}
