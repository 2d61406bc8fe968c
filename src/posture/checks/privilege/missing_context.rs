use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-111",
    title: "A container has no security context",
    category: Category::Privilege,
    severity: Severity::Low,
    why: "It runs with whatever its image and the runtime allow, most often as root. What its pod \
          says keeps it neither from gaining privileges nor from the default capabilities, nor from \
          writing to its files: only its own context can.",
    mend: "\
securityContext:
  runAsNonRoot: true
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
",
    references: &[("checkov", "CKV_K8S_30")],
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
        runAsNonRoot: true
",
    rule: Rule::Container(look),
};

fn look(container: &Container<'_>, found: &mut Found<'_>) {
    let security = container.security();
    if security.is_empty() {
        found.at(&security, "it has no security context");
    }
}
