use super::rule::{Access, WRITE};
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;

pub(super) const CHECK: Check = Check {
    id: "WEIR-408",
    title: "A role may change admission webhooks",
    category: Category::Rbac,
    severity: Severity::High,
    why: "An admission webhook sees every object that is applied, Secrets among them, and may \
          change it: whoever sets one up reads and rewrites them. Whoever removes one switches \
          off the policies that it enforces.",
    mend: "rules:\n  \
           - apiGroups: [admissionregistration.k8s.io]\n    \
           resources: [validatingwebhookconfigurations]\n    \
           verbs: [get, list, watch]\n",
    references: &[("checkov", "CKV_K8S_155"), ("kubescape", "C-0281"), ("trivy", "KSV114")],
    failing: "\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: web }
rules:
  - apiGroups: [admissionregistration.k8s.io]
    resources: [mutatingwebhookconfigurations]
    verbs: [get, update]
",
    passing: "\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: web }
rules:
  - apiGroups: [admissionregistration.k8s.io]
    resources: [mutatingwebhookconfigurations]
    verbs: [get, list]
",
    rule: Rule::Object(&["ClusterRole"], look),
};

// A Role cannot allow it: these belong to no namespace.
const ACCESS: Access = Access {
    groups: &["admissionregistration.k8s.io"],
    resources: &["mutatingwebhookconfigurations", "validatingwebhookconfigurations"],
    verbs: WRITE,
    wildcard: true,
    single: true,
};

fn look(role: &Object<'_>, found: &mut Found<'_>) {
    ACCESS.tell(role, found);
}
