use super::scale::SCALED;
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::cursor::Cursor;
use crate::posture::found::Found;
use crate::posture::object::Object;
use crate::posture::set::Set;

pub(super) const CHECK: Check = Check {
    id: "WEIR-604",
    title: "An autoscaler has no room, no target, or goes down to one pod",
    category: Category::Reliability,
    severity: Severity::Medium,
    why: "Without a target or without room between its bounds it scales nothing, and load that it \
          was there for takes the workload down. With one pod left, so does the loss of a node.",
    mend: "spec:\n  minReplicas: 2\n  maxReplicas: 10\n",
    references: &[
        ("datree", "HPA_MISSING_MAXREPLICAS_KEY"),
        ("datree", "HPA_MISSING_MINREPLICAS_KEY"),
        ("kube-linter", "dangling-horizontalpodautoscaler"),
        ("kube-linter", "hpa-minimum-three-replicas"),
        ("kube-score", "horizontalpodautoscaler-has-target"),
        ("kube-score", "horizontalpodautoscaler-replicas"),
        ("polaris", "hpaMaxAvailability"),
        ("polaris", "hpaMinAvailability"),
    ],
    failing: "\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: web }
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }
  minReplicas: 1
  maxReplicas: 10
",
    passing: "\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: web }
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }
  minReplicas: 2
  maxReplicas: 10
",
    rule: Rule::Across(&["HorizontalPodAutoscaler"], look),
};

fn look(scaler: &Object<'_>, set: &Set<'_>, found: &mut Found<'_>) {
    let spec = scaler.spec();
    let (min, max) = (spec.get("minReplicas"), spec.get("maxReplicas"));
    let least = min.whole().unwrap_or(1);
    if min.exists() && least < 2 {
        found.at(&min, format!("it goes down to {least} of its pods"));
    }
    match max.whole() {
        None => found.at(&max, "nothing says how many pods it may start"),
        Some(most) if most <= least => {
            found.at(&max, format!("there is no room from {least} to {most} pods"));
        }
        Some(_) => {}
    }
    let target = spec.get("scaleTargetRef");
    if dangles(&target, scaler.namespace, set) {
        let (kind, name) = (target.get("kind").word(), target.get("name").word());
        found.at(&target, format!("this run has no {kind} `{name}`"));
    }
}

/// Whether a run that has workloads lacks the one that is meant.
fn dangles(target: &Cursor<'_>, namespace: &str, set: &Set<'_>) -> bool {
    let (kind, name) = (target.get("kind").word(), target.get("name").word());
    let mut workloads = SCALED.iter().flat_map(move |kind| set.of_kind(kind, namespace));
    let mut targets = set.of_kind(kind, namespace);
    workloads.next().is_some()
        && !targets.any(|target| target.metadata().get("name").word() == name)
}
