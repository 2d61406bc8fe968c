use super::account::{DEFAULT, field};
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Pod;

pub(super) const CHECK: Check = Check {
    id: "WEIR-352",
    title: "A pod runs as the ServiceAccount `default`",
    category: Category::Identity,
    severity: Severity::Medium,
    why: "Every pod of the namespace that names no ServiceAccount runs as `default`: what one of \
          them is allowed, all of them are.",
    mend: "spec:\n  serviceAccountName: web\n",
    references: &[("kube-linter", "default-service-account"), ("kubescape", "C-0189")],
    failing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  serviceAccountName: default
  containers: [{ name: web, image: shop/web:1.4 }]
",
    passing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  serviceAccountName: web
  containers: [{ name: web, image: shop/web:1.4 }]
",
    rule: Rule::Pod(look),
};

// A pod that names none runs as `default` too: that is what WEIR-353 tells.
fn look(pod: &Pod<'_>, found: &mut Found<'_>) {
    let name = field(pod);
    if name.text() == Some(DEFAULT) {
        found.at(&name, "it shares ServiceAccount `default` with every pod that names none");
    }
}
