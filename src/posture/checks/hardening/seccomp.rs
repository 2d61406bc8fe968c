use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-301",
    title: "A container may make every system call",
    category: Category::Hardening,
    severity: Severity::Medium,
    why: "Without a seccomp profile, a process reaches rarely used parts of the kernel, in \
          which most ways out of containers were found. The runtime's own profile fits nearly \
          all programs.",
    mend: "securityContext:\n  seccompProfile:\n    type: RuntimeDefault\n",
    references: &[
        ("checkov", "CKV_K8S_31"),
        ("kube-score", "container-seccomp-profile"),
        ("kubescape", "C-0210"),
        ("kubesec", "SeccompAny"),
        ("trivy", "KSV030"),
        ("trivy", "KSV104"),
    ],
    failing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers: [{ name: web, image: shop/web:1.4 }]
",
    passing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  securityContext: { seccompProfile: { type: RuntimeDefault } }
  containers: [{ name: web, image: shop/web:1.4 }]
",
    rule: Rule::Container(look),
};

/// How Kubernetes before 1.27 was told, of a pod and of a container by its name.
const POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
const CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";

fn look(container: &Container<'_>, found: &mut Found<'_>) {
    if is_confined(container) {
        return;
    }
    let profile = container.inherited("seccompProfile").get("type");
    match profile.text() {
        Some(kind) => found.at(&profile, format!("its seccomp profile is `{kind}`")),
        None => found.at(&profile, "it has no seccomp profile"),
    }
}

/// Whether system calls are kept from it.
pub(super) fn is_confined(container: &Container<'_>) -> bool {
    let profile = container.inherited("seccompProfile").get("type");
    profile.text().map_or_else(
        || is_annotated(container),
        |kind| matches!(kind, "RuntimeDefault" | "Localhost"),
    )
}

fn is_annotated(container: &Container<'_>) -> bool {
    let annotations = container.pod.metadata.get("annotations");
    let own = annotations
        .members()
        .find(|(name, _)| name.strip_prefix(CONTAINER) == Some(container.name()));
    let profile = own.map_or_else(|| annotations.get(POD), |(_, profile)| profile);
    let profile = profile.word();
    matches!(profile, "runtime/default" | "docker/default") || profile.starts_with("localhost/")
}
