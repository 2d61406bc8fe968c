use super::rule::{BINDINGS, any_word, bound, is_built_in, rules};
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::cursor::Cursor;
use crate::posture::found::Found;
use crate::posture::object::Object;
use crate::posture::set::Set;

pub(super) const CHECK: Check = Check {
    id: "WEIR-401",
    title: "A binding gives full control",
    category: Category::Rbac,
    severity: Severity::Critical,
    why: "Its subjects may do everything to everything, in the cluster or in the whole namespace. \
          Whoever gets hold of one of their tokens may do so too.",
    mend: "roleRef:\n  \
           apiGroup: rbac.authorization.k8s.io\n  \
           kind: ClusterRole\n  \
           name: web-operator   # a role that allows what is needed\n",
    references: &[
        ("kube-linter", "cluster-admin-role-binding"),
        ("kubescape", "C-0035"),
        ("kubescape", "C-0185"),
        ("polaris", "clusterrolebindingClusterAdmin"),
        ("polaris", "rolebindingClusterAdminClusterRole"),
        ("polaris", "rolebindingClusterAdminRole"),
        ("trivy", "KSV111"),
    ],
    failing: "\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: web }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin }
subjects: [{ kind: ServiceAccount, name: web, namespace: shop }]
",
    passing: "\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: web }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view }
subjects: [{ kind: ServiceAccount, name: web, namespace: shop }]
",
    rule: Rule::Across(BINDINGS, look),
};

/// Whoever names all of them means `*`.
const VERBS: [&str; 7] = ["get", "list", "watch", "create", "update", "patch", "delete"];

fn look(binding: &Object<'_>, set: &Set<'_>, found: &mut Found<'_>) {
    if is_built_in(binding) {
        return;
    }
    let role = binding.root.get("roleRef");
    let name = role.get("name");
    if role.get("kind").text() == Some("ClusterRole") && name.text() == Some("cluster-admin") {
        found.at(&name, "it binds `cluster-admin`, which may do everything");
    } else if bound(binding, set).any(|role| rules(role).any(|rule| is_all(&rule))) {
        let role = name.word();
        found.at(&name, format!("it binds `{role}`, which allows everything on everything"));
    }
}

fn is_all(rule: &Cursor<'_>) -> bool {
    let verbs = rule.get("verbs");
    let has = |list: &Cursor<'_>, wanted: &str| any_word(list, |word| word == wanted);
    has(&rule.get("apiGroups"), "*")
        && has(&rule.get("resources"), "*")
        && (has(&verbs, "*") || VERBS.into_iter().all(|verb| has(&verbs, verb)))
}
