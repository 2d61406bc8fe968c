use super::scale::{WORKLOADS, may_have_several};
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;
use crate::posture::pod::Pod;
use crate::posture::set::{Set, selects};

pub(super) const CHECK: Check = Check {
    id: "WEIR-605",
    title: "No PodDisruptionBudget keeps pods of a workload up",
    category: Category::Reliability,
    severity: Severity::Low,
    why: "Whoever drains nodes, as an upgrade of the cluster does, may evict all of its pods at \
          the same time.",
    mend: "\
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: web }
spec:
  maxUnavailable: 1
  selector: { matchLabels: { app: web } }
",
    references: &[
        ("kube-score", "deployment-has-poddisruptionbudget"),
        ("kube-score", "statefulset-has-poddisruptionbudget"),
        ("polaris", "missingPodDisruptionBudget"),
    ],
    failing: "\
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers: [{ name: web, image: shop/web:1.4 }]
",
    passing: "\
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers: [{ name: web, image: shop/web:1.4 }]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: web }
spec:
  maxUnavailable: 1
  selector: { matchLabels: { app: web } }
",
    rule: Rule::Across(WORKLOADS, look),
};

fn look(workload: &Object<'_>, set: &Set<'_>, found: &mut Found<'_>) {
    let Some(pod) = Pod::of(workload) else { return };
    let labels = pod.metadata.get("labels");
    let mut budgets = set.of_kind("PodDisruptionBudget", workload.namespace);
    let is_kept = budgets.any(|budget| selects(&budget.spec().get("selector"), &labels));
    if may_have_several(workload, set) && !is_kept {
        let replicas = workload.spec().get("replicas");
        found.at(&replicas, "no PodDisruptionBudget of this run selects its pods");
    }
}
