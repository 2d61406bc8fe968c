use super::flags::{CONTROLLER_MANAGER, KUBELET, Wanted, Wish, compare};
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-1003",
    title: "A kubelet is started with settings that weaken its node",
    category: Category::ControlPlane,
    severity: Severity::Medium,
    why: "These flags decide whether a node keeps the settings of its kernel, renews its \
          certificates, ends sessions that nobody uses, and is known by the name in its \
          certificate.",
    mend: "\
command:
  - kubelet
  - --protect-kernel-defaults=true
",
    references: &[
        ("checkov", "CKV_K8S_112"),
        ("checkov", "CKV_K8S_143"),
        ("checkov", "CKV_K8S_144"),
        ("checkov", "CKV_K8S_145"),
        ("checkov", "CKV_K8S_146"),
        ("checkov", "CKV_K8S_149"),
        ("trivy", "KCV0038"),
    ],
    failing: "\
apiVersion: v1
kind: Pod
metadata: { name: kubelet, namespace: kube-system }
spec:
  containers:
    - name: kubelet
      image: shop/kubelet:v1.33.1
      command:
        - kubelet
        - --rotate-certificates=false
",
    passing: "\
apiVersion: v1
kind: Pod
metadata: { name: kubelet, namespace: kube-system }
spec:
  containers:
    - name: kubelet
      image: shop/kubelet:v1.33.1
      command:
        - kubelet
        - --protect-kernel-defaults=true
        - --rotate-certificates=true
",
    rule: Rule::Container(look),
};

const ROTATION: &str = "RotateKubeletServerCertificate=false";
const STALE: &str = "certificates of kubelets are not renewed";

const WISHES: &[Wish] = &[
    (
        KUBELET,
        "protect-kernel-defaults",
        Wanted::Is("true"),
        "it changes settings of the kernel that differ from its own",
    ),
    (
        KUBELET,
        "make-iptables-util-chains",
        Wanted::Not(&["false"]),
        "rules of its own may be missing in the firewall of the node",
    ),
    (KUBELET, "hostname-override", Wanted::Unset, "its name may not be that in its certificate"),
    (
        KUBELET,
        "streaming-connection-idle-timeout",
        Wanted::Not(&["0", "0s"]),
        "sessions that nobody uses never end",
    ),
    (KUBELET, "rotate-certificates", Wanted::Not(&["false"]), STALE),
    (KUBELET, "feature-gates", Wanted::Omits(ROTATION), STALE),
    (CONTROLLER_MANAGER, "feature-gates", Wanted::Omits(ROTATION), STALE),
];

fn look(container: &Container<'_>, found: &mut Found<'_>) {
    compare(container, WISHES, found);
}
