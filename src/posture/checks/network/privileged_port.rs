use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-709",
    title: "A container has a port below 1024",
    category: Category::Network,
    severity: Severity::Low,
    why: "Of old only root may listen there, so images that do often start as root. A Service can \
          have port 80 all the same, and lead to 8080.",
    mend: "ports:\n  - name: http\n    containerPort: 8080\n",
    references: &[("kube-linter", "privileged-ports"), ("trivy", "KSV117")],
    failing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers:
    - name: web
      image: shop/web:1.4
      ports: [{ containerPort: 80 }]
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
        if let Some(low) = number.whole().filter(|number| *number < 1024) {
            found.at(&number, format!("it listens on port {low}, which is below 1024"));
        }
    }
}
