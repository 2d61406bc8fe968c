use super::flags::{API_SERVER, KUBELET, Wanted, Wish, compare};
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-1009",
    title: "The API server or a kubelet answers callers that it does not know",
    category: Category::ControlPlane,
    severity: Severity::High,
    why: "Anonymous callers are let in unless that is turned off. A kubelet without authorization \
          then runs any command in any pod of its node for whoever reaches it.",
    mend: "\
command:
  - kube-apiserver
  - --anonymous-auth=false
",
    references: &[
        ("checkov", "CKV_K8S_68"),
        ("checkov", "CKV_K8S_138"),
        ("kubescape", "C-0069"),
        ("kubescape", "C-0113"),
        ("trivy", "KCV0001"),
    ],
    failing: "\
apiVersion: v1
kind: Pod
metadata: { name: kube-apiserver, namespace: kube-system }
spec:
  containers:
    - name: kube-apiserver
      image: registry.k8s.io/kube-apiserver:v1.33.1
      command:
        - kube-apiserver
        - --authorization-mode=Node,RBAC
",
    passing: "\
apiVersion: v1
kind: Pod
metadata: { name: kube-apiserver, namespace: kube-system }
spec:
  containers:
    - name: kube-apiserver
      image: registry.k8s.io/kube-apiserver:v1.33.1
      command:
        - kube-apiserver
        - --authorization-mode=Node,RBAC
        - --anonymous-auth=false
",
    rule: Rule::Container(look),
};

const ANYBODY: &str = "callers need not say who they are";

const WISHES: &[Wish] = &[
    (API_SERVER, "anonymous-auth", Wanted::Is("false"), ANYBODY),
    (KUBELET, "anonymous-auth", Wanted::Is("false"), ANYBODY),
];

fn look(container: &Container<'_>, found: &mut Found<'_>) {
    compare(container, WISHES, found);
}
