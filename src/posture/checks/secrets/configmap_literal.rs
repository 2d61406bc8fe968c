use super::literal::secret;
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;

pub(super) const CHECK: Check = Check {
    id: "WEIR-856",
    title: "A ConfigMap holds a secret",
    category: Category::Secrets,
    severity: Severity::High,
    why: "ConfigMaps are readable for many who may read no Secret, are not encrypted where Secrets \
          are, and are shown in full by tools. Put it into a Secret, and change it, since it has \
          been read already.",
    mend: "env:\n  - name: DATABASE_PASSWORD_FILE\n    value: /run/secrets/database/password\n",
    references: &[
        ("kubescape", "C-0012"),
        ("polaris", "sensitiveConfigmapContent"),
        ("trivy", "KSV0109"),
    ],
    failing: "\
apiVersion: v1
kind: ConfigMap
metadata: { name: shop }
data:
  database_user: shop
  database_password: changeme
",
    passing: "\
apiVersion: v1
kind: ConfigMap
metadata: { name: shop }
data:
  database_user: shop
",
    rule: Rule::Object(&["ConfigMap"], look),
};

fn look(map: &Object<'_>, found: &mut Found<'_>) {
    for (name, value) in map.root.get("data").members() {
        if let Some(what) = secret(name, value.word()) {
            found.at(&value, format!("`{name}` holds {what}"));
        }
    }
}
