use super::weight::{decoded, heavy, told};
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;

pub(super) const CHECK: Check = Check {
    id: "WEIR-855",
    title: "A Secret is close to the largest that the API server takes",
    category: Category::Secrets,
    severity: Severity::Low,
    why: "It may hold 1 MiB; what is more is refused. Every node that mounts it keeps all of it in \
          memory. Encrypt large files with a key, and keep only the key in a Secret.",
    mend: "stringData:\n  key: \"\"   # the key alone, not the file\n",
    references: &[("kubernetes", "MaxSecretSize")],
    failing: heavy!("Secret", "stringData"),
    passing: "\
apiVersion: v1
kind: Secret
metadata: { name: shop }
stringData:
  text: The quick brown fox jumps over the lazy dog.
",
    rule: Rule::Object(&["Secret"], look),
};

fn look(secret: &Object<'_>, found: &mut Found<'_>) {
    let (data, plain) = (secret.root.get("data"), secret.root.get("stringData"));
    if let Some(message) = told(decoded(&data) + plain.bytes()) {
        found.at(if data.exists() { &data } else { &plain }, message);
    }
}
