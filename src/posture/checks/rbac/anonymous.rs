use super::rule::{BINDINGS, tell_of_subjects};
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;

pub(super) const CHECK: Check = Check {
    id: "WEIR-410",
    title: "A binding gives rights to whoever is not logged in",
    category: Category::Rbac,
    severity: Severity::Critical,
    why: "Everybody who reaches the API server has these rights, without any token or \
          certificate. Of many clusters that is everybody on the Internet.",
    mend: "subjects:\n  \
           - apiGroup: rbac.authorization.k8s.io\n    \
           kind: Group\n    \
           name: shop-team\n",
    references: &[("kubescape", "C-0262"), ("trivy", "KSV122")],
    failing: "\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: web }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view }
subjects: [{ apiGroup: rbac.authorization.k8s.io, kind: Group, name: 'system:unauthenticated' }]
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
    tell_of_subjects(&["system:anonymous", "system:unauthenticated"], binding, found);
}
