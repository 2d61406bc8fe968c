use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;
use crate::posture::set::{Set, has_all};

pub(super) const CHECK: Check = Check {
    id: "WEIR-705",
    title: "A Service selects no pod",
    category: Category::Network,
    severity: Severity::Medium,
    why: "Whoever connects to it is refused. Most often a label was renamed on one side only.",
    mend: "spec:\n  selector:\n    app: web   # as the labels of the pod's template\n",
    references: &[("kube-linter", "dangling-service"), ("kube-score", "service-targets-pod")],
    failing: "\
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  selector: { app: web }
  ports: [{ port: 80 }]
---
apiVersion: v1
kind: Pod
metadata: { name: web, labels: { app: shop } }
spec:
  containers: [{ name: web, image: shop/web:1.4 }]
",
    passing: "\
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  selector: { app: web }
  ports: [{ port: 80 }]
---
apiVersion: v1
kind: Pod
metadata: { name: web, labels: { app: web } }
spec:
  containers: [{ name: web, image: shop/web:1.4 }]
",
    rule: Rule::Across(&["Service"], look),
};

fn look(service: &Object<'_>, set: &Set<'_>, found: &mut Found<'_>) {
    let selector = service.spec().get("selector");
    if selector.is_empty() {
        return;
    }
    let mut pods = set.pods(service.namespace).peekable();
    // Alone it may be applied beside anything.
    let is_alone = pods.peek().is_none();
    if !is_alone && !pods.any(|pod| has_all(&selector, &pod.metadata.get("labels"))) {
        found.at(&selector, "no pod of this run has these labels");
    }
}
