use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;

pub(super) const CHECK: Check = Check {
    id: "WEIR-710",
    title: "A Service has external IPs",
    category: Category::Network,
    severity: Severity::High,
    why: "Nodes hand to the Service whatever the cluster sends to these addresses, whoever owns \
          them: so whoever may write a Service can listen to the traffic of others \
          (CVE-2020-8554).",
    mend: "spec:\n  type: LoadBalancer\n  externalIPs: []\n",
    references: &[("trivy", "AVD-KSV-0108")],
    failing: "\
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  selector: { app: web }
  ports: [{ port: 80 }]
  externalIPs: [203.0.113.7]
",
    passing: "\
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  selector: { app: web }
  ports: [{ port: 80 }]
",
    rule: Rule::Object(&["Service"], look),
};

fn look(service: &Object<'_>, found: &mut Found<'_>) {
    for address in service.spec().get("externalIPs").items() {
        found.at(&address, format!("it takes what is sent to `{}`", address.word()));
    }
}
