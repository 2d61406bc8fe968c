use std::collections::HashSet;

use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::cursor::Cursor;
use crate::posture::found::Found;
use crate::posture::object::Object;
use crate::posture::pod::Pod;
use crate::posture::set::{Set, has_all};

pub(super) const CHECK: Check = Check {
    id: "WEIR-712",
    title: "The name of a port is invalid, used twice or leads nowhere",
    category: Category::Network,
    severity: Severity::Medium,
    why: "The API server refuses an invalid name. Where two ports have one name, or a Service \
          names a port that no container has, requests go elsewhere than was meant, or nowhere.",
    mend: "\
ports:
  - name: http          # at most 15 small letters, digits and hyphens
    containerPort: 8080
",
    references: &[("kube-linter", "invalid-target-ports"), ("kube-score", "container-ports-check")],
    failing: "\
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  selector: { app: web }
  ports: [{ port: 80, targetPort: web }]
---
apiVersion: v1
kind: Pod
metadata: { name: web, labels: { app: web } }
spec:
  containers:
    - name: web
      image: shop/web:1.4
      ports: [{ name: http, containerPort: 8080 }]
",
    passing: "\
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  selector: { app: web }
  ports: [{ port: 80, targetPort: http }]
---
apiVersion: v1
kind: Pod
metadata: { name: web, labels: { app: web } }
spec:
  containers:
    - name: web
      image: shop/web:1.4
      ports: [{ name: http, containerPort: 8080 }]
",
    rule: Rule::Across(
        &[
            "Service",
            "Pod",
            "Deployment",
            "StatefulSet",
            "DaemonSet",
            "ReplicaSet",
            "ReplicationController",
            "Job",
            "CronJob",
            "DeploymentConfig",
            "Rollout",
        ],
        look,
    ),
};

fn look(object: &Object<'_>, set: &Set<'_>, found: &mut Found<'_>) {
    if object.kind == "Service" {
        names(object.spec().get("ports").items(), is_label, found);
        targets(object, set, found);
    } else if let Some(pod) = Pod::of(object) {
        let ports = pod.containers().flat_map(|container| container.fields.get("ports").items());
        names(ports, is_port_name, found);
    }
}

/// Finds names that are invalid or used twice.
fn names<'a>(
    ports: impl Iterator<Item = Cursor<'a>>,
    is_valid: fn(&str) -> bool,
    found: &mut Found<'_>,
) {
    let mut seen = HashSet::new();
    for port in ports {
        let field = port.get("name");
        let name = field.word();
        if name.is_empty() {
            continue;
        }
        if !is_valid(name) {
            found.at(&field, format!("`{name}` is no valid name of a port"));
        } else if !seen.insert(name) {
            found.at(&field, format!("another port has the name `{name}` too"));
        }
    }
}

/// Finds names that no selected pod has a port of.
fn targets(service: &Object<'_>, set: &Set<'_>, found: &mut Found<'_>) {
    let spec = service.spec();
    let selector = spec.get("selector");
    if selector.is_empty() {
        return;
    }
    let pods = set.pods(service.namespace);
    let pods: Vec<_> = pods.filter(|pod| has_all(&selector, &pod.metadata.get("labels"))).collect();
    if pods.is_empty() {
        return;
    }
    for port in spec.get("ports").items() {
        let target = port.get("targetPort");
        let Some(name) = target.text() else { continue };
        if !pods.iter().any(|pod| has_port(pod, name)) {
            found.at(&target, format!("no pod that it selects has a port of the name `{name}`"));
        }
    }
}

fn has_port(pod: &Pod<'_>, name: &str) -> bool {
    let mut ports = pod.containers().flat_map(|container| container.fields.get("ports").items());
    ports.any(|port| port.get("name").text() == Some(name))
}

/// Whether a container may call a port so.
fn is_port_name(name: &str) -> bool {
    is_label(name)
        && name.len() <= 15
        && !name.contains("--")
        && name.bytes().any(|byte| byte.is_ascii_lowercase())
}

/// Whether it is a label as DNS has them.
fn is_label(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&name.len())
        && name.bytes().all(is_allowed)
        && !name.starts_with('-')
        && !name.ends_with('-')
}
