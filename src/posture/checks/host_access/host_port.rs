use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-208",
    title: "A container listens on a port of its node",
    category: Category::HostAccess,
    severity: Severity::Medium,
    why: "Whoever reaches the node reaches the container, past its Service. Only one such pod \
          fits on a node, and it waits where the port is taken.",
    mend: "ports:\n  - containerPort: 8080   # and a Service in front of it\n",
    references: &[
        ("checkov", "CKV_K8S_26"),
        ("datree", "CONTAINERS_INCORRECT_KEY_HOSTPORT"),
        ("kubescape", "C-0044"),
        ("polaris", "hostPortSet"),
        ("trivy", "KSV024"),
    ],
    failing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers:
    - name: web
      image: shop/web:1.4
      ports: [{ containerPort: 8080, hostPort: 8080 }]
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
        let host = port.get("hostPort");
        // Zero is as good as none.
        if let Some(number) = host.whole().filter(|number| *number != 0) {
            found.at(&host, format!("it listens on port {number} of the node"));
        }
    }
}
