use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;

pub(super) const CHECK: Check = Check {
    id: "WEIR-854",
    title: "A manifest holds the values of a Secret",
    category: Category::Secrets,
    severity: Severity::High,
    why: "Base64 hides nothing: whoever may read the file, or any older version of it in Git, has \
          the values. Let an operator fetch them from a vault, or keep them encrypted, and change \
          these.",
    mend: "\
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: { name: database }
spec:
  secretStoreRef: { kind: ClusterSecretStore, name: vault }
",
    references: &[("kubernetes", "secrets-good-practices")],
    failing: "\
apiVersion: v1
kind: Secret
metadata: { name: database }
stringData:
  password: changeme
",
    passing: "\
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: { name: database }
spec:
  secretStoreRef: { kind: ClusterSecretStore, name: vault }
  target: { name: database }
  data:
    - secretKey: password
      remoteRef: { key: shop/database, property: password }
",
    rule: Rule::Object(&["Secret"], look),
};

fn look(secret: &Object<'_>, found: &mut Found<'_>) {
    // One with an id is in a cluster, where its values belong; one of SOPS is encrypted.
    if secret.metadata().get("uid").exists() || secret.root.get("sops").exists() {
        return;
    }
    for field in ["data", "stringData"] {
        let values = secret.root.get(field);
        if values.members().any(|(_, value)| !value.is_empty()) {
            found.at(&values, "whoever may read this manifest has its values");
        }
    }
}
