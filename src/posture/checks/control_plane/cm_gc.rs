use super::flags::{API_SERVER, CONTROLLER_MANAGER, Wanted, Wish, compare};
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-1012",
    title: "Nothing bounds ended pods, or how long a request may take",
    category: Category::ControlPlane,
    severity: Severity::Low,
    why: "Pods that have ended are kept until there are 12,500 of them, and slow down whoever \
          lists pods. A request without an end keeps its share of the API server.",
    mend: "\
command:
  - kube-controller-manager
  - --terminated-pod-gc-threshold=100
",
    references: &[("checkov", "CKV_K8S_95"), ("checkov", "CKV_K8S_106"), ("trivy", "KCV0033")],
    failing: "\
apiVersion: v1
kind: Pod
metadata: { name: kube-controller-manager, namespace: kube-system }
spec:
  containers:
    - name: kube-controller-manager
      image: registry.k8s.io/kube-controller-manager:v1.33.1
      command:
        - kube-controller-manager
        - --terminated-pod-gc-threshold=0
",
    passing: "\
apiVersion: v1
kind: Pod
metadata: { name: kube-controller-manager, namespace: kube-system }
spec:
  containers:
    - name: kube-controller-manager
      image: registry.k8s.io/kube-controller-manager:v1.33.1
      command:
        - kube-controller-manager
        - --terminated-pod-gc-threshold=100
",
    rule: Rule::Container(look),
};

const WISHES: &[Wish] = &[
    (
        CONTROLLER_MANAGER,
        "terminated-pod-gc-threshold",
        Wanted::AtLeast(1),
        "pods that have ended pile up",
    ),
    (API_SERVER, "request-timeout", Wanted::Not(&["0", "0s"]), "requests may take for ever"),
];

fn look(container: &Container<'_>, found: &mut Found<'_>) {
    compare(container, WISHES, found);
}
