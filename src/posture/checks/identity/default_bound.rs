use super::account::DEFAULT;
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;

pub(super) const CHECK: Check = Check {
    id: "WEIR-356",
    title: "A binding gives rights to the ServiceAccount `default`",
    category: Category::Identity,
    severity: Severity::High,
    why: "Every pod of the namespace that names no ServiceAccount has these rights too, also \
          those that are added later by somebody who does not know of it.",
    mend: "subjects:\n  \
           - kind: ServiceAccount\n    \
           name: web   # one of its own\n    \
           namespace: shop\n",
    references: &[("checkov", "CKV_K8S_42"), ("kubescape", "C-0189")],
    failing: "\
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: web, namespace: shop }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: web }
subjects: [{ kind: ServiceAccount, name: default, namespace: shop }]
",
    passing: "\
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: web, namespace: shop }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: web }
subjects: [{ kind: ServiceAccount, name: web, namespace: shop }]
",
    rule: Rule::Object(&["RoleBinding", "ClusterRoleBinding"], look),
};

fn look(binding: &Object<'_>, found: &mut Found<'_>) {
    let role = binding.root.at_path(&["roleRef", "name"]);
    for subject in binding.root.get("subjects").items() {
        let name = subject.get("name");
        if subject.get("kind").text() == Some("ServiceAccount") && name.text() == Some(DEFAULT) {
            let role = role.word();
            found.at(&name, format!("it gives `{role}` to every pod that names no ServiceAccount"));
        }
    }
}
