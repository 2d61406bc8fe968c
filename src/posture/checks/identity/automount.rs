use super::account::{WORKLOADS, is_called, name};
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;
use crate::posture::pod::Pod;
use crate::posture::set::Set;

pub(super) const CHECK: Check = Check {
    id: "WEIR-351",
    title: "A pod is given a token for the API server",
    category: Category::Identity,
    severity: Severity::Medium,
    why: "The token of the ServiceAccount lies in every container, and whoever gets into one may \
          do with the cluster what that ServiceAccount may. Few programs ever speak to the API \
          server.",
    mend: "spec:\n  automountServiceAccountToken: false\n",
    references: &[
        ("checkov", "CKV_K8S_38"),
        ("kubescape", "C-0034"),
        ("kubescape", "C-0190"),
        ("kubesec", "AutomountServiceAccountToken"),
        ("polaris", "automountServiceAccountToken"),
        ("trivy", "KSV036"),
    ],
    failing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  serviceAccountName: web
  containers: [{ name: web, image: shop/web:1.4 }]
",
    passing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  serviceAccountName: web
  automountServiceAccountToken: false
  containers: [{ name: web, image: shop/web:1.4 }]
",
    rule: Rule::Across(WORKLOADS, look),
};

fn look(object: &Object<'_>, set: &Set<'_>, found: &mut Found<'_>) {
    let Some(pod) = Pod::of(object) else { return };
    let mounts = pod.spec.get("automountServiceAccountToken");
    let name = name(&pod);
    match mounts.flag() {
        Some(false) => {}
        Some(true) => found.at(&mounts, format!("it asks for a token of ServiceAccount `{name}`")),
        None if is_off(name, object, set) => {}
        None => found.at(&mounts, format!("it gets a token of ServiceAccount `{name}`")),
    }
}

/// Whether a `ServiceAccount` of the run leaves tokens out of pods that do not ask for them.
fn is_off(name: &str, object: &Object<'_>, set: &Set<'_>) -> bool {
    set.of_kind("ServiceAccount", object.namespace).any(|account| {
        let mounts = account.root.get("automountServiceAccountToken");
        is_called(account, name) && mounts.flag() == Some(false)
    })
}
