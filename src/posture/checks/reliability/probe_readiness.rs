use super::probe::missing;
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-602",
    title: "A container has no readiness probe",
    category: Category::Reliability,
    severity: Severity::Low,
    why: "Services send it connections as soon as its process runs, whether or not it can answer \
          yet. A rollout goes on even if no new pod ever answers.",
    mend: "readinessProbe:\n  httpGet: { path: /ready, port: 8080 }\n",
    references: &[
        ("checkov", "CKV_K8S_9"),
        ("datree", "CONTAINERS_MISSING_READINESSPROBE_KEY"),
        ("kube-linter", "no-readiness-probe"),
        ("kube-score", "pod-probes"),
        ("kubescape", "C-0018"),
        ("polaris", "readinessProbeMissing"),
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
      readinessProbe:
        httpGet: { path: /ready, port: 8080 }
",
    rule: Rule::Container(look),
};

fn look(container: &Container<'_>, found: &mut Found<'_>) {
    if let Some(probe) = missing(container, "readinessProbe") {
        found.at(&probe, "it gets connections before it can answer them");
    }
}
