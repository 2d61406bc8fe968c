use super::exec::ACCESS;
use super::rule::{BINDINGS, bound, is_built_in, rules};
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;
use crate::posture::set::Set;

pub(super) const CHECK: Check = Check {
    id: "WEIR-416",
    title: "A binding lets somebody run commands in containers",
    category: Category::Rbac,
    severity: Severity::High,
    why: "Its subjects get into every container that the role covers, with the secrets and the \
          token that are there. For a ServiceAccount it is enough that one pod of it is broken \
          into.",
    mend: "rules:   # of the role that it binds\n  \
           - apiGroups: ['']\n    \
           resources: [pods, pods/log]\n    \
           verbs: [get, list, watch]\n",
    references: &[
        ("checkov", "CKV2_K8S_2"),
        ("polaris", "clusterrolebindingPodExecAttach"),
        ("polaris", "rolebindingClusterRolePodExecAttach"),
        ("polaris", "rolebindingRolePodExecAttach"),
    ],
    failing: "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: web, namespace: shop }
rules:
  - apiGroups: ['']
    resources: [pods/exec]
    verbs: [create]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: web, namespace: shop }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: web }
subjects: [{ kind: ServiceAccount, name: web, namespace: shop }]
",
    passing: "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: web, namespace: shop }
rules:
  - apiGroups: ['']
    resources: [pods/log]
    verbs: [get]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: web, namespace: shop }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: web }
subjects: [{ kind: ServiceAccount, name: web, namespace: shop }]
",
    rule: Rule::Across(BINDINGS, look),
};

fn look(binding: &Object<'_>, set: &Set<'_>, found: &mut Found<'_>) {
    let role = binding.root.at_path(&["roleRef", "name"]);
    let mut bound = bound(binding, set);
    if !is_built_in(binding) && bound.any(|role| rules(role).any(|rule| ACCESS.is_in(&rule))) {
        let name = role.word();
        found.at(&role, format!("it binds `{name}`, which allows commands in containers"));
    }
}
