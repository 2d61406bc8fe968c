use std::collections::HashSet;

use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-905",
    title: "A container is given an environment variable twice",
    category: Category::Hygiene,
    severity: Severity::Low,
    why: "Only the last value counts. And when such a list is changed in a cluster, `kubectl \
          apply` may drop both.",
    mend: "env:\n  - name: LOG_LEVEL   # once\n    value: info\n",
    references: &[
        ("kube-linter", "duplicate-env-var"),
        ("kube-score", "environment-variable-key-duplication"),
        ("kubescape", "C-0295"),
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
        - { name: LOG_LEVEL, value: info }
        - { name: LOG_LEVEL, value: debug }
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
        - { name: LOG_LEVEL, value: info }
",
    rule: Rule::Container(look),
};

fn look(container: &Container<'_>, found: &mut Found<'_>) {
    let mut seen = HashSet::new();
    for variable in container.fields.get("env").items() {
        let field = variable.get("name");
        let name = field.word();
        if !name.is_empty() && !seen.insert(name) {
            found.at(&field, format!("`{name}` has a value already, which this one replaces"));
        }
    }
}
