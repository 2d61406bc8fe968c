use super::amount::unrequested;
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-501",
    title: "A container requests no CPU",
    category: Category::Resources,
    severity: Severity::Low,
    why: "The scheduler takes it for a container that needs none and fills the node with others. \
          When the CPUs are busy, it is the first that gets too little.",
    mend: "resources:\n  requests:\n    cpu: 100m\n",
    references: &[
        ("checkov", "CKV_K8S_10"),
        ("datree", "CONTAINERS_MISSING_CPU_REQUEST_KEY"),
        ("kube-linter", "unset-cpu-requirements"),
        ("kube-score", "container-resources"),
        ("kubescape", "C-0268"),
        ("kubesec", "RequestsCPU"),
        ("polaris", "cpuRequestsMissing"),
        ("trivy", "KSV015"),
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
        requests: { memory: 64Mi }
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
        requests: { cpu: 100m, memory: 64Mi }
",
    rule: Rule::Container(look),
};

fn look(container: &Container<'_>, found: &mut Found<'_>) {
    if let Some(amount) = unrequested(container, "cpu") {
        found.at(&amount, "it requests no CPU");
    }
}
