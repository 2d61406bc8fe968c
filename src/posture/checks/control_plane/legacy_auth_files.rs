use super::flags::{API_SERVER, Wanted, Wish, compare};
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-1010",
    title: "The API server takes passwords or tokens from a file",
    category: Category::ControlPlane,
    severity: Severity::High,
    why: "They stand there in the clear, never expire, and cannot be taken back without a \
          restart.",
    mend: "\
command:
  - kube-apiserver
  - --oidc-issuer-url=https://login.example.com
  - --oidc-client-id=kubernetes
",
    references: &[
        ("checkov", "CKV_K8S_69"),
        ("checkov", "CKV_K8S_70"),
        ("kubescape", "C-0114"),
        ("trivy", "KCV0002"),
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
        - --token-auth-file=/etc/kubernetes/tokens.csv
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
        - --client-ca-file=/etc/kubernetes/pki/ca.crt
",
    rule: Rule::Container(look),
};

const WISHES: &[Wish] = &[
    (API_SERVER, "basic-auth-file", Wanted::Unset, "passwords stand there in the clear"),
    (API_SERVER, "token-auth-file", Wanted::Unset, "tokens stand there in the clear"),
];

fn look(container: &Container<'_>, found: &mut Found<'_>) {
    compare(container, WISHES, found);
}
