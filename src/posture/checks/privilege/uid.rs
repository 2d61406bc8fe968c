use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-104",
    title: "A container runs as a user whose number the node may use too",
    category: Category::Privilege,
    severity: Severity::Low,
    why: "The kernel knows users by their numbers: a process that leaves its container has the \
          files of the node's user of that number. Numbers from 10000 on are seldom taken.",
    mend: "securityContext:\n  runAsUser: 10001\n",
    references: &[
        ("checkov", "CKV_K8S_40"),
        ("datree", "CONTAINERS_INCORRECT_RUNASUSER_VALUE_LOWUID"),
        ("kube-score", "container-security-context-user-group-id"),
        ("kubesec", "RunAsUser"),
        ("trivy", "KSV020"),
    ],
    failing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers:
    - name: web
      image: shop/web:1.4
      securityContext:
        runAsUser: 1000
",
    passing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers:
    - name: web
      image: shop/web:1.4
      securityContext:
        runAsUser: 10001
",
    rule: Rule::Container(look),
};

/// Users of a node have numbers below.
const LEAST: i64 = 10_000;

fn look(container: &Container<'_>, found: &mut Found<'_>) {
    // In a user namespace of its own, its users are other ones on the node.
    if container.pod.spec.get("hostUsers").flag() == Some(false) {
        return;
    }
    let user = container.inherited("runAsUser");
    match user.whole() {
        Some(LEAST..) => {}
        Some(number) => found.at(&user, format!("it runs as user {number}")),
        None => found.at(&user, "it names no user"),
    }
}
