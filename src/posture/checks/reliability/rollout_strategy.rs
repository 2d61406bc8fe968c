use super::scale::replicas;
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::cursor::Cursor;
use crate::posture::found::Found;
use crate::posture::object::Object;
use crate::posture::set::Set;

pub(super) const CHECK: Check = Check {
    id: "WEIR-609",
    title: "A rollout takes all pods of a Deployment down at once",
    category: Category::Reliability,
    severity: Severity::Low,
    why: "From the moment that the old pods stop until new ones are ready nothing answers. If the \
          new version does not start, nothing answers at all.",
    mend: "\
strategy:
  type: RollingUpdate
  rollingUpdate: { maxUnavailable: 25%, maxSurge: 25% }
",
    references: &[
        ("kube-linter", "no-rolling-update-strategy"),
        ("kube-score", "deployment-strategy"),
    ],
    failing: "\
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  strategy: { type: Recreate }
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
  strategy: { type: RollingUpdate }
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers: [{ name: web, image: shop/web:1.4 }]
",
    rule: Rule::Across(&["Deployment"], look),
};

fn look(deployment: &Object<'_>, set: &Set<'_>, found: &mut Found<'_>) {
    let strategy = deployment.spec().get("strategy");
    let kind = strategy.get("type");
    match kind.word() {
        "" | "RollingUpdate" => {
            let most = strategy.at_path(&["rollingUpdate", "maxUnavailable"]);
            if replicas(deployment, set).is_some_and(|pods| is_all(&most, pods)) {
                found.at(&most, "it lets all pods be gone at the same time");
            }
        }
        "Recreate" => found.at(&kind, "it stops all pods before it starts new ones"),
        other => found.at(&kind, format!("a Deployment knows no strategy `{other}`")),
    }
}

/// Whether `maxUnavailable` is all of so many pods.
fn is_all(most: &Cursor<'_>, pods: i64) -> bool {
    let share = most.text().and_then(|text| text.strip_suffix('%'));
    let share = share.and_then(|share| share.parse::<i64>().ok());
    share.is_some_and(|share| share >= 100)
        || most.whole().is_some_and(|most| pods > 0 && most >= pods)
}
