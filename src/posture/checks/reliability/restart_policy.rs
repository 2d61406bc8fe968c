use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Pod;

pub(super) const CHECK: Check = Check {
    id: "WEIR-610",
    title: "A restart policy does not fit what makes the pods",
    category: Category::Reliability,
    severity: Severity::Medium,
    why: "The API server refuses it: pods of a Deployment and its like always start again, pods of \
          a Job never do once they have succeeded, and `Always` is what holds if nothing is said.",
    mend: "restartPolicy: OnFailure   # in a Job; leave it out in a Deployment\n",
    references: &[
        ("datree", "WORKLOAD_INCORRECT_RESTARTPOLICY_VALUE_ALWAYS"),
        ("kube-linter", "restart-policy"),
        ("kube-score", "cronjob-restartpolicy"),
    ],
    failing: "\
apiVersion: batch/v1
kind: Job
metadata: { name: import }
spec:
  template:
    spec:
      containers: [{ name: import, image: shop/import:1.4 }]
",
    passing: "\
apiVersion: batch/v1
kind: Job
metadata: { name: import }
spec:
  template:
    spec:
      restartPolicy: OnFailure
      containers: [{ name: import, image: shop/import:1.4 }]
",
    rule: Rule::Pod(look),
};

fn look(pod: &Pod<'_>, found: &mut Found<'_>) {
    let kind = pod.object.kind;
    let policies: &[&str] = match kind {
        "Pod" => &["Always", "OnFailure", "Never"],
        "Job" | "CronJob" => &["OnFailure", "Never"],
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "ReplicationController" => {
            &["Always"]
        }
        _ => return,
    };
    let policy = pod.spec.get("restartPolicy");
    let in_force = policy.text().unwrap_or("Always");
    if !policies.contains(&in_force) {
        found.at(&policy, format!("a {kind} cannot have `{in_force}`"));
    }
}
