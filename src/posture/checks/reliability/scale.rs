//! How many pods a workload has, and who decides it.

use crate::posture::object::Object;
use crate::posture::set::Set;

/// Kinds that keep up as many pods as their `spec.replicas` says.
pub(super) const SCALED: &[&str] =
    &["Deployment", "StatefulSet", "ReplicaSet", "ReplicationController", "DeploymentConfig"];

/// Those of them that nobody else makes.
pub(super) const WORKLOADS: &[&str] = &["Deployment", "StatefulSet"];

/// The autoscaler of the run that decides how many pods a workload has.
pub(super) fn autoscaler<'s>(workload: &Object<'_>, set: &'s Set<'_>) -> Option<&'s Object<'s>> {
    let name = workload.metadata().get("name");
    let mut scalers = set.of_kind("HorizontalPodAutoscaler", workload.namespace);
    scalers.find(|scaler| {
        let target = scaler.spec().get("scaleTargetRef");
        target.get("kind").word() == workload.kind
            && target.get("name").exists()
            && target.get("name").text() == name.text()
    })
}

/// How many pods a workload has at least; none if its kind says nothing of that.
pub(super) fn replicas(workload: &Object<'_>, set: &Set<'_>) -> Option<i64> {
    let least = autoscaler(workload, set).map_or_else(
        || workload.spec().get("replicas").whole(),
        |scaler| scaler.spec().get("minReplicas").whole(),
    );
    SCALED.contains(&workload.kind).then(|| least.unwrap_or(1))
}

/// Whether a workload may have two pods or more: where nothing is written, who scales it decides.
pub(super) fn may_have_several(workload: &Object<'_>, set: &Set<'_>) -> bool {
    autoscaler(workload, set).is_some()
        || !workload.spec().get("replicas").exists()
        || has_several(workload, set)
}

/// Whether a workload has two pods or more.
pub(super) fn has_several(workload: &Object<'_>, set: &Set<'_>) -> bool {
    replicas(workload, set).is_some_and(|pods| pods > 1)
}
