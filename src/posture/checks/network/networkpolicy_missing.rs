use super::policy::{directions, is_native};
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;
use crate::posture::pod::Pod;
use crate::posture::set::{Set, selects};

pub(super) const CHECK: Check = Check {
    id: "WEIR-701",
    title: "No NetworkPolicy limits the pods of a workload",
    category: Category::Network,
    severity: Severity::Medium,
    why: "A pod that no NetworkPolicy selects may talk to every pod of the cluster and to the \
          internet, and every pod may talk to it: whoever gets into one of them reaches all \
          others.",
    mend: "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web
spec:
  podSelector:
    matchLabels:
      app: web   # as the labels of the pod's template
  policyTypes: [Ingress, Egress]
",
    references: &[
        ("checkov", "CKV2_K8S_6"),
        ("kube-linter", "non-isolated-pod"),
        ("kube-score", "pod-networkpolicy"),
        ("kubescape", "C-0260"),
        ("polaris", "missingNetworkPolicy"),
    ],
    failing: "\
apiVersion: v1
kind: Pod
metadata: { name: web, labels: { app: web } }
spec:
  containers: [{ name: web, image: shop/web:1.4 }]
",
    passing: "\
apiVersion: v1
kind: Pod
metadata: { name: web, labels: { app: web } }
spec:
  containers: [{ name: web, image: shop/web:1.4 }]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: web }
spec:
  podSelector: { matchLabels: { app: web } }
  policyTypes: [Ingress, Egress]
",
    rule: Rule::Across(
        &[
            "Pod",
            "Deployment",
            "StatefulSet",
            "DaemonSet",
            "ReplicaSet",
            "ReplicationController",
            "Job",
            "CronJob",
            "DeploymentConfig",
            "Rollout",
        ],
        look,
    ),
};

fn look(workload: &Object<'_>, set: &Set<'_>, found: &mut Found<'_>) {
    let Some(pod) = Pod::of(workload) else { return };
    let labels = pod.metadata.get("labels");
    let selecting = set.of_kind("NetworkPolicy", workload.namespace).filter(|policy| {
        let selector = policy.spec().get("podSelector");
        is_native(policy) && (selector.is_empty() || selects(&selector, &labels))
    });
    let mut limits = selecting.map(directions).peekable();
    if limits.peek().is_none() {
        return found.at(&labels, "no NetworkPolicy of this run selects its pods");
    }
    let either = |(to, from): (bool, bool), (more_to, more_from)| (to | more_to, from | more_from);
    match limits.fold((false, false), either) {
        (true, true) => {}
        (true, false) => found.at(&labels, "no NetworkPolicy says to whom its pods may talk"),
        (false, _) => found.at(&labels, "no NetworkPolicy says who may talk to its pods"),
    }
}
