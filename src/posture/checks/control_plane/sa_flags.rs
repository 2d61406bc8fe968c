use super::flags::{API_SERVER, CONTROLLER_MANAGER, Wanted, Wish, compare};
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-1007",
    title: "Tokens of service accounts are made or checked carelessly",
    category: Category::ControlPlane,
    severity: Severity::Medium,
    why: "Tokens should be signed with a key that is for nothing else, and end with their \
          account. And each controller should have an account of its own, so that none of them may \
          do what only another has to.",
    mend: "\
command:
  - kube-controller-manager
  - --use-service-account-credentials=true
  - --service-account-private-key-file=/etc/kubernetes/pki/sa.key
  - --root-ca-file=/etc/kubernetes/pki/ca.crt
",
    references: &[
        ("checkov", "CKV_K8S_96"),
        ("checkov", "CKV_K8S_97"),
        ("checkov", "CKV_K8S_108"),
        ("checkov", "CKV_K8S_110"),
        ("checkov", "CKV_K8S_111"),
        ("trivy", "KCV0024"),
        ("trivy", "KCV0025"),
        ("trivy", "KCV0036"),
        ("trivy", "KCV0037"),
    ],
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
        - --service-account-private-key-file=/etc/kubernetes/pki/sa.key
        - --root-ca-file=/etc/kubernetes/pki/ca.crt
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
        - --service-account-private-key-file=/etc/kubernetes/pki/sa.key
        - --root-ca-file=/etc/kubernetes/pki/ca.crt
        - --use-service-account-credentials=true
",
    rule: Rule::Container(look),
};

const WISHES: &[Wish] = &[
    (
        API_SERVER,
        "service-account-lookup",
        Wanted::Not(&["false"]),
        "tokens of deleted accounts stay valid",
    ),
    (
        API_SERVER,
        "service-account-key-file",
        Wanted::Set,
        "tokens are checked with the key of its certificate",
    ),
    (
        CONTROLLER_MANAGER,
        "use-service-account-credentials",
        Wanted::Is("true"),
        "all controllers have the rights of all",
    ),
    (
        CONTROLLER_MANAGER,
        "service-account-private-key-file",
        Wanted::Set,
        "tokens have no key of their own",
    ),
    (
        CONTROLLER_MANAGER,
        "root-ca-file",
        Wanted::Set,
        "pods cannot tell the API server from an impostor",
    ),
];

fn look(container: &Container<'_>, found: &mut Found<'_>) {
    compare(container, WISHES, found);
}
