use super::rule::{Access, rules};
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;

pub(super) const CHECK: Check = Check {
    id: "WEIR-409",
    title: "A role may have client certificates signed",
    category: Category::Rbac,
    severity: Severity::High,
    why: "Whoever may approve a CertificateSigningRequest approves their own, in the name of any \
          user or node: with the signer of client certificates they are whoever they want to be, \
          until the certificate expires.",
    mend: "rules:\n  \
           - apiGroups: [certificates.k8s.io]\n    \
           resources: [certificatesigningrequests]\n    \
           verbs: [get, list, watch, create]\n",
    references: &[("checkov", "CKV_K8S_156"), ("kubescape", "C-0280")],
    failing: "\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: web }
rules:
  - apiGroups: [certificates.k8s.io]
    resources: [certificatesigningrequests/approval]
    verbs: [update]
  - apiGroups: [certificates.k8s.io]
    resources: [signers]
    verbs: [approve]
",
    passing: "\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: web }
rules:
  - apiGroups: [certificates.k8s.io]
    resources: [certificatesigningrequests]
    verbs: [get, create]
",
    rule: Rule::Object(&["ClusterRole"], look),
};

const APPROVAL: Access = Access {
    groups: &["certificates.k8s.io"],
    resources: &["certificatesigningrequests/approval"],
    verbs: &["update", "patch"],
    wildcard: true,
    single: true,
};

const SIGNER: Access = Access {
    groups: &["certificates.k8s.io"],
    resources: &["signers"],
    verbs: &["approve"],
    wildcard: true,
    single: true,
};

// The API server asks for both: the one is nothing without the other.
fn look(role: &Object<'_>, found: &mut Found<'_>) {
    if rules(role).any(|rule| SIGNER.is_in(&rule)) {
        APPROVAL.tell(role, found);
    }
}
