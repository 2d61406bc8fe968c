use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;

pub(super) const CHECK: Check = Check {
    id: "WEIR-901",
    title: "An object is in the namespace `default`",
    category: Category::Hygiene,
    severity: Severity::Low,
    why: "Rights, quotas and policies are given by namespace. What is in `default` shares them \
          with all else that nobody put anywhere.",
    mend: "metadata:\n  namespace: shop\n",
    references: &[
        ("checkov", "CKV_K8S_21"),
        ("datree", "WORKLOAD_INCORRECT_NAMESPACE_VALUE_DEFAULT"),
        ("kube-linter", "use-namespace"),
        ("kubescape", "C-0061"),
        ("kubescape", "C-0212"),
        ("trivy", "KSV110"),
    ],
    failing: "\
apiVersion: v1
kind: ConfigMap
metadata: { name: web }
",
    passing: "\
apiVersion: v1
kind: ConfigMap
metadata: { name: web, namespace: shop }
",
    rule: Rule::Object(
        &[
            "Pod",
            "Deployment",
            "DaemonSet",
            "StatefulSet",
            "ReplicaSet",
            "ReplicationController",
            "Job",
            "CronJob",
            "Service",
            "Secret",
            "ServiceAccount",
            "Role",
            "RoleBinding",
            "ConfigMap",
            "Ingress",
        ],
        look,
    ),
};

fn look(object: &Object<'_>, found: &mut Found<'_>) {
    let metadata = object.metadata();
    let namespace = metadata.get("namespace");
    // Kubernetes itself keeps these there.
    let is_its_own = matches!(
        (object.kind, metadata.get("name").word()),
        ("ServiceAccount", "default") | ("Service", "kubernetes")
    );
    match namespace.word() {
        _ if is_its_own => {}
        "" => found.at(&namespace, "it names no namespace: it lands wherever it is applied, `default` if nobody says otherwise"),
        "default" => found.at(&namespace, "it is in the namespace `default`"),
        _ => {}
    }
}
