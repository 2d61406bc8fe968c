use super::flags::{API_SERVER, CONTROLLER_MANAGER, KUBELET, SCHEDULER, Wanted, Wish, compare};
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-1005",
    title: "A component listens where it need not, or without asking who calls",
    category: Category::ControlPlane,
    severity: Severity::High,
    why: "An insecure port of the API server lets everybody do everything, and the read-only port \
          of a kubelet tells everybody of all pods. The others are for their own node only, and \
          often open to all.",
    mend: "\
command:
  - kube-scheduler
  - --bind-address=127.0.0.1
",
    references: &[
        ("checkov", "CKV_K8S_86"),
        ("checkov", "CKV_K8S_88"),
        ("checkov", "CKV_K8S_89"),
        ("checkov", "CKV_K8S_113"),
        ("checkov", "CKV_K8S_115"),
        ("checkov", "CKV_K8S_141"),
        ("kubescape", "C-0005"),
        ("trivy", "KCV0017"),
        ("trivy", "KCV0039"),
    ],
    failing: "\
apiVersion: v1
kind: Pod
metadata: { name: kube-scheduler, namespace: kube-system }
spec:
  containers:
    - name: kube-scheduler
      image: registry.k8s.io/kube-scheduler:v1.33.1
      command:
        - kube-scheduler
        - --bind-address=0.0.0.0
",
    passing: "\
apiVersion: v1
kind: Pod
metadata: { name: kube-scheduler, namespace: kube-system }
spec:
  containers:
    - name: kube-scheduler
      image: registry.k8s.io/kube-scheduler:v1.33.1
      command:
        - kube-scheduler
        - --bind-address=127.0.0.1
",
    rule: Rule::Container(look),
};

const OPEN: &str = "other hosts reach it too";

const WISHES: &[Wish] = &[
    (API_SERVER, "insecure-port", Wanted::IfSet("0"), "who calls there may do everything"),
    (API_SERVER, "insecure-bind-address", Wanted::Unset, "who calls there may do everything"),
    (API_SERVER, "secure-port", Wanted::Not(&["0"]), "it has no port with TLS"),
    (CONTROLLER_MANAGER, "bind-address", Wanted::Is("127.0.0.1"), OPEN),
    (SCHEDULER, "bind-address", Wanted::Is("127.0.0.1"), OPEN),
    (KUBELET, "read-only-port", Wanted::Is("0"), "it tells everybody of the pods of its node"),
];

fn look(container: &Container<'_>, found: &mut Found<'_>) {
    compare(container, WISHES, found);
}
