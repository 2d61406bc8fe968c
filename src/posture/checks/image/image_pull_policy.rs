use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::image::Reference;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-803",
    title: "An image that its node has already is not asked for again",
    category: Category::Image,
    severity: Severity::Low,
    why: "The node starts what it has under this tag, even if the registry has a newer one, and \
          even for a pod that has no right to pull it. Only an image that is pinned by its digest \
          needs no question.",
    mend: "imagePullPolicy: Always\n",
    references: &[
        ("checkov", "CKV_K8S_15"),
        ("kube-score", "container-image-pull-policy"),
        ("polaris", "pullPolicyNotAlways"),
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
      imagePullPolicy: Always
",
    rule: Rule::Container(look),
};

fn look(container: &Container<'_>, found: &mut Found<'_>) {
    let image = container.fields.get("image");
    if image.is_empty() {
        return found.at(&image, "it names no image that could be pulled");
    }
    let policy = container.fields.get("imagePullPolicy");
    let Some(reference) = Reference::parse(image.word()) else { return };
    // What Kubernetes does if nothing is said depends on the tag.
    let default = if reference.is_latest() { "Always" } else { "IfNotPresent" };
    let policy_in_force = policy.text().unwrap_or(default);
    if reference.digest.is_none() && policy_in_force != "Always" {
        found.at(&policy, format!("with `{policy_in_force}` its node may start an old image"));
    }
}
