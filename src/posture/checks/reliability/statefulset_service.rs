use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;
use crate::posture::pod::Pod;
use crate::posture::set::{Set, has_all};

pub(super) const CHECK: Check = Check {
    id: "WEIR-616",
    title: "Pods of a StatefulSet have no names in DNS",
    category: Category::Reliability,
    severity: Severity::Medium,
    why: "Members of a StatefulSet find one another by names such as `db-0.db`. Those are there \
          only if `serviceName` names a headless Service that selects its pods.",
    mend: "\
apiVersion: v1
kind: Service
metadata: { name: db }
spec:
  clusterIP: None
  selector: { app: db }
",
    references: &[("kube-score", "statefulset-has-servicename")],
    failing: "\
apiVersion: v1
kind: Service
metadata: { name: db }
spec:
  selector: { app: db }
  ports: [{ port: 5432 }]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: db }
spec:
  serviceName: db
  selector: { matchLabels: { app: db } }
  template:
    metadata: { labels: { app: db } }
    spec:
      containers: [{ name: db, image: shop/db:1.4 }]
",
    passing: "\
apiVersion: v1
kind: Service
metadata: { name: db }
spec:
  clusterIP: None
  selector: { app: db }
  ports: [{ port: 5432 }]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: db }
spec:
  serviceName: db
  selector: { matchLabels: { app: db } }
  template:
    metadata: { labels: { app: db } }
    spec:
      containers: [{ name: db, image: shop/db:1.4 }]
",
    rule: Rule::Across(&["StatefulSet"], look),
};

fn look(workload: &Object<'_>, set: &Set<'_>, found: &mut Found<'_>) {
    let name = workload.spec().get("serviceName");
    if name.is_empty() {
        return found.at(&name, "it names no Service");
    }
    let services = set.of_kind("Service", workload.namespace);
    let named: Vec<_> = services
        .filter(|service| service.metadata().get("name").text() == name.text())
        .map(Object::spec)
        .collect();
    let Some(pod) = Pod::of(workload).filter(|_| !named.is_empty()) else { return };
    let labels = pod.metadata.get("labels");
    if !named.iter().any(|service| service.get("clusterIP").word() == "None") {
        found.at(&name, format!("Service `{}` is not headless", name.word()));
    } else if !named.iter().any(|service| has_all(&service.get("selector"), &labels)) {
        found.at(&name, format!("Service `{}` does not select its pods", name.word()));
    }
}
