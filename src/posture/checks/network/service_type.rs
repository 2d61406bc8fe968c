use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;

pub(super) const CHECK: Check = Check {
    id: "WEIR-704",
    title: "A Service is reachable from outside the cluster",
    category: Category::Network,
    severity: Severity::Low,
    why: "A NodePort is open on every node, past Ingress and its TLS, and a LoadBalancer has an \
          address of its own. What need not be reached from outside should not be.",
    mend: "spec:\n  type: ClusterIP\n",
    references: &[
        ("datree", "SERVICE_INCORRECT_TYPE_VALUE_NODEPORT"),
        ("kube-linter", "exposed-services"),
        ("kube-score", "service-type"),
    ],
    failing: "\
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  type: NodePort
  selector: { app: web }
  ports: [{ port: 80 }]
",
    passing: "\
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  type: ClusterIP
  selector: { app: web }
  ports: [{ port: 80 }]
",
    rule: Rule::Object(&["Service"], look),
};

fn look(service: &Object<'_>, found: &mut Found<'_>) {
    let kind = service.spec().get("type");
    match kind.word() {
        "NodePort" => found.at(&kind, "every node of the cluster opens a port for it"),
        "LoadBalancer" => found.at(&kind, "a load balancer gives it an address of its own"),
        _ => {}
    }
}
