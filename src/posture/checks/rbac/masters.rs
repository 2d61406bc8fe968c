use super::rule::{BINDINGS, tell_of_subjects};
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;

pub(super) const CHECK: Check = Check {
    id: "WEIR-412",
    title: "A binding names the group `system:masters`",
    category: Category::Rbac,
    severity: Severity::Critical,
    why: "Members of `system:masters` may do everything without being asked for any role, and no \
          change of RBAC takes that away again. The group is for the first administrator of a new \
          cluster alone.",
    mend: "subjects:\n  \
           - apiGroup: rbac.authorization.k8s.io\n    \
           kind: Group\n    \
           name: shop-team\n",
    references: &[("kubescape", "C-0246"), ("trivy", "KSV0123")],
    failing: "\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: web }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view }
subjects: [{ apiGroup: rbac.authorization.k8s.io, kind: Group, name: 'system:masters' }]
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
    tell_of_subjects(&["system:masters"], binding, found);
}
