use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::image::Reference;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-802",
    title: "An image is not pinned by its digest",
    category: Category::Image,
    severity: Severity::Low,
    why: "A tag can be moved: whoever may push to the registry, or has taken it over, decides what \
          starts next. A digest is always the same image.",
    mend: "image: shop/web:1.4@sha256:\
           3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d\n",
    references: &[("checkov", "CKV_K8S_43"), ("datree", "CONTAINERS_MISSING_IMAGE_VALUE_DIGEST")],
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
      image: shop/web@sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d
",
    rule: Rule::Container(look),
};

fn look(container: &Container<'_>, found: &mut Found<'_>) {
    let image = container.fields.get("image");
    if image.is_empty() {
        return found.at(&image, "it names no image");
    }
    let Some(reference) = Reference::parse(image.word()) else { return };
    if reference.digest.is_none() {
        let Reference { registry, repository, .. } = reference;
        found.at(
            &image,
            format!("whoever may push `{repository}` to `{registry}` decides what runs"),
        );
    }
}
