use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;

pub(super) const CHECK: Check = Check {
    id: "WEIR-907",
    title: "An object has no name, or one that is invalid",
    category: Category::Hygiene,
    severity: Severity::Medium,
    why: "The API server refuses it. Most names are names of DNS: small letters, digits, `-` and \
          `.`, a letter or digit first and last.",
    mend: "metadata:\n  name: web\n",
    references: &[("datree", "RESOURCE_MISSING_NAME")],
    failing: "\
apiVersion: v1
kind: ConfigMap
metadata: { name: Web_Config }
",
    passing: "\
apiVersion: v1
kind: ConfigMap
metadata: { name: web-config }
",
    rule: Rule::Object(
        &[
            "Pod",
            "Deployment",
            "StatefulSet",
            "DaemonSet",
            "ReplicaSet",
            "ReplicationController",
            "Job",
            "CronJob",
            "Service",
            "Ingress",
            "NetworkPolicy",
            "ConfigMap",
            "Secret",
            "ServiceAccount",
            "Namespace",
            "PersistentVolume",
            "PersistentVolumeClaim",
            "PodDisruptionBudget",
            "HorizontalPodAutoscaler",
            "LimitRange",
            "ResourceQuota",
            "Role",
            "RoleBinding",
            "ClusterRole",
            "ClusterRoleBinding",
        ],
        look,
    ),
};

fn look(object: &Object<'_>, found: &mut Found<'_>) {
    let metadata = object.metadata();
    let field = metadata.get("name");
    let Some(name) = field.text().filter(|name| !name.is_empty()) else {
        if field.scalar().is_some_and(|name| !name.is_empty()) {
            found.at(&field, "its name is no text: write it in quotes");
        } else if metadata.get("generateName").is_empty() {
            found.at(&field, "it has no name");
        }
        return;
    };
    let is_valid = match object.kind {
        "Role" | "RoleBinding" | "ClusterRole" | "ClusterRoleBinding" => is_segment(name),
        "Service" | "Namespace" => is_label(name),
        _ => is_subdomain(name),
    };
    if !is_valid {
        found.at(&field, format!("`{name}` is no valid name for it"));
    }
}

/// Whether it may be part of the path of a URL, which is all that is asked of names in RBAC.
fn is_segment(name: &str) -> bool {
    !matches!(name, "." | "..") && !name.contains(['/', '%'])
}

fn is_label(name: &str) -> bool {
    name.len() <= 63 && is_part(name)
}

fn is_subdomain(name: &str) -> bool {
    name.len() <= 253 && name.split('.').all(is_part)
}

/// Whether it may be between dots.
fn is_part(part: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !part.is_empty()
        && part.bytes().all(is_allowed)
        && !part.starts_with('-')
        && !part.ends_with('-')
}
