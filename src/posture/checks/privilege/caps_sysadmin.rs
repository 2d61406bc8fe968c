use super::capability;
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-108",
    title: "A container has a capability that amounts to root on the node",
    category: Category::Privilege,
    severity: Severity::Critical,
    why: "`SYS_ADMIN` mounts the disks of the node, `SYS_MODULE` loads code into its kernel, \
          and `ALL` has both: whoever gets into the container has the node.",
    mend: "securityContext:\n  capabilities:\n    drop: [ALL]\n",
    references: &[
        ("checkov", "CKV_K8S_39"),
        ("kubesec", "CapSysAdmin"),
        ("trivy", "KSV005"),
        ("trivy", "KSV120"),
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
        capabilities:
          add: [SYS_ADMIN]
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
    for added in capability::added(container) {
        if ["ALL", "SYS_ADMIN", "SYS_MODULE"].iter().any(|name| capability::is(&added, name)) {
            found.at(&added, format!("it adds the capability `{}`", added.word()));
        }
    }
}
