use super::scale::{WORKLOADS, may_have_several};
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;
use crate::posture::pod::Pod;
use crate::posture::set::Set;

pub(super) const CHECK: Check = Check {
    id: "WEIR-608",
    title: "Pods of a workload are not spread over zones or nodes",
    category: Category::Reliability,
    severity: Severity::Low,
    why: "Nothing but the defaults of the scheduler keeps its pods from one zone, and these give \
          way to whatever else counts. When that zone fails, nothing is left.",
    mend: "\
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: topology.kubernetes.io/zone
    whenUnsatisfiable: ScheduleAnyway
    labelSelector: { matchLabels: { app: web } }
",
    references: &[
        ("kube-score", "pod-topology-spread-constraints"),
        ("polaris", "topologySpreadConstraint"),
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
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: topology.kubernetes.io/zone
          whenUnsatisfiable: ScheduleAnyway
          labelSelector: { matchLabels: { app: web } }
      containers: [{ name: web, image: shop/web:1.4 }]
",
    rule: Rule::Across(WORKLOADS, look),
};

fn look(workload: &Object<'_>, set: &Set<'_>, found: &mut Found<'_>) {
    let Some(pod) = Pod::of(workload) else { return };
    let spread = pod.spec.get("topologySpreadConstraints");
    if may_have_several(workload, set) && spread.is_empty() {
        found.at(&spread, "nothing spreads its pods over zones or nodes");
    }
}
