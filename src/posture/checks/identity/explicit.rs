use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Pod;

pub(super) const CHECK: Check = Check {
    id: "WEIR-353",
    title: "A pod does not say as which ServiceAccount it runs",
    category: Category::Identity,
    severity: Severity::Low,
    why: "It runs as `default`, together with all others that say nothing: it cannot be given \
          rights of its own, and it gets what anybody ever gave to them. The field \
          `serviceAccount` is deprecated.",
    mend: "spec:\n  serviceAccountName: web\n",
    references: &[
        ("kube-linter", "deprecated-service-account-field"),
        ("kubesec", "ServiceAccountName"),
    ],
    failing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
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

fn look(pod: &Pod<'_>, found: &mut Found<'_>) {
    let name = pod.spec.get("serviceAccountName");
    let deprecated = pod.spec.get("serviceAccount");
    if !name.is_empty() {
        return;
    }
    if deprecated.is_empty() {
        found.at(&name, "it names no ServiceAccount, so it runs as `default`");
    } else {
        found.at(&deprecated, "it names its ServiceAccount in the deprecated `serviceAccount`");
    }
}
