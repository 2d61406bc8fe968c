use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-101",
    title: "A container is privileged",
    category: Category::Privilege,
    severity: Severity::Critical,
    why: "A privileged container has every capability and every device of its node: whoever gets into it \
          has the node.",
    mend: "securityContext:\n  privileged: false\n",
    references: &[
        ("checkov", "CKV_K8S_16"),
        ("kube-linter", "privileged-container"),
        ("kube-score", "container-security-context-privileged"),
        ("kubescape", "C-0057"),
        ("polaris", "runAsPrivileged"),
        ("trivy", "KSV017"),
    ],
    failing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers:
    - name: web
      image: shop/web:1.4
      securityContext:
        privileged: true
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
        privileged: false
",
    rule: Rule::Container(look),
};

fn look(container: &Container<'_>, found: &mut Found<'_>) {
    let privileged = container.security().get("privileged");
    if privileged.flag() == Some(true) {
        found.at(&privileged, "it is privileged");
    }
}
