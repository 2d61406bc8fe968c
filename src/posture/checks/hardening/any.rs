use super::{apparmor, seccomp};
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-302",
    title: "Nothing hardens a container against the kernel's weak spots",
    category: Category::Hardening,
    severity: Severity::Low,
    why: "It has no seccomp profile, no AppArmor profile and no SELinux label, and drops no \
          capability: one fault of the kernel that it can reach is enough to leave it.",
    mend: "\
securityContext:
  seccompProfile:
    type: RuntimeDefault
  capabilities:
    drop: [ALL]
",
    references: &[("kubescape", "C-0055"), ("polaris", "linuxHardening")],
    failing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers:
    - name: web
      image: shop/web:1.4
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
        capabilities:
          drop: [ALL]
",
    rule: Rule::Container(look),
};

fn look(container: &Container<'_>, found: &mut Found<'_>) {
    let has_label = !container.inherited("seLinuxOptions").is_empty();
    if !seccomp::is_confined(container)
        && !apparmor::is_confined(container)
        && !has_label
        && !drops(container)
    {
        found.at(&container.security(), "it has no profile, no label, and drops no capability");
    }
}

/// Whether it has fewer capabilities than the runtime gives.
fn drops(container: &Container<'_>) -> bool {
    let capabilities = container.security().get("capabilities");
    let mut added = capabilities.get("add").items();
    !capabilities.get("drop").is_empty()
        && !added.any(|name| name.word().eq_ignore_ascii_case("ALL"))
}
