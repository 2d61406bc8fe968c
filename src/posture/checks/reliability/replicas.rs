use super::scale::autoscaler;
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;
use crate::posture::set::Set;

pub(super) const CHECK: Check = Check {
    id: "WEIR-603",
    title: "A Deployment has a single pod",
    category: Category::Reliability,
    severity: Severity::Low,
    why: "When its node fails or is drained, nothing answers until another pod has been scheduled, \
          pulled and started.",
    mend: "spec:\n  replicas: 2\n",
    references: &[
        ("datree", "DEPLOYMENT_INCORRECT_REPLICAS_VALUE"),
        ("kube-linter", "minimum-three-replicas"),
        ("kube-score", "deployment-replicas"),
        ("polaris", "deploymentMissingReplicas"),
    ],
    failing: "\
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
",
    rule: Rule::Across(&["Deployment"], look),
};

fn look(deployment: &Object<'_>, set: &Set<'_>, found: &mut Found<'_>) {
    let replicas = deployment.spec().get("replicas");
    let message = match replicas.whole() {
        None => "it has one pod, since nothing says how many",
        Some(..=0) => "it has no pod",
        Some(1) => "it has one pod",
        Some(_) => return,
    };
    if autoscaler(deployment, set).is_none() {
        found.at(&replicas, message);
    }
}
