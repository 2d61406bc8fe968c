use super::scale::{WORKLOADS, has_several};
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::cursor::Cursor;
use crate::posture::found::Found;
use crate::posture::object::Object;
use crate::posture::pod::Pod;
use crate::posture::set::{Set, selects};

pub(super) const CHECK: Check = Check {
    id: "WEIR-607",
    title: "All pods of a workload may be on one node",
    category: Category::Reliability,
    severity: Severity::Low,
    why: "Several pods are there so that one may fail. If the scheduler puts them on the same \
          node, they fail together.",
    mend: "\
affinity:
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector: { matchLabels: { app: web } }
",
    references: &[
        ("kube-linter", "no-anti-affinity"),
        ("kube-score", "deployment-has-host-podantiaffinity"),
        ("kube-score", "statefulset-has-host-podantiaffinity"),
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
      affinity:
        podAntiAffinity:
          preferredDuringSchedulingIgnoredDuringExecution:
            - weight: 100
              podAffinityTerm:
                topologyKey: kubernetes.io/hostname
                labelSelector: { matchLabels: { app: web } }
      containers: [{ name: web, image: shop/web:1.4 }]
",
    rule: Rule::Across(WORKLOADS, look),
};

fn look(workload: &Object<'_>, set: &Set<'_>, found: &mut Found<'_>) {
    let Some(pod) = Pod::of(workload) else { return };
    if !has_several(workload, set) || !pod.spec.get("topologySpreadConstraints").is_empty() {
        return;
    }
    let apart = pod.spec.at_path(&["affinity", "podAntiAffinity"]);
    if apart.is_empty() {
        found.at(&apart, "nothing keeps its pods off one node");
    } else if !means(&apart, &pod) {
        found.at(&apart, "it keeps its pods away from others, not from one another");
    }
}

/// Whether rules of anti-affinity mean pods of the same workload.
fn means(apart: &Cursor<'_>, pod: &Pod<'_>) -> bool {
    let required = apart.get("requiredDuringSchedulingIgnoredDuringExecution").items();
    let preferred = apart.get("preferredDuringSchedulingIgnoredDuringExecution").items();
    let preferred = preferred.map(|rule| rule.get("podAffinityTerm"));
    let (labels, namespace) = (pod.metadata.get("labels"), pod.object.namespace);
    required.chain(preferred).any(|term| {
        let namespaces = term.get("namespaces").words();
        let is_here =
            namespaces.is_empty() || namespace.is_empty() || namespaces.contains(&namespace);
        is_here && selects(&term.get("labelSelector"), &labels)
    })
}
