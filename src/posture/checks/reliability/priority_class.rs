use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Pod;

pub(super) const CHECK: Check = Check {
    id: "WEIR-617",
    title: "A pod has no priority class",
    category: Category::Reliability,
    severity: Severity::Low,
    why: "When there is no room for all pods, the scheduler and the kubelet decide by priority \
          which of them go. Without a class, what matters counts as much as what does not.",
    mend: "priorityClassName: shop-critical\n",
    references: &[("kube-linter", "priority-class-name"), ("polaris", "priorityClassNotSet")],
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
  priorityClassName: shop-critical
  containers: [{ name: web, image: shop/web:1.4 }]
",
    rule: Rule::Pod(look),
};

fn look(pod: &Pod<'_>, found: &mut Found<'_>) {
    let class = pod.spec.get("priorityClassName");
    if class.is_empty() {
        found.at(&class, "nothing says how important it is");
    }
}
