use super::weight::{decoded, heavy, told};
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;

pub(super) const CHECK: Check = Check {
    id: "WEIR-853",
    title: "A ConfigMap is close to the largest that the API server takes",
    category: Category::Secrets,
    severity: Severity::Low,
    why: "It may hold 1 MiB; what is more is refused. Every node that mounts it, and every client \
          that watches ConfigMaps, holds a copy in memory. Large files belong into an image or a \
          volume.",
    mend: "volumes:\n  - name: data\n    persistentVolumeClaim: { claimName: data }\n",
    references: &[("kubernetes", "MaxSecretSize")],
    failing: heavy!("ConfigMap", "data"),
    passing: "\
apiVersion: v1
kind: ConfigMap
metadata: { name: shop }
data:
  text: The quick brown fox jumps over the lazy dog.
",
    rule: Rule::Object(&["ConfigMap"], look),
};

fn look(map: &Object<'_>, found: &mut Found<'_>) {
    let data = map.root.get("data");
    if let Some(message) = told(data.bytes() + decoded(&map.root.get("binaryData"))) {
        found.at(&data, message);
    }
}
