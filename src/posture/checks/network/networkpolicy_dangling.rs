use super::policy::is_native;
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::cursor::Cursor;
use crate::posture::found::Found;
use crate::posture::object::Object;
use crate::posture::set::{Set, selects};

pub(super) const CHECK: Check = Check {
    id: "WEIR-702",
    title: "A NetworkPolicy, or a peer of it, selects no pod",
    category: Category::Network,
    severity: Severity::Medium,
    why: "A policy that selects no pod protects none, and a peer that selects no pod lets none \
          in. Most often a label was renamed on one side only.",
    mend: "spec:\n  podSelector:\n    matchLabels:\n      app: web   # as the labels of the pods\n",
    references: &[
        ("kube-linter", "dangling-networkpolicy"),
        ("kube-linter", "dangling-networkpolicypeer-podselector"),
        ("kube-score", "networkpolicy-targets-pod"),
    ],
    failing: "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: web }
spec:
  podSelector: { matchLabels: { app: web } }
  ingress: [{ from: [{ podSelector: { matchLabels: { app: web } } }] }]
---
apiVersion: v1
kind: Pod
metadata: { name: web, labels: { app: shop } }
spec:
  containers: [{ name: web, image: shop/web:1.4 }]
",
    passing: "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: web }
spec:
  podSelector: { matchLabels: { app: web } }
  ingress: [{ from: [{ podSelector: { matchLabels: { app: web } } }] }]
---
apiVersion: v1
kind: Pod
metadata: { name: web, labels: { app: web } }
spec:
  containers: [{ name: web, image: shop/web:1.4 }]
",
    rule: Rule::Across(&["NetworkPolicy"], look),
};

fn look(policy: &Object<'_>, set: &Set<'_>, found: &mut Found<'_>) {
    if !is_native(policy) {
        return;
    }
    let selects_none = |selector: &Cursor<'_>| {
        let mut pods = set.pods(policy.namespace);
        !selector.is_empty() && !pods.any(|pod| selects(selector, &pod.metadata.get("labels")))
    };
    let spec = policy.spec();
    let own = spec.get("podSelector");
    if selects_none(&own) {
        found.at(&own, "no pod of this run has these labels");
    }
    for (rules, peers) in [("ingress", "from"), ("egress", "to")] {
        for peer in spec.get(rules).items().flat_map(|rule| rule.get(peers).items()) {
            let selector = peer.get("podSelector");
            if !peer.get("namespaceSelector").exists() && selects_none(&selector) {
                found.at(&selector, "no pod of this run in its own namespace has these labels");
            }
        }
    }
}
