use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-102",
    title: "A process may gain more privileges than the one that started it",
    category: Category::Privilege,
    severity: Severity::Medium,
    why: "Without `allowPrivilegeEscalation: false`, a setuid program in the image makes any \
          user of the container root again.",
    mend: "securityContext:\n  allowPrivilegeEscalation: false\n",
    references: &[
        ("checkov", "CKV_K8S_20"),
        ("datree", "CONTAINERS_MISSING_KEY_ALLOWPRIVILEGEESCALATION"),
        ("kube-linter", "privilege-escalation-container"),
        ("kubescape", "C-0016"),
        ("kubesec", "AllowPrivilegeEscalation"),
        ("polaris", "privilegeEscalationAllowed"),
        ("trivy", "KSV001"),
    ],
    failing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers:
    - name: web
      image: shop/web:1.4
",
    passing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers:
    - name: web
      image: shop/web:1.4
      securityContext:
        allowPrivilegeEscalation: false
",
    rule: Rule::Container(look),
};

fn look(container: &Container<'_>, found: &mut Found<'_>) {
    let escalation = container.security().get("allowPrivilegeEscalation");
    match escalation.flag() {
        Some(false) => {}
        Some(true) => found.at(&escalation, "its processes may gain privileges"),
        None => found.at(&escalation, "nothing keeps its processes from gaining privileges"),
    }
}
