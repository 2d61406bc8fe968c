use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-713",
    title: "The retired controller ingress-nginx is run",
    category: Category::Network,
    severity: Severity::Medium,
    why: "Kubernetes retired ingress-nginx in March 2026: what is found in it from then on stays \
          open, in a program that the internet talks to and that reads the Secrets of all \
          namespaces.",
    mend: "\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata:
  name: web
spec:
  gatewayClassName: shop   # of a controller that is maintained
  listeners:
    - { name: http, port: 80, protocol: HTTP }
",
    references: &[("kubescape", "C-0292")],
    failing: "\
apiVersion: v1
kind: Pod
metadata: { name: ingress }
spec:
  containers: [{ name: controller, image: \"registry.k8s.io/ingress-nginx/controller:v1.11.2\" }]
",
    passing: "\
apiVersion: v1
kind: Pod
metadata: { name: ingress }
spec:
  containers: [{ name: controller, image: \"docker.io/library/traefik:v3.4.1\" }]
",
    rule: Rule::Container(look),
};

fn look(container: &Container<'_>, found: &mut Found<'_>) {
    let image = container.fields.get("image");
    if is_retired(image.word()) {
        found.at(&image, format!("`{}` is ingress-nginx, which is retired", image.word()));
    }
}

fn is_retired(image: &str) -> bool {
    let repository = image.split('@').next().unwrap_or_default();
    let mut parts = repository.rsplit('/');
    let name = parts.next().and_then(|last| last.split(':').next()).unwrap_or_default();
    let is_controller = name.starts_with("controller") && parts.next() == Some("ingress-nginx");
    is_controller
        || name.starts_with("nginx-ingress-controller")
        || name.starts_with("ingress-nginx-controller")
}
