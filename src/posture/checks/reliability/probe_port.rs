use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-612",
    title: "A probe asks a port that its container does not declare",
    category: Category::Reliability,
    severity: Severity::Medium,
    why: "A name that is not among the ports of the container leads nowhere, so the probe always \
          fails; a number beside other ports is most often an old one. The container is started \
          again for ever.",
    mend: "\
ports:
  - { name: http, containerPort: 8080 }
livenessProbe:
  httpGet: { path: /alive, port: http }
",
    references: &[
        ("kube-linter", "liveness-port"),
        ("kube-linter", "readiness-port"),
        ("kube-linter", "startup-port"),
    ],
    failing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers:
    - name: web
      image: shop/web:1.4
      ports: [{ name: http, containerPort: 8080 }]
      livenessProbe:
        httpGet: { path: /alive, port: web }
",
    passing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers:
    - name: web
      image: shop/web:1.4
      ports: [{ name: http, containerPort: 8080 }]
      livenessProbe:
        httpGet: { path: /alive, port: http }
",
    rule: Rule::Container(look),
};

fn look(container: &Container<'_>, found: &mut Found<'_>) {
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        for handler in ["httpGet", "tcpSocket", "grpc"] {
            let handler = container.fields.at_path(&[probe, handler]);
            let port = handler.get("port");
            // With a host of its own a probe asks somebody else.
            if handler.get("host").is_empty()
                && let Some(asked) = port.scalar()
                && !declares(container, &asked)
            {
                found.at(&port, format!("it declares no TCP port `{asked}`"));
            }
        }
    }
}

fn declares(container: &Container<'_>, asked: &str) -> bool {
    let ports = container.fields.get("ports");
    // A number needs no declaration, and who declares nothing contradicts nothing.
    if ports.is_empty() && asked.parse::<u16>().is_ok() {
        return true;
    }
    let mut tcp = ports.items().filter(|port| matches!(port.get("protocol").word(), "" | "TCP"));
    tcp.any(|port| {
        port.get("name").text() == Some(asked)
            || port.get("containerPort").scalar().as_deref() == Some(asked)
    })
}
