use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Pod;

pub(super) const CHECK: Check = Check {
    id: "WEIR-203",
    title: "A pod uses the network of its node",
    category: Category::HostAccess,
    severity: Severity::High,
    why: "It reaches what listens on the node's loopback address, can watch the traffic of the \
          node, and most network plugins apply no NetworkPolicy to it.",
    mend: "spec:\n  hostNetwork: false\n",
    references: &[
        ("checkov", "CKV_K8S_19"),
        ("datree", "CONTAINERS_INCORRECT_HOSTNETWORK_VALUE_TRUE"),
        ("kube-linter", "host-network"),
        ("kubescape", "C-0041"),
        ("kubesec", "HostNetwork"),
        ("polaris", "hostNetworkSet"),
        ("trivy", "KSV009"),
    ],
    failing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  hostNetwork: true
  containers: [{ name: web, image: shop/web:1.4 }]
",
    passing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  hostNetwork: false
  containers: [{ name: web, image: shop/web:1.4 }]
",
    rule: Rule::Pod(look),
};

fn look(pod: &Pod<'_>, found: &mut Found<'_>) {
    let host = pod.spec.get("hostNetwork");
    if host.flag() == Some(true) {
        found.at(&host, "it shares the network of its node");
    }
}
