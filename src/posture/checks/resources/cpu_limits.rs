use super::amount::unlimited;
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-502",
    title: "A container has no CPU limit",
    category: Category::Resources,
    severity: Severity::Low,
    why: "It may use every CPU of its node that is free. A loop that never ends, or somebody who \
          mines coins in it, then takes them all.",
    mend: "resources:\n  limits:\n    cpu: 500m\n",
    references: &[
        ("checkov", "CKV_K8S_11"),
        ("datree", "CONTAINERS_MISSING_CPU_LIMIT_KEY"),
        ("kube-linter", "unset-cpu-requirements"),
        ("kube-score", "container-resources"),
        ("kubescape", "C-0270"),
        ("kubesec", "LimitsCPU"),
        ("polaris", "cpuLimitsMissing"),
        ("trivy", "KSV011"),
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
        limits: { memory: 128Mi }
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
    if let Some(amount) = unlimited(container, "cpu") {
        found.at(&amount, "nothing limits the CPU that it uses");
    }
}
