use super::probe::missing;
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-601",
    title: "A container has no liveness probe",
    category: Category::Reliability,
    severity: Severity::Low,
    why: "The kubelet starts it again only when its process ends. One that hangs, but still runs, \
          hangs until somebody notices.",
    mend: "livenessProbe:\n  httpGet: { path: /alive, port: 8080 }\n  failureThreshold: 6\n",
    references: &[
        ("checkov", "CKV_K8S_8"),
        ("datree", "CONTAINERS_MISSING_LIVENESSPROBE_KEY"),
        ("kube-linter", "no-liveness-probe"),
        ("kube-score", "pod-probes"),
        ("kubescape", "C-0056"),
        ("polaris", "livenessProbeMissing"),
    ],
    failing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers:
    - name: web
      image: shop/web:1.4
",
    passing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers:
    - name: web
      image: shop/web:1.4
      livenessProbe:
        httpGet: { path: /alive, port: 8080 }
",
    rule: Rule::Container(look),
};

fn look(container: &Container<'_>, found: &mut Found<'_>) {
    if let Some(probe) = missing(container, "livenessProbe") {
        found.at(&probe, "nothing notices when it hangs");
    }
}
