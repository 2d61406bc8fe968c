use super::scale::autoscaler;
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;
use crate::posture::set::Set;

pub(super) const CHECK: Check = Check {
    id: "WEIR-614",
    title: "A workload with an autoscaler fixes its number of pods",
    category: Category::Reliability,
    severity: Severity::Medium,
    why: "Each time the manifest is applied, the workload falls back to that number, however high \
          the load is, and the autoscaler has to begin anew.",
    mend: "spec:\n  replicas: null   # leave it out\n",
    references: &[("kube-score", "deployment-targeted-by-hpa-does-not-have-replicas-configured")],
    failing: "\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: web }
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }
  minReplicas: 2
  maxReplicas: 10
---
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
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: web }
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }
  minReplicas: 2
  maxReplicas: 10
---
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
    rule: Rule::Across(&["Deployment", "StatefulSet", "ReplicationController"], look),
};

fn look(workload: &Object<'_>, set: &Set<'_>, found: &mut Found<'_>) {
    // In a cluster the number is always there: the autoscaler writes it.
    if workload.metadata().get("uid").exists() {
        return;
    }
    let replicas = workload.spec().get("replicas");
    if replicas.exists() && autoscaler(workload, set).is_some() {
        found.at(&replicas, "each time it is applied, it undoes what its autoscaler did");
    }
}
