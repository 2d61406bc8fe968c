use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;
use crate::posture::set::{has_all, selects};

pub(super) const CHECK: Check = Check {
    id: "WEIR-903",
    title: "A selector does not fit the labels, or a label is invalid",
    category: Category::Hygiene,
    severity: Severity::Medium,
    why: "The API server refuses a workload that would not find its own pods again, and an object \
          whose labels have values that are no text, too long, or of other characters than \
          letters, digits, `-`, `_` and `.`.",
    mend: "\
spec:
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
",
    references: &[
        ("datree", "WORKLOAD_INVALID_LABELS_VALUE"),
        ("kube-linter", "mismatching-selector"),
        ("kube-score", "deployment-pod-selector-labels-match-template-metadata-labels"),
        ("kube-score", "label-values"),
        ("kube-score", "statefulset-pod-selector-labels-match-template-metadata-labels"),
        ("kubescape", "C-0296"),
    ],
    failing: "\
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: shop } }
    spec:
      containers: [{ name: web, image: shop/web:1.4 }]
",
    passing: "\
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers: [{ name: web, image: shop/web:1.4 }]
",
    rule: Rule::Object(
        &[
            "Deployment",
            "StatefulSet",
            "DaemonSet",
            "ReplicaSet",
            "ReplicationController",
            "DeploymentConfig",
            "Pod",
            "Job",
            "CronJob",
            "Service",
            "Ingress",
            "ConfigMap",
            "Secret",
            "ServiceAccount",
            "Namespace",
            "NetworkPolicy",
            "PersistentVolumeClaim",
        ],
        look,
    ),
};

fn look(object: &Object<'_>, found: &mut Found<'_>) {
    selector(object, found);
    let paths: [&[&str]; 3] = [
        &["metadata", "labels"],
        &["spec", "template", "metadata", "labels"],
        &["spec", "jobTemplate", "spec", "template", "metadata", "labels"],
    ];
    for (name, label) in paths.into_iter().flat_map(|path| object.root.at_path(path).members()) {
        match label.text() {
            Some(value) if !is_value(value) => {
                found.at(&label, format!("`{value}` is no valid value of a label"));
            }
            None if label.exists() => {
                found.at(&label, format!("the label `{name}` is no text: write it in quotes"));
            }
            _ => {}
        }
    }
}

fn selector(object: &Object<'_>, found: &mut Found<'_>) {
    let spec = object.spec();
    let selector = spec.get("selector");
    let labels = spec.at_path(&["template", "metadata", "labels"]);
    let is_fit = match object.kind {
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" => {
            // Versions before this one took the labels of the template for it.
            if object.api_version == "apps/v1" && selector.is_empty() {
                found.at(&selector, "it has no selector");
                return;
            }
            selector.is_empty() || selects(&selector, &labels)
        }
        "ReplicationController" | "DeploymentConfig" => has_all(&selector, &labels),
        _ => true,
    };
    if !is_fit {
        found.at(&selector, "the labels of its own template do not fit it");
    }
}

fn is_value(value: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let bytes = value.as_bytes();
    value.len() <= 63
        && value.bytes().all(is_allowed)
        && bytes.first().is_none_or(u8::is_ascii_alphanumeric)
        && bytes.last().is_none_or(u8::is_ascii_alphanumeric)
}
