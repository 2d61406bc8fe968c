use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;

pub(super) const CHECK: Check = Check {
    id: "WEIR-707",
    title: "An Ingress serves a host without TLS",
    category: Category::Network,
    severity: Severity::Medium,
    why: "Whoever is on the way reads and changes what clients and the cluster send each other: \
          passwords, cookies, answers.",
    mend: "\
spec:
  tls:
    - hosts: [web.example.com]
      secretName: web-tls
",
    references: &[("kubescape", "C-0263"), ("polaris", "tlsSettingsMissing")],
    failing: "\
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
    passing: "\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: web }
spec:
  tls: [{ hosts: [web.example.com], secretName: web-tls }]
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
    let spec = ingress.spec();
    let tls = spec.get("tls");
    if tls.is_empty() {
        found.at(&tls, "it has no TLS");
        return;
    }
    // One without hosts is for all that the controller serves.
    if tls.items().any(|entry| entry.get("hosts").is_empty()) {
        return;
    }
    for rule in spec.get("rules").items() {
        let host = rule.get("host");
        let Some(name) = host.text() else { continue };
        let mut hosts = tls.items().flat_map(|entry| entry.get("hosts").items());
        if !hosts.any(|covering| covers(covering.word(), name)) {
            found.at(&host, format!("no entry of its TLS is for the host `{name}`"));
        }
    }
}

/// Whether a certificate for the one is one for the other; `*` stands for one label.
fn covers(covering: &str, host: &str) -> bool {
    let parent = host.split_once('.').map(|(_, parent)| parent);
    covering == host || covering.strip_prefix("*.").is_some_and(|rest| parent == Some(rest))
}
