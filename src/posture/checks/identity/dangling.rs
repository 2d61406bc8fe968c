use super::account::{DEFAULT, WORKLOADS, field, is_called, name};
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;
use crate::posture::pod::Pod;
use crate::posture::set::Set;

pub(super) const CHECK: Check = Check {
    id: "WEIR-354",
    title: "A pod names a ServiceAccount that does not exist",
    category: Category::Identity,
    severity: Severity::Medium,
    why: "The API server refuses a pod whose ServiceAccount does not exist: a Deployment of it is \
          accepted and never starts. Most often a name was changed on one side only.",
    mend: "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: web   # as the pod names it\n",
    references: &[("kube-linter", "non-existent-service-account")],
    failing: "\
apiVersion: v1
kind: ServiceAccount
metadata: { name: shop }
---
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  serviceAccountName: web
  containers: [{ name: web, image: shop/web:1.4 }]
",
    passing: "\
apiVersion: v1
kind: ServiceAccount
metadata: { name: web }
---
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  serviceAccountName: web
  containers: [{ name: web, image: shop/web:1.4 }]
",
    rule: Rule::Across(WORKLOADS, look),
};

fn look(object: &Object<'_>, set: &Set<'_>, found: &mut Found<'_>) {
    let Some(pod) = Pod::of(object) else { return };
    let name = name(&pod);
    let mut accounts = set.of_kind("ServiceAccount", object.namespace).peekable();
    // A run without any leaves them to somebody else, and nobody knows which there are.
    let known = accounts.peek().is_some();
    if known && name != DEFAULT && !accounts.any(|account| is_called(account, name)) {
        found.at(&field(&pod), format!("no ServiceAccount of this run is called `{name}`"));
    }
}
