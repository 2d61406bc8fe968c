use super::rule::{ROLES, any_word, rules};
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;

pub(super) const CHECK: Check = Check {
    id: "WEIR-402",
    title: "A role has a wildcard in a rule",
    category: Category::Rbac,
    severity: Severity::High,
    why: "`*` allows more than anybody thought of: secrets, `pods/exec` and the verbs `escalate` \
          and `impersonate` are among it, and so is whatever is installed later.",
    mend: "rules:\n  \
           - apiGroups: [apps]\n    \
           resources: [deployments]\n    \
           verbs: [get, list, watch]\n",
    references: &[
        ("checkov", "CKV_K8S_49"),
        ("kube-linter", "wildcard-in-rules"),
        ("kubescape", "C-0187"),
        ("trivy", "KSV044"),
        ("trivy", "KSV045"),
        ("trivy", "KSV046"),
        ("trivy", "KSV112"),
    ],
    failing: "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: web, namespace: shop }
rules:
  - apiGroups: [apps]
    resources: [deployments]
    verbs: ['*']
",
    passing: "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: web, namespace: shop }
rules:
  - apiGroups: [apps]
    resources: [deployments]
    verbs: [get, list, watch]
",
    rule: Rule::Object(ROLES, look),
};

fn look(role: &Object<'_>, found: &mut Found<'_>) {
    for rule in rules(role) {
        let fields = ["apiGroups", "resources", "verbs"].map(|name| (name, rule.get(name)));
        let wild = || fields.iter().filter(|(_, field)| any_word(field, |word| word.contains('*')));
        if let Some((_, first)) = wild().next() {
            let names: Vec<_> = wild().map(|(name, _)| format!("`{name}`")).collect();
            found.at(first, format!("it has a wildcard in {}", names.join(", ")));
        }
    }
}
