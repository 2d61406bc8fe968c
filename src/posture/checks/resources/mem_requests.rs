use super::amount::unrequested;
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-503",
    title: "A container requests no memory",
    category: Category::Resources,
    severity: Severity::Medium,
    why: "The scheduler puts it on a node whether or not there is memory left. When the node runs \
          short, the kubelet evicts pods that use more than they requested first.",
    mend: "resources:\n  requests:\n    memory: 64Mi\n",
    references: &[
        ("checkov", "CKV_K8S_12"),
        ("datree", "CONTAINERS_MISSING_MEMORY_REQUEST_KEY"),
        ("kube-linter", "unset-memory-requirements"),
        ("kube-score", "container-resources"),
        ("kubescape", "C-0269"),
        ("kubesec", "RequestsMemory"),
        ("polaris", "memoryRequestsMissing"),
        ("trivy", "KSV016"),
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
        requests: { cpu: 100m }
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
    if let Some(amount) = unrequested(container, "memory") {
        found.at(&amount, "it requests no memory");
    }
}
