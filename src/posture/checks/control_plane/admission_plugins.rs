use super::flags::{API_SERVER, Wanted, Wish, compare_all};
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;

pub(super) const CHECK: Check = Check {
    id: "WEIR-1002",
    title: "The API server admits what it should refuse",
    category: Category::ControlPlane,
    severity: Severity::Medium,
    why: "Admission plugins are what stops a kubelet from changing other nodes, a pod from using \
          an image that only another may pull, and one client from keeping the API server from all \
          others.",
    mend: "\
command:
  - kube-apiserver
  - --enable-admission-plugins=NodeRestriction,AlwaysPullImages
",
    references: &[
        ("checkov", "CKV_K8S_78"),
        ("checkov", "CKV_K8S_79"),
        ("checkov", "CKV_K8S_80"),
        ("checkov", "CKV_K8S_82"),
        ("checkov", "CKV_K8S_83"),
        ("checkov", "CKV_K8S_85"),
        ("kubescape", "C-0121"),
        ("kubescape", "C-0122"),
        ("kubescape", "C-0123"),
        ("trivy", "KCV0010"),
        ("trivy", "KCV0011"),
        ("trivy", "KCV0012"),
        ("trivy", "KCV0014"),
        ("trivy", "KCV0015"),
        ("trivy", "KCV0016"),
    ],
    failing: "\
apiVersion: v1
kind: Pod
metadata: { name: kube-apiserver, namespace: kube-system }
spec:
  containers:
    - name: kube-apiserver
      image: registry.k8s.io/kube-apiserver:v1.33.1
      command:
        - kube-apiserver
        - --enable-admission-plugins=AlwaysAdmit
",
    passing: "\
apiVersion: v1
kind: Pod
metadata: { name: kube-apiserver, namespace: kube-system }
spec:
  containers:
    - name: kube-apiserver
      image: registry.k8s.io/kube-apiserver:v1.33.1
      command:
        - kube-apiserver
        - --enable-admission-plugins=NodeRestriction,AlwaysPullImages
",
    rule: Rule::Object(
        &[
            "AdmissionConfiguration",
            "Pod",
            "PodTemplate",
            "Deployment",
            "StatefulSet",
            "DaemonSet",
            "ReplicaSet",
            "ReplicationController",
            "DeploymentConfig",
            "Job",
            "CronJob",
        ],
        look,
    ),
};

const ENABLED: &str = "enable-admission-plugins";
const DISABLED: &str = "disable-admission-plugins";
const NODES: &str = "a kubelet may change other nodes and their pods";
const IMAGES: &str = "a pod may use an image of its node that it could not pull";
const GONE: &str = "objects may be made in namespaces that are being deleted";
const ACCOUNTS: &str = "pods get no service account";

const WISHES: &[Wish] = &[
    (API_SERVER, ENABLED, Wanted::Set, NODES),
    (API_SERVER, ENABLED, Wanted::Lists("NodeRestriction"), NODES),
    (API_SERVER, ENABLED, Wanted::Lists("AlwaysPullImages"), IMAGES),
    (API_SERVER, ENABLED, Wanted::Omits("AlwaysAdmit"), "it checks nothing"),
    (API_SERVER, DISABLED, Wanted::Omits("NamespaceLifecycle"), GONE),
    (API_SERVER, DISABLED, Wanted::Omits("ServiceAccount"), ACCOUNTS),
    (API_SERVER, DISABLED, Wanted::Omits("NodeRestriction"), NODES),
];

fn look(object: &Object<'_>, found: &mut Found<'_>) {
    if object.kind != "AdmissionConfiguration" {
        compare_all(object, WISHES, found);
        return;
    }
    let plugins = object.root.get("plugins");
    if !plugins.items().any(|plugin| plugin.get("name").text() == Some("EventRateLimit")) {
        found.at(&plugins, "without `EventRateLimit` one client can keep the API server from all");
    }
}
