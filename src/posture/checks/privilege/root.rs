use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-103",
    title: "A container may run as root",
    category: Category::Privilege,
    severity: Severity::Medium,
    why: "Root in a container is root for the kernel: one fault of the runtime or of a mount is enough to \
          be root on the node. `runAsNonRoot` has the kubelet refuse an image that starts as root.",
    mend: "securityContext:\n  runAsNonRoot: true\n  runAsUser: 10001\n",
    references: &[
        ("checkov", "CKV_K8S_23"),
        ("kube-linter", "run-as-non-root"),
        ("kubescape", "C-0013"),
        ("polaris", "runAsRootAllowed"),
        ("trivy", "KSV012"),
    ],
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
  securityContext:
    runAsNonRoot: true
  containers:
    - name: web
      image: shop/web:1.4
",
    rule: Rule::Container(look),
};

fn look(container: &Container<'_>, found: &mut Found<'_>) {
    let user = container.inherited("runAsUser");
    let non_root = container.inherited("runAsNonRoot");
    match (non_root.flag(), user.whole()) {
        // The kubelet starts nothing as root that must not be root, whatever `runAsUser` says.
        (Some(true), _) | (_, Some(1..)) => {}
        (_, Some(0)) => found.at(&user, "it runs as user 0, which is root"),
        (Some(false), _) => found.at(&non_root, "it is allowed to run as root"),
        (None, _) => found.at(&non_root, "nothing keeps it from running as root"),
    }
}
