use super::amount::unlimited;
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-504",
    title: "A container has no memory limit",
    category: Category::Resources,
    severity: Severity::Medium,
    why: "A leak in it eats the memory of the whole node. The kernel then kills processes there, \
          and those of other pods may be among them.",
    mend: "resources:\n  limits:\n    memory: 128Mi\n",
    references: &[
        ("checkov", "CKV_K8S_13"),
        ("datree", "CONTAINERS_MISSING_MEMORY_LIMIT_KEY"),
        ("kube-linter", "unset-memory-requirements"),
        ("kube-score", "container-resources"),
        ("kubescape", "C-0271"),
        ("kubesec", "LimitsMemory"),
        ("polaris", "memoryLimitsMissing"),
        ("trivy", "KSV018"),
    ],
    failing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers:
    - name: web
      image: shop/web:1.4
      resources:
        limits: { cpu: 500m }
",
    passing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers:
    - name: web
      image: shop/web:1.4
      resources:
        limits: { cpu: 500m, memory: 128Mi }
",
    rule: Rule::Container(look),
};

fn look(container: &Container<'_>, found: &mut Found<'_>) {
    if let Some(amount) = unlimited(container, "memory") {
        found.at(&amount, "nothing limits the memory that it uses");
    }
}
