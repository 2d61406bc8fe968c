use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;

pub(super) const CHECK: Check = Check {
    id: "WEIR-703",
    title: "An Ingress puts a snippet into the configuration of nginx",
    category: Category::Network,
    severity: Severity::High,
    why: "A snippet becomes part of the configuration of ingress-nginx as it is. Whoever may \
          write an Ingress can have the controller give away its token, and with it the Secrets of \
          all namespaces (CVE-2021-25742).",
    mend: "\
metadata:
  annotations:   # no annotation whose name ends with `snippet`
    nginx.ingress.kubernetes.io/ssl-redirect: \"true\"
",
    references: &[
        ("checkov", "CKV_K8S_152"),
        ("checkov", "CKV_K8S_153"),
        ("checkov", "CKV_K8S_154"),
        ("datree", "INGRESS_CVE2021_25742_INCORRECT_SERVER_SNIPPET_KEY"),
        ("kubescape", "C-0059"),
    ],
    failing: "\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  annotations:
    nginx.ingress.kubernetes.io/server-snippet: return 200 'OK';
spec:
  defaultBackend: { service: { name: web, port: { number: 80 } } }
",
    passing: "\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  annotations:
    nginx.ingress.kubernetes.io/ssl-redirect: \"true\"
spec:
  defaultBackend: { service: { name: web, port: { number: 80 } } }
",
    rule: Rule::Object(&["Ingress"], look),
};

fn look(ingress: &Object<'_>, found: &mut Found<'_>) {
    for (name, annotation) in ingress.metadata().get("annotations").members() {
        if name.contains("snippet") {
            found.at(&annotation, format!("`{name}` becomes configuration of nginx as it is"));
        }
    }
}
