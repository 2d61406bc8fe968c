use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Pod;

pub(super) const CHECK: Check = Check {
    id: "WEIR-105",
    title: "A pod runs in a group whose number the node may use too",
    category: Category::Privilege,
    severity: Severity::Low,
    why: "Where no group is named, most images run in group 0, which is root's. The kernel \
          knows groups by their numbers: whatever files the node's group of that number may \
          use, the process may use.",
    mend: "securityContext:\n  runAsGroup: 10001\n  fsGroup: 10001\n",
    references: &[
        ("datree", "CONTAINERS_INCORRECT_RUNASGROUP_VALUE_LOWGID"),
        ("kube-score", "container-security-context-user-group-id"),
        ("trivy", "KSV021"),
        ("trivy", "KSV116"),
    ],
    failing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  securityContext:
    runAsGroup: 0
  containers: [{ name: web, image: shop/web:1.4 }]
",
    passing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  securityContext:
    runAsGroup: 10001
  containers: [{ name: web, image: shop/web:1.4 }]
",
    rule: Rule::Pod(look),
};

/// Groups of a node have numbers below.
const LEAST: i64 = 10_000;

fn look(pod: &Pod<'_>, found: &mut Found<'_>) {
    // In a user namespace of its own, its groups are other ones on the node.
    if pod.spec.get("hostUsers").flag() == Some(false) {
        return;
    }
    for container in pod.containers() {
        let name = container.name();
        let group = container.inherited("runAsGroup");
        match group.whole() {
            Some(LEAST..) => {}
            Some(number) => {
                found.at(&group, format!("container `{name}` runs in group {number}"));
            }
            None => {
                found.at(&group, format!("container `{name}` names no group"));
            }
        }
    }
    let security = pod.security();
    let others = security.get("supplementalGroups").items().chain([security.get("fsGroup")]);
    for group in others.filter(|group| group.whole() == Some(0)) {
        found.at(&group, "all its containers are in group 0, which is root's");
    }
}
