use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-110",
    title: "A container may change the files of its image",
    category: Category::Privilege,
    severity: Severity::Low,
    why: "Whoever gets in can then put programs of their own beside yours, or in their place. \
          What has to be written belongs on a volume.",
    mend: "securityContext:\n  readOnlyRootFilesystem: true\n",
    references: &[
        ("checkov", "CKV_K8S_22"),
        ("datree", "CONTAINERS_INCORRECT_READONLYROOTFILESYSTEM_VALUE"),
        ("kube-linter", "no-read-only-root-fs"),
        ("kube-score", "container-security-context-readonlyrootfilesystem"),
        ("kubescape", "C-0017"),
        ("kubesec", "ReadOnlyRootFilesystem"),
        ("polaris", "notReadOnlyRootFilesystem"),
        ("trivy", "KSV014"),
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
  containers:
    - name: web
      image: shop/web:1.4
      securityContext:
        readOnlyRootFilesystem: true
",
    rule: Rule::Container(look),
};

fn look(container: &Container<'_>, found: &mut Found<'_>) {
    let read_only = container.security().get("readOnlyRootFilesystem");
    if read_only.flag() != Some(true) {
        found.at(&read_only, "its root file system is writable");
    }
}
