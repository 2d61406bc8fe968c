use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;

pub(super) const CHECK: Check = Check {
    id: "WEIR-904",
    title: "Nothing says to whom a workload belongs",
    category: Category::Hygiene,
    severity: Severity::Low,
    why: "When it does harm at night, somebody has to know whom to call, and whether it may be \
          stopped.",
    mend: "metadata:\n  labels:\n    app.kubernetes.io/part-of: shop\n    owner: team-shop\n",
    references: &[
        ("datree", "WORKLOAD_MISSING_LABEL_OWNER_VALUE"),
        ("kube-linter", "required-annotation-email"),
        ("kube-linter", "required-label-owner"),
        ("kubescape", "C-0076"),
        ("kubescape", "C-0077"),
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
metadata: { name: web, labels: { app: web, owner: team-shop } }
spec:
  containers: [{ name: web, image: shop/web:1.4 }]
",
    rule: Rule::Object(
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

/// What labels and annotations are called that say it, after the prefix that they may have.
const NAMES: [&str; 12] = [
    "owner",
    "owners",
    "owned-by",
    "team",
    "squad",
    "contact",
    "contacts",
    "email",
    "maintainer",
    "maintainers",
    "part-of",
    "managed-by",
];

fn look(object: &Object<'_>, found: &mut Found<'_>) {
    let metadata = object.metadata();
    // Then it belongs to what made it.
    if metadata.get("ownerReferences").exists() {
        return;
    }
    let mut members =
        ["labels", "annotations"].into_iter().flat_map(|name| metadata.get(name).members());
    if !members.any(|(name, _)| name.rsplit('/').next().is_some_and(|name| NAMES.contains(&name))) {
        found.at(&metadata.at_path(&["labels", "owner"]), "no label or annotation names an owner");
    }
}
