use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::cursor::Cursor;
use crate::posture::found::Found;
use crate::posture::object::Object;

pub(super) const CHECK: Check = Check {
    id: "WEIR-711",
    title: "An Ingress takes all paths of all hosts",
    category: Category::Network,
    severity: Severity::Low,
    why: "It answers for every name that leads to the controller: also for those of other teams, \
          and for names that nobody serves yet.",
    mend: "spec:\n  rules:\n    - host: web.example.com\n",
    references: &[("datree", "INGRESS_INCORRECT_HOST_VALUE_PERMISSIVE")],
    failing: "\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: web }
spec:
  rules:
    - http:
        paths:
          - path: /
            pathType: Prefix
            backend: { service: { name: web, port: { number: 80 } } }
",
    passing: "\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: web }
spec:
  rules:
    - host: web.example.com
      http:
        paths:
          - path: /
            pathType: Prefix
            backend: { service: { name: web, port: { number: 80 } } }
",
    rule: Rule::Object(&["Ingress"], look),
};

fn look(ingress: &Object<'_>, found: &mut Found<'_>) {
    for rule in ingress.spec().get("rules").items() {
        let host = rule.get("host");
        let name = host.word();
        if !rule.at_path(&["http", "paths"]).items().any(|path| takes_all(&path)) {
            continue;
        }
        if name.is_empty() {
            found.at(&host, "it takes every path of every host");
        } else if name.starts_with('*') {
            found.at(&host, format!("it takes every path of every host that is like `{name}`"));
        }
    }
}

fn takes_all(path: &Cursor<'_>) -> bool {
    path.get("pathType").word() != "Exact" && matches!(path.get("path").word(), "" | "/" | "/*")
}
