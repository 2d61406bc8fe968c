use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Pod;

pub(super) const CHECK: Check = Check {
    id: "WEIR-201",
    title: "A pod sees all processes of its node",
    category: Category::HostAccess,
    severity: Severity::High,
    why: "It reads their command lines, and often their environment with its passwords; as root \
          it can kill them or step into them.",
    mend: "spec:\n  hostPID: false\n",
    references: &[
        ("checkov", "CKV_K8S_17"),
        ("datree", "CONTAINERS_INCORRECT_HOSTPID_VALUE_TRUE"),
        ("kube-linter", "host-pid"),
        ("kubescape", "C-0038"),
        ("kubesec", "HostPID"),
        ("polaris", "hostPIDSet"),
        ("trivy", "KSV010"),
    ],
    failing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  hostPID: true
  containers: [{ name: web, image: shop/web:1.4 }]
",
    passing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  hostPID: false
  containers: [{ name: web, image: shop/web:1.4 }]
",
    rule: Rule::Pod(look),
};

fn look(pod: &Pod<'_>, found: &mut Found<'_>) {
    let host = pod.spec.get("hostPID");
    if host.flag() == Some(true) {
        found.at(&host, "it shares the processes of its node");
    }
}
