use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::cursor::Cursor;
use crate::posture::found::Found;
use crate::posture::object::Object;
use crate::posture::set::Set;

pub(super) const CHECK: Check = Check {
    id: "WEIR-706",
    title: "An Ingress leads to a Service or port that is not there",
    category: Category::Network,
    severity: Severity::Medium,
    why: "Whoever calls it gets an error. And whoever may create a Service of that name gets the \
          requests that were meant for another.",
    mend: "\
backend:
  service:
    name: web     # as the Service is called
    port:
      number: 80  # one of its ports
",
    references: &[("kube-linter", "dangling-ingress"), ("kube-score", "ingress-targets-service")],
    failing: "\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: web }
spec:
  defaultBackend: { service: { name: shop, port: { number: 80 } } }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  selector: { app: web }
  ports: [{ port: 80 }]
",
    passing: "\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: web }
spec:
  defaultBackend: { service: { name: web, port: { number: 80 } } }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  selector: { app: web }
  ports: [{ port: 80 }]
",
    rule: Rule::Across(&["Ingress"], look),
};

fn look(ingress: &Object<'_>, set: &Set<'_>, found: &mut Found<'_>) {
    let services: Vec<_> = set.of_kind("Service", ingress.namespace).collect();
    // Most likely they are applied from elsewhere.
    if services.is_empty() {
        return;
    }
    let spec = ingress.spec();
    let defaults = ["defaultBackend", "backend"].into_iter().map(|name| spec.get(name));
    let rules = spec.get("rules").items();
    let paths = rules.flat_map(|rule| rule.at_path(&["http", "paths"]).items());
    for backend in defaults.chain(paths.map(|path| path.get("backend"))) {
        let (name, port) = target(&backend);
        let Some(wanted) = name.text() else { continue };
        let mut named = services
            .iter()
            .filter(|service| service.metadata().get("name").text() == Some(wanted))
            .peekable();
        if named.peek().is_none() {
            found.at(&name, format!("no Service of this run has the name `{wanted}`"));
        } else if let Some(number) = port.scalar()
            && !named.any(|service| has_port(service, &number))
        {
            found.at(&port, format!("the Service `{wanted}` has no port `{number}`"));
        }
    }
}

/// The name of the Service, and the number or name of its port, as `v1` and what was before it
/// have them.
fn target<'a>(backend: &Cursor<'a>) -> (Cursor<'a>, Cursor<'a>) {
    let service = backend.get("service");
    if !service.exists() {
        return (backend.get("serviceName"), backend.get("servicePort"));
    }
    let port = service.get("port");
    let number = port.get("number");
    (service.get("name"), if number.exists() { number } else { port.get("name") })
}

fn has_port(service: &Object<'_>, wanted: &str) -> bool {
    let is_wanted = |port: &Cursor<'_>| port.scalar().is_some_and(|port| port == wanted);
    let mut ports = service.spec().get("ports").items();
    ports.any(|port| is_wanted(&port.get("port")) || is_wanted(&port.get("name")))
}
