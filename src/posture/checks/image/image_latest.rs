use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::image::Reference;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-801",
    title: "An image has no tag, or the tag `latest`",
    category: Category::Image,
    severity: Severity::Medium,
    why: "It is whatever was pushed last when a pod starts: pods of one Deployment may run \
          different programs, and there is no way back to the one that worked.",
    mend: "image: shop/web:1.4\n",
    references: &[
        ("checkov", "CKV_K8S_14"),
        ("datree", "CONTAINERS_MISSING_IMAGE_VALUE_VERSION"),
        ("kube-linter", "latest-tag"),
        ("kube-score", "container-image-tag"),
        ("polaris", "tagNotSpecified"),
        ("trivy", "KSV013"),
    ],
    failing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers:
    - name: web
      image: shop/web:latest
",
    passing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers:
    - name: web
      image: shop/web:1.4
",
    rule: Rule::Container(look),
};

fn look(container: &Container<'_>, found: &mut Found<'_>) {
    let image = container.fields.get("image");
    if image.is_empty() {
        return found.at(&image, "it names no image");
    }
    let Some(reference) = Reference::parse(image.word()) else { return };
    if reference.is_latest() {
        let Reference { repository, .. } = reference;
        let message = match reference.tag {
            None => format!("`{repository}` has no tag, which means `latest`"),
            Some(_) => format!("`{repository}` is whatever was pushed last"),
        };
        found.at(&image, message);
    }
}
