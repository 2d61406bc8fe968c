use super::flags::{API_SERVER, Flags, KUBELET, Wanted, Wish, compare};
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-1006",
    title: "The API server or a kubelet does not ask who may do what",
    category: Category::ControlPlane,
    severity: Severity::Critical,
    why: "With `AlwaysAllow`, which is the default of both, whoever is known may do everything. \
          `Node` keeps a kubelet to its own pods, and `RBAC` everybody to the roles that they were \
          given.",
    mend: "\
command:
  - kube-apiserver
  - --authorization-mode=Node,RBAC
",
    references: &[
        ("checkov", "CKV_K8S_74"),
        ("checkov", "CKV_K8S_75"),
        ("checkov", "CKV_K8S_77"),
        ("checkov", "CKV_K8S_139"),
        ("kubescape", "C-0118"),
        ("kubescape", "C-0119"),
        ("kubescape", "C-0120"),
        ("trivy", "KCV0007"),
        ("trivy", "KCV0008"),
        ("trivy", "KCV0009"),
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
        - --authorization-mode=AlwaysAllow
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
",
    rule: Rule::Container(look),
};

const ALL: &str = "whoever is known to it may do everything";

const WISHES: &[Wish] = &[
    (API_SERVER, "authorization-mode", Wanted::Omits("AlwaysAllow"), ALL),
    (
        API_SERVER,
        "authorization-mode",
        Wanted::Lists("Node"),
        "a kubelet is not kept to its own pods",
    ),
    (
        API_SERVER,
        "authorization-mode",
        Wanted::Lists("RBAC"),
        "roles and their bindings do not count",
    ),
    (KUBELET, "authorization-mode", Wanted::Set, ALL),
    (KUBELET, "authorization-mode", Wanted::Omits("AlwaysAllow"), ALL),
];

/// The same may be said in a file instead.
const MISSING: &[Wish] = &[(API_SERVER, "authorization-mode", Wanted::Set, ALL)];

fn look(container: &Container<'_>, found: &mut Found<'_>) {
    compare(container, WISHES, found);
    if Flags::of(container).is_some_and(|flags| flags.get("authorization-config").is_none()) {
        compare(container, MISSING, found);
    }
}
