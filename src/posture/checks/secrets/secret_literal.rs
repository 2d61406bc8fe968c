use super::literal::secret;
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-852",
    title: "A secret is written out in an environment variable",
    category: Category::Secrets,
    severity: Severity::High,
    why: "Whoever may read the manifest, its history in Git, or pods in the cluster has the \
          secret. Put it into a Secret, and change it, since it has been read already.",
    mend: "env:\n  - name: DATABASE_PASSWORD_FILE\n    value: /run/secrets/database/password\n",
    references: &[
        ("kube-linter", "env-var-secret"),
        ("kubescape", "C-0012"),
        ("polaris", "sensitiveContainerEnvVar"),
    ],
    failing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers:
    - name: web
      image: shop/web:1.4
      env:
        - { name: DATABASE_PASSWORD, value: changeme }
",
    passing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers:
    - name: web
      image: shop/web:1.4
      env:
        - { name: DATABASE_PASSWORD_FILE, value: /run/secrets/database/password }
      volumeMounts:
        - { name: database, mountPath: /run/secrets/database, readOnly: true }
  volumes:
    - name: database
      secret: { secretName: database }
",
    rule: Rule::Container(look),
};

fn look(container: &Container<'_>, found: &mut Found<'_>) {
    for variable in container.fields.get("env").items() {
        let (name, value) = (variable.get("name").word(), variable.get("value"));
        if let Some(what) = secret(name, value.word()) {
            found.at(&value, format!("its variable `{name}` holds {what}"));
        }
    }
}
