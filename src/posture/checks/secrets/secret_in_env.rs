use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-851",
    title: "A container gets a Secret as an environment variable",
    category: Category::Secrets,
    severity: Severity::Low,
    why: "Variables are handed on to every child process and end up in crash reports and logs. A \
          mounted file stays where it is, and follows when the Secret changes.",
    mend: "\
volumeMounts:
  - { name: database, mountPath: /run/secrets/database, readOnly: true }
",
    references: &[
        ("checkov", "CKV_K8S_35"),
        ("kube-linter", "read-secret-from-env-var"),
        ("kubescape", "C-0207"),
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
        - name: DATABASE_PASSWORD
          valueFrom:
            secretKeyRef: { name: database, key: password }
",
    passing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers:
    - name: web
      image: shop/web:1.4
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
        let secret = variable.at_path(&["valueFrom", "secretKeyRef"]);
        if secret.exists() {
            let (name, of) = (variable.get("name").word(), secret.get("name").word());
            found.at(&secret, format!("its variable `{name}` comes from Secret `{of}`"));
        }
    }
    for source in container.fields.get("envFrom").items() {
        let secret = source.get("secretRef");
        if secret.exists() {
            let of = secret.get("name").word();
            found.at(&secret, format!("all of Secret `{of}` is in its variables"));
        }
    }
}
