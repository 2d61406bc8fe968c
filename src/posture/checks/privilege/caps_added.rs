use super::capability;
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-106",
    title: "A container is given capabilities that it would not have",
    category: Category::Privilege,
    severity: Severity::Medium,
    why: "Every capability is a part of what root may do. One that is added to those of the \
          runtime is one more way to the node.",
    mend: "securityContext:\n  capabilities:\n    drop: [ALL]\n",
    references: &[
        ("checkov", "CKV_K8S_25"),
        ("datree", "CONTAINERS_INVALID_CAPABILITIES_VALUE"),
        ("kubescape", "C-0046"),
        ("polaris", "dangerousCapabilities"),
        ("trivy", "KSV022"),
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
          add: [NET_ADMIN]
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
        found.at(&added, format!("it adds the capability `{}`", added.word()));
    }
}
