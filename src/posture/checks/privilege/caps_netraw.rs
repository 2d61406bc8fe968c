use super::capability;
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-107",
    title: "A container may send forged packets",
    category: Category::Privilege,
    severity: Severity::Medium,
    why: "With `NET_RAW`, which most runtimes give unasked, a process can forge addresses and \
          pretend to be another pod of its node, or the DNS.",
    mend: "securityContext:\n  capabilities:\n    drop: [NET_RAW]   # or ALL\n",
    references: &[
        ("checkov", "CKV_K8S_28"),
        ("kube-linter", "drop-net-raw-capability"),
        ("trivy", "KSV119"),
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
        capabilities:
          drop: [NET_RAW]
",
    rule: Rule::Container(look),
};

fn look(container: &Container<'_>, found: &mut Found<'_>) {
    let mut added = capability::added(container);
    if let Some(added) = added.find(|added| capability::is(added, "NET_RAW")) {
        found.at(&added, "it adds the capability `NET_RAW`");
    } else if !capability::drops(container, "NET_RAW") && !capability::drops(container, "ALL") {
        found.at(&capability::dropped(container), "it does not drop `NET_RAW`");
    }
}
