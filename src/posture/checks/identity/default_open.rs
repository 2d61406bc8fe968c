use super::account::{DEFAULT, is_called};
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;

pub(super) const CHECK: Check = Check {
    id: "WEIR-355",
    title: "The ServiceAccount `default` gives its token to every pod",
    category: Category::Identity,
    severity: Severity::Medium,
    why: "Each pod that names no ServiceAccount gets the token of `default`, needed or not. Where \
          the ServiceAccount itself says no, a pod that needs one has to ask for it.",
    mend: "apiVersion: v1\n\
           kind: ServiceAccount\n\
           metadata:\n  \
           name: default\n\
           automountServiceAccountToken: false\n",
    references: &[("checkov", "CKV_K8S_41"), ("kubescape", "C-0189")],
    failing: "\
apiVersion: v1
kind: ServiceAccount
metadata: { name: default, namespace: shop }
",
    passing: "\
apiVersion: v1
kind: ServiceAccount
metadata: { name: default, namespace: shop }
automountServiceAccountToken: false
",
    rule: Rule::Object(&["ServiceAccount"], look),
};

fn look(account: &Object<'_>, found: &mut Found<'_>) {
    let mounts = account.root.get("automountServiceAccountToken");
    if is_called(account, DEFAULT) && mounts.flag() != Some(false) {
        found.at(&mounts, "pods that name no ServiceAccount get its token");
    }
}
