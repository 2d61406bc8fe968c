use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;
use crate::posture::set::Set;

pub(super) const CHECK: Check = Check {
    id: "WEIR-902",
    title: "An object is of a version of its API that ends or has ended",
    category: Category::Hygiene,
    severity: Severity::Medium,
    why: "A cluster no longer knows versions that were removed: it refuses the object, and with \
          it the whole release. Those that are deprecated go next.",
    mend: "apiVersion: networking.k8s.io/v1\nkind: Ingress\n",
    references: &[
        ("datree", "K8S_DEPRECATED_APIVERSION_1.16"),
        ("datree", "K8S_DEPRECATED_APIVERSION_1.17"),
        ("kube-linter", "no-extensions-v1beta"),
        ("kube-score", "stable-version"),
    ],
    failing: "\
apiVersion: policy/v1beta1
kind: PodDisruptionBudget
metadata: { name: web }
spec:
  minAvailable: 1
  selector: { matchLabels: { app: web } }
",
    passing: "\
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: web }
spec:
  minAvailable: 1
  selector: { matchLabels: { app: web } }
",
    rule: Rule::Across(&KINDS, look),
};

/// A kind, a version of its API, the minor versions of Kubernetes in which that was deprecated and
/// removed, and what there is instead.
type Version = (&'static str, &'static str, u16, u16, &'static str);

const VERSIONS: &[Version] = &[
    ("DaemonSet", "extensions/v1beta1", 9, 16, "`apps/v1`"),
    ("Deployment", "extensions/v1beta1", 9, 16, "`apps/v1`"),
    ("ReplicaSet", "extensions/v1beta1", 9, 16, "`apps/v1`"),
    ("NetworkPolicy", "extensions/v1beta1", 9, 16, "`networking.k8s.io/v1`"),
    ("PodSecurityPolicy", "extensions/v1beta1", 10, 16, "Pod Security admission"),
    ("Deployment", "apps/v1beta1", 9, 16, "`apps/v1`"),
    ("ReplicaSet", "apps/v1beta1", 9, 16, "`apps/v1`"),
    ("StatefulSet", "apps/v1beta1", 9, 16, "`apps/v1`"),
    ("DaemonSet", "apps/v1beta2", 9, 16, "`apps/v1`"),
    ("Deployment", "apps/v1beta2", 9, 16, "`apps/v1`"),
    ("ReplicaSet", "apps/v1beta2", 9, 16, "`apps/v1`"),
    ("StatefulSet", "apps/v1beta2", 9, 16, "`apps/v1`"),
    (
        "MutatingWebhookConfiguration",
        "admissionregistration.k8s.io/v1beta1",
        16,
        22,
        "`admissionregistration.k8s.io/v1`",
    ),
    (
        "ValidatingWebhookConfiguration",
        "admissionregistration.k8s.io/v1beta1",
        16,
        22,
        "`admissionregistration.k8s.io/v1`",
    ),
    (
        "CustomResourceDefinition",
        "apiextensions.k8s.io/v1beta1",
        16,
        22,
        "`apiextensions.k8s.io/v1`",
    ),
    ("APIService", "apiregistration.k8s.io/v1beta1", 10, 22, "`apiregistration.k8s.io/v1`"),
    ("TokenReview", "authentication.k8s.io/v1beta1", 6, 22, "`authentication.k8s.io/v1`"),
    (
        "LocalSubjectAccessReview",
        "authorization.k8s.io/v1beta1",
        6,
        22,
        "`authorization.k8s.io/v1`",
    ),
    ("SelfSubjectAccessReview", "authorization.k8s.io/v1beta1", 6, 22, "`authorization.k8s.io/v1`"),
    ("SubjectAccessReview", "authorization.k8s.io/v1beta1", 6, 22, "`authorization.k8s.io/v1`"),
    (
        "CertificateSigningRequest",
        "certificates.k8s.io/v1beta1",
        19,
        22,
        "`certificates.k8s.io/v1`",
    ),
    ("Lease", "coordination.k8s.io/v1beta1", 14, 22, "`coordination.k8s.io/v1`"),
    ("Ingress", "extensions/v1beta1", 14, 22, "`networking.k8s.io/v1`"),
    ("Ingress", "networking.k8s.io/v1beta1", 19, 22, "`networking.k8s.io/v1`"),
    ("IngressClass", "networking.k8s.io/v1beta1", 19, 22, "`networking.k8s.io/v1`"),
    ("ClusterRole", "rbac.authorization.k8s.io/v1alpha1", 17, 22, "`rbac.authorization.k8s.io/v1`"),
    (
        "ClusterRoleBinding",
        "rbac.authorization.k8s.io/v1alpha1",
        17,
        22,
        "`rbac.authorization.k8s.io/v1`",
    ),
    ("Role", "rbac.authorization.k8s.io/v1alpha1", 17, 22, "`rbac.authorization.k8s.io/v1`"),
    ("RoleBinding", "rbac.authorization.k8s.io/v1alpha1", 17, 22, "`rbac.authorization.k8s.io/v1`"),
    ("ClusterRole", "rbac.authorization.k8s.io/v1beta1", 17, 22, "`rbac.authorization.k8s.io/v1`"),
    (
        "ClusterRoleBinding",
        "rbac.authorization.k8s.io/v1beta1",
        17,
        22,
        "`rbac.authorization.k8s.io/v1`",
    ),
    ("Role", "rbac.authorization.k8s.io/v1beta1", 17, 22, "`rbac.authorization.k8s.io/v1`"),
    ("RoleBinding", "rbac.authorization.k8s.io/v1beta1", 17, 22, "`rbac.authorization.k8s.io/v1`"),
    ("PriorityClass", "scheduling.k8s.io/v1alpha1", 14, 17, "`scheduling.k8s.io/v1`"),
    ("PriorityClass", "scheduling.k8s.io/v1beta1", 14, 22, "`scheduling.k8s.io/v1`"),
    ("CSIDriver", "storage.k8s.io/v1beta1", 19, 22, "`storage.k8s.io/v1`"),
    ("CSINode", "storage.k8s.io/v1beta1", 17, 22, "`storage.k8s.io/v1`"),
    ("StorageClass", "storage.k8s.io/v1beta1", 6, 22, "`storage.k8s.io/v1`"),
    ("VolumeAttachment", "storage.k8s.io/v1beta1", 13, 22, "`storage.k8s.io/v1`"),
    ("HorizontalPodAutoscaler", "autoscaling/v2beta1", 22, 25, "`autoscaling/v2`"),
    ("CronJob", "batch/v1beta1", 21, 25, "`batch/v1`"),
    ("EndpointSlice", "discovery.k8s.io/v1beta1", 21, 25, "`discovery.k8s.io/v1`"),
    ("Event", "events.k8s.io/v1beta1", 19, 25, "`events.k8s.io/v1`"),
    ("RuntimeClass", "node.k8s.io/v1beta1", 22, 25, "`node.k8s.io/v1`"),
    ("PodDisruptionBudget", "policy/v1beta1", 21, 25, "`policy/v1`"),
    ("PodSecurityPolicy", "policy/v1beta1", 21, 25, "Pod Security admission"),
    ("HorizontalPodAutoscaler", "autoscaling/v2beta2", 23, 26, "`autoscaling/v2`"),
    (
        "FlowSchema",
        "flowcontrol.apiserver.k8s.io/v1beta1",
        23,
        26,
        "`flowcontrol.apiserver.k8s.io/v1`",
    ),
    (
        "PriorityLevelConfiguration",
        "flowcontrol.apiserver.k8s.io/v1beta1",
        23,
        26,
        "`flowcontrol.apiserver.k8s.io/v1`",
    ),
    (
        "FlowSchema",
        "flowcontrol.apiserver.k8s.io/v1beta2",
        26,
        29,
        "`flowcontrol.apiserver.k8s.io/v1`",
    ),
    (
        "PriorityLevelConfiguration",
        "flowcontrol.apiserver.k8s.io/v1beta2",
        26,
        29,
        "`flowcontrol.apiserver.k8s.io/v1`",
    ),
    (
        "FlowSchema",
        "flowcontrol.apiserver.k8s.io/v1beta3",
        29,
        32,
        "`flowcontrol.apiserver.k8s.io/v1`",
    ),
    (
        "PriorityLevelConfiguration",
        "flowcontrol.apiserver.k8s.io/v1beta3",
        29,
        32,
        "`flowcontrol.apiserver.k8s.io/v1`",
    ),
    ("CSIStorageCapacity", "storage.k8s.io/v1beta1", 24, 27, "`storage.k8s.io/v1`"),
];

/// The kinds of all versions.
const KINDS: [&str; VERSIONS.len()] = {
    let mut kinds = [""; VERSIONS.len()];
    let mut row = 0;
    while row < VERSIONS.len() {
        kinds[row] = VERSIONS[row].0;
        row += 1;
    }
    kinds
};

fn look(object: &Object<'_>, set: &Set<'_>, found: &mut Found<'_>) {
    let name = (object.kind, object.api_version);
    let own = VERSIONS.iter().find(|(kind, version, ..)| (*kind, *version) == name);
    let Some((kind, version, deprecated, removed, instead)) = own else { return };
    let target = set.kubernetes.minor;
    let (end, minor) = if target >= *removed {
        ("was removed in", removed)
    } else if target >= *deprecated {
        ("is deprecated since", deprecated)
    } else {
        return;
    };
    found.at(
        &object.root.get("apiVersion"),
        format!("{kind} of `{version}` {end} Kubernetes 1.{minor}: use {instead}"),
    );
}
