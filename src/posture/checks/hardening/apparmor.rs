use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::cursor::Cursor;
use crate::posture::found::Found;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-303",
    title: "AppArmor is switched off for a container",
    category: Category::Hardening,
    severity: Severity::Medium,
    why: "Nodes with AppArmor confine every container unless it says otherwise. `Unconfined` \
          gives away what keeps root in the container from the node's mounts and `/proc`.",
    mend: "securityContext:\n  appArmorProfile:\n    type: RuntimeDefault\n",
    references: &[("trivy", "KSV002")],
    failing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  securityContext: { appArmorProfile: { type: Unconfined } }
  containers: [{ name: web, image: shop/web:1.4 }]
",
    passing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  securityContext: { appArmorProfile: { type: RuntimeDefault } }
  containers: [{ name: web, image: shop/web:1.4 }]
",
    rule: Rule::Container(look),
};

/// How Kubernetes before 1.30 was told, of a container by its name.
const ANNOTATION: &str = "container.apparmor.security.beta.kubernetes.io/";

fn look(container: &Container<'_>, found: &mut Found<'_>) {
    if let Some(profile) = profile(container).filter(is_off) {
        found.at(&profile, "it runs without AppArmor");
    }
}

/// Whether it asks for a profile.
pub(super) fn is_confined(container: &Container<'_>) -> bool {
    profile(container).is_some_and(|profile| !is_off(&profile))
}

/// What it says of its profile, if anything.
fn profile<'a>(container: &Container<'a>) -> Option<Cursor<'a>> {
    let field = container.inherited("appArmorProfile").get("type");
    if field.exists() {
        return Some(field);
    }
    let mut annotations = container.pod.metadata.get("annotations").members();
    annotations
        .find(|(name, _)| name.strip_prefix(ANNOTATION) == Some(container.name()))
        .map(|(_, profile)| profile)
}

/// The field and the annotation differ in case only.
fn is_off(profile: &Cursor<'_>) -> bool {
    profile.word().eq_ignore_ascii_case("Unconfined")
}
