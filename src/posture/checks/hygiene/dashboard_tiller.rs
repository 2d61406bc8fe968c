use std::iter;

use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::cursor::Cursor;
use crate::posture::found::Found;
use crate::posture::object::Object;
use crate::posture::pod::Pod;

pub(super) const CHECK: Check = Check {
    id: "WEIR-906",
    title: "The Kubernetes dashboard or Tiller is run",
    category: Category::Hygiene,
    severity: Severity::High,
    why: "Both act in the cluster with rights of their own, for whoever reaches them: Tiller asks \
          nobody who they are, and dashboards left open have been the way into many clusters. Helm \
          3 needs no Tiller, and nobody maintains the dashboard any more.",
    mend: "kind: List\napiVersion: v1\nitems: []   # remove the workload and its Service\n",
    references: &[
        ("checkov", "CKV_K8S_33"),
        ("checkov", "CKV_K8S_34"),
        ("checkov", "CKV_K8S_44"),
        ("kubescape", "C-0014"),
        ("trivy", "KSV102"),
    ],
    failing: "\
apiVersion: v1
kind: Pod
metadata: { name: dashboard }
spec:
  containers: [{ name: dashboard, image: \"kubernetesui/dashboard:v2.7.0\" }]
",
    passing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers: [{ name: web, image: shop/web:1.4 }]
",
    rule: Rule::Object(
        &[
            "Service",
            "Pod",
            "PodTemplate",
            "Deployment",
            "DeploymentConfig",
            "StatefulSet",
            "DaemonSet",
            "ReplicaSet",
            "ReplicationController",
            "Job",
            "CronJob",
        ],
        look,
    ),
};

/// Parts of the names of images, and what those are.
const IMAGES: [(&str, &str); 3] = [
    ("kubernetes-dashboard", "the Kubernetes dashboard"),
    ("kubernetesui", "the Kubernetes dashboard"),
    ("tiller", "Tiller"),
];

/// Labels of pods, and what those are.
const LABELS: [(&str, &str, &str); 4] = [
    ("app", "kubernetes-dashboard", "the Kubernetes dashboard"),
    ("k8s-app", "kubernetes-dashboard", "the Kubernetes dashboard"),
    ("app", "helm", "Tiller"),
    ("name", "tiller", "Tiller"),
];

fn look(object: &Object<'_>, found: &mut Found<'_>) {
    if object.kind == "Service" {
        service(object, found);
    } else if let Some(pod) = Pod::of(object) {
        workload(&pod, found);
    }
}

fn workload(pod: &Pod<'_>, found: &mut Found<'_>) {
    for container in pod.containers() {
        let image = container.fields.get("image");
        if let Some((_, what)) = IMAGES.iter().find(|(part, _)| image.word().contains(part)) {
            found.at(&image, format!("`{}` is {what}", image.word()));
            return;
        }
    }
    let labels = pod.metadata.get("labels");
    let own = LABELS.iter().find(|(name, value, _)| labels.get(name).word() == *value);
    if let Some((name, value, what)) = own {
        found.at(&labels.get(name), format!("by its label `{name}: {value}` it is {what}"));
    }
}

fn service(service: &Object<'_>, found: &mut Found<'_>) {
    let is_tiller = |field: &Cursor<'_>| field.word().to_ascii_lowercase().contains("tiller");
    let metadata = service.metadata();
    let maps = [metadata.get("labels"), service.spec().get("selector")];
    let values = maps.into_iter().flat_map(|map| map.members()).map(|(_, value)| value);
    let mut fields = iter::once(metadata.get("name")).chain(values);
    if let Some(field) = fields.find(is_tiller) {
        found.at(&field, format!("by `{}` it leads to Tiller", field.word()));
    }
}
