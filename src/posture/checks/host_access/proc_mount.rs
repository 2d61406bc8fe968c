use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-209",
    title: "A container sees all of the kernel's files in /proc",
    category: Category::HostAccess,
    severity: Severity::Medium,
    why: "Runtimes hide or write-protect the parts of `/proc` that speak of the whole node. \
          `Unmasked` shows them to the container.",
    mend: "securityContext:\n  procMount: Default\n",
    references: &[
        ("kube-linter", "unsafe-proc-mount"),
        ("polaris", "procMount"),
        ("trivy", "KSV027"),
    ],
    failing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  hostUsers: false
  containers:
    - name: web
      image: shop/web:1.4
      securityContext:
        procMount: Unmasked
",
    passing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  hostUsers: false
  containers:
    - name: web
      image: shop/web:1.4
      securityContext:
        procMount: Default
",
    rule: Rule::Container(look),
};

fn look(container: &Container<'_>, found: &mut Found<'_>) {
    let mount = container.security().get("procMount");
    if let Some(kind) = mount.text().filter(|kind| *kind != "Default") {
        found.at(&mount, format!("it mounts `/proc` as `{kind}`"));
    }
}
