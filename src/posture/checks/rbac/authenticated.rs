use super::rule::{BINDINGS, tell_of_subjects};
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;

pub(super) const CHECK: Check = Check {
    id: "WEIR-411",
    title: "A binding gives rights to everybody who is logged in",
    category: Category::Rbac,
    severity: Severity::High,
    why: "Every user and every ServiceAccount of every namespace has these rights. With some \
          hosts everybody with an account there counts as logged in, whoever they are.",
    mend: "subjects:\n  \
           - apiGroup: rbac.authorization.k8s.io\n    \
           kind: Group\n    \
           name: shop-team\n",
    references: &[("kubescape", "C-0265"), ("trivy", "KSV01011")],
    failing: "\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: web }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view }
subjects: [{ apiGroup: rbac.authorization.k8s.io, kind: Group, name: 'system:authenticated' }]
",
    passing: "\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: web }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view }
subjects: [{ apiGroup: rbac.authorization.k8s.io, kind: Group, name: shop-team }]
",
    rule: Rule::Object(BINDINGS, look),
};

fn look(binding: &Object<'_>, found: &mut Found<'_>) {
    tell_of_subjects(&["system:authenticated"], binding, found);
}
