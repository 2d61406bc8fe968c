use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-708",
    title: "A container has the port of SSH",
    category: Category::Network,
    severity: Severity::Medium,
    why: "A shell that is reachable over the network, past the API server: with passwords and \
          keys of its own, and nothing in the audit log. `kubectl exec` does the same under RBAC.",
    mend: "ports:\n  - name: http\n    containerPort: 8080\n",
    references: &[("kube-linter", "ssh-port"), ("kubescape", "C-0042")],
    failing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers:
    - name: web
      image: shop/web:1.4
      ports: [{ containerPort: 22 }]
",
    passing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers:
    - name: web
      image: shop/web:1.4
      ports: [{ containerPort: 8080 }]
",
    rule: Rule::Container(look),
};

fn look(container: &Container<'_>, found: &mut Found<'_>) {
    for port in container.fields.get("ports").items() {
        let number = port.get("containerPort");
        let is_tcp = matches!(port.get("protocol").word(), "" | "TCP");
        if is_tcp && number.whole() == Some(22) {
            found.at(&number, "it listens on port 22, where SSH does");
        }
    }
}
