use super::flags::{API_SERVER, CONTROLLER_MANAGER, SCHEDULER, Wanted, Wish, compare};
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-1008",
    title: "A component of the control plane lets itself be profiled",
    category: Category::ControlPlane,
    severity: Severity::Low,
    why: "Profiles show what it does and where it is slow, and taking one takes time. They are on \
          unless they are turned off.",
    mend: "\
command:
  - kube-scheduler
  - --profiling=false
",
    references: &[
        ("checkov", "CKV_K8S_90"),
        ("checkov", "CKV_K8S_107"),
        ("checkov", "CKV_K8S_114"),
        ("trivy", "KCV0018"),
        ("trivy", "KCV0040"),
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
        - --bind-address=127.0.0.1
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
        - --profiling=false
",
    rule: Rule::Container(look),
};

const ON: &str = "whoever may call it can take profiles of it";

const WISHES: &[Wish] = &[
    (API_SERVER, "profiling", Wanted::Is("false"), ON),
    (CONTROLLER_MANAGER, "profiling", Wanted::Is("false"), ON),
    (SCHEDULER, "profiling", Wanted::Is("false"), ON),
];

fn look(container: &Container<'_>, found: &mut Found<'_>) {
    compare(container, WISHES, found);
}
