use super::flags::{API_SERVER, Wanted, Wish, compare};
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-1004",
    title: "The API server keeps no audit log, or not for long enough",
    category: Category::ControlPlane,
    severity: Severity::Medium,
    why: "Without it nobody can tell afterwards who did what in the cluster. An intruder is often \
          found only after weeks, when a short log has been overwritten.",
    mend: "\
command:
  - kube-apiserver
  - --audit-log-path=/var/log/kubernetes/audit.log
  - --audit-log-maxage=30
  - --audit-log-maxbackup=10
  - --audit-log-maxsize=100
",
    references: &[
        ("checkov", "CKV_K8S_91"),
        ("checkov", "CKV_K8S_92"),
        ("checkov", "CKV_K8S_93"),
        ("checkov", "CKV_K8S_94"),
        ("kubescape", "C-0067"),
        ("trivy", "KCV0019"),
        ("trivy", "KCV0020"),
        ("trivy", "KCV0021"),
        ("trivy", "KCV0022"),
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
        - --audit-log-path=/var/log/kubernetes/audit.log
        - --audit-log-maxage=7
        - --audit-log-maxbackup=10
        - --audit-log-maxsize=100
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
        - --audit-log-path=/var/log/kubernetes/audit.log
        - --audit-log-maxage=30
        - --audit-log-maxbackup=10
        - --audit-log-maxsize=100
",
    rule: Rule::Container(look),
};

const WISHES: &[Wish] = &[
    (API_SERVER, "audit-log-path", Wanted::Set, "it writes no audit log to a file"),
    (API_SERVER, "audit-log-maxage", Wanted::AtLeast(30), "keep 30 days of the audit log"),
    (API_SERVER, "audit-log-maxbackup", Wanted::AtLeast(10), "keep 10 old files of the audit log"),
    (
        API_SERVER,
        "audit-log-maxsize",
        Wanted::AtLeast(100),
        "let a file of the audit log have 100 megabytes",
    ),
];

fn look(container: &Container<'_>, found: &mut Found<'_>) {
    compare(container, WISHES, found);
}
