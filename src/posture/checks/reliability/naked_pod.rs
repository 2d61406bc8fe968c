use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;

pub(super) const CHECK: Check = Check {
    id: "WEIR-615",
    title: "A pod belongs to no controller",
    category: Category::Reliability,
    severity: Severity::Medium,
    why: "When its node fails or is drained, it is gone for good. A Deployment or a Job starts \
          another one.",
    mend: "\
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  selector: { matchLabels: { app: web } }
",
    references: &[("datree", "K8S_INCORRECT_KIND_VALUE_POD"), ("kubescape", "C-0073")],
    failing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers: [{ name: web, image: shop/web:1.4 }]
",
    passing: "\
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers: [{ name: web, image: shop/web:1.4 }]
",
    rule: Rule::Object(&["Pod"], look),
};

fn look(pod: &Object<'_>, found: &mut Found<'_>) {
    let owners = pod.metadata().get("ownerReferences");
    // A hook of Helm's runs once, and Helm waits for it.
    if owners.is_empty() && !pod.annotation("helm.sh/hook").exists() {
        found.at(&owners, "nothing starts it again on another node");
    }
}
