use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Pod;

pub(super) const CHECK: Check = Check {
    id: "WEIR-202",
    title: "A pod shares memory with the processes of its node",
    category: Category::HostAccess,
    severity: Severity::High,
    why: "It may read and write the shared memory and the message queues of everything else on \
          the node that uses them.",
    mend: "spec:\n  hostIPC: false\n",
    references: &[
        ("checkov", "CKV_K8S_18"),
        ("datree", "CONTAINERS_INCORRECT_HOSTIPC_VALUE_TRUE"),
        ("kube-linter", "host-ipc"),
        ("kubescape", "C-0038"),
        ("kubesec", "HostIPC"),
        ("polaris", "hostIPCSet"),
        ("trivy", "KSV008"),
    ],
    failing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  hostIPC: true
  containers: [{ name: web, image: shop/web:1.4 }]
",
    passing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  hostIPC: false
  containers: [{ name: web, image: shop/web:1.4 }]
",
    rule: Rule::Pod(look),
};

fn look(pod: &Pod<'_>, found: &mut Found<'_>) {
    let host = pod.spec.get("hostIPC");
    if host.flag() == Some(true) {
        found.at(&host, "it shares the IPC namespace of its node");
    }
}
