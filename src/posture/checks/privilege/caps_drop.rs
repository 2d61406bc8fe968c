use super::capability;
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-109",
    title: "A container keeps the capabilities that the runtime gives unasked",
    category: Category::Privilege,
    severity: Severity::Low,
    why: "They let root in the container change owners, switch users and make device files. Few \
          programs need any of them.",
    mend: "securityContext:\n  capabilities:\n    drop: [ALL]\n",
    references: &[("checkov", "CKV_K8S_37"), ("kubesec", "CapDropAll"), ("trivy", "KSV003")],
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
        capabilities:
          drop: [ALL]
",
    rule: Rule::Container(look),
};

fn look(container: &Container<'_>, found: &mut Found<'_>) {
    if !capability::drops(container, "ALL") {
        found.at(&capability::dropped(container), "it does not drop `ALL` capabilities");
    }
}
