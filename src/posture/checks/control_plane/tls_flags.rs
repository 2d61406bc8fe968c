use super::flags::{API_SERVER, ETCD, Flags, KUBELET, Wanted, Wish, compare};
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-1001",
    title: "A component of the control plane does without TLS",
    category: Category::ControlPlane,
    severity: Severity::High,
    why: "Certificates are how the API server, etcd and the kubelets know each other. Where one \
          is not asked for, whoever reaches the port may read or write what the cluster keeps, its \
          Secrets among it.",
    mend: "\
command:
  - etcd
  - --cert-file=/etc/kubernetes/pki/etcd/server.crt
  - --key-file=/etc/kubernetes/pki/etcd/server.key
  - --trusted-ca-file=/etc/kubernetes/pki/etcd/ca.crt
  - --client-cert-auth=true
",
    references: &[
        ("checkov", "CKV_K8S_71"),
        ("checkov", "CKV_K8S_72"),
        ("checkov", "CKV_K8S_73"),
        ("checkov", "CKV_K8S_99"),
        ("checkov", "CKV_K8S_100"),
        ("checkov", "CKV_K8S_102"),
        ("checkov", "CKV_K8S_105"),
        ("checkov", "CKV_K8S_116"),
        ("checkov", "CKV_K8S_117"),
        ("checkov", "CKV_K8S_118"),
        ("checkov", "CKV_K8S_119"),
        ("checkov", "CKV_K8S_121"),
        ("checkov", "CKV_K8S_140"),
        ("checkov", "CKV_K8S_148"),
        ("checkov", "CKV_K8S_151"),
        ("kubescape", "C-0070"),
        ("kubescape", "C-0116"),
        ("kubescape", "C-0117"),
        ("trivy", "KCV0004"),
        ("trivy", "KCV0005"),
        ("trivy", "KCV0006"),
        ("trivy", "KCV0026"),
        ("trivy", "KCV0027"),
        ("trivy", "KCV0028"),
        ("trivy", "KCV0029"),
        ("trivy", "KCV0042"),
        ("trivy", "KCV0043"),
        ("trivy", "KCV0044"),
        ("trivy", "KCV0045"),
        ("trivy", "KCV0047"),
    ],
    failing: "\
apiVersion: v1
kind: Pod
metadata: { name: etcd, namespace: kube-system }
spec:
  containers:
    - name: etcd
      image: registry.k8s.io/etcd:3.5.21-0
      command:
        - etcd
        - --data-dir=/var/lib/etcd
",
    passing: "\
apiVersion: v1
kind: Pod
metadata: { name: etcd, namespace: kube-system }
spec:
  containers:
    - name: etcd
      image: registry.k8s.io/etcd:3.5.21-0
      command:
        - etcd
        - --data-dir=/var/lib/etcd
        - --cert-file=/etc/kubernetes/pki/etcd/server.crt
        - --key-file=/etc/kubernetes/pki/etcd/server.key
        - --trusted-ca-file=/etc/kubernetes/pki/etcd/ca.crt
        - --client-cert-auth=true
        - --peer-cert-file=/etc/kubernetes/pki/etcd/peer.crt
        - --peer-key-file=/etc/kubernetes/pki/etcd/peer.key
        - --peer-trusted-ca-file=/etc/kubernetes/pki/etcd/ca.crt
        - --peer-client-cert-auth=true
",
    rule: Rule::Container(look),
};

const SERVED: &str = "its clients cannot tell it from an impostor";
const TO_ETCD: &str = "etcd cannot tell it from anyone else";
const TO_KUBELETS: &str = "kubelets cannot tell it from anyone else";
const PEERS: &str = "members of etcd cannot tell each other from anyone else";

const WISHES: &[Wish] = &[
    (API_SERVER, "tls-cert-file", Wanted::Set, SERVED),
    (API_SERVER, "tls-private-key-file", Wanted::Set, SERVED),
    (API_SERVER, "client-ca-file", Wanted::Set, "it knows no client by a certificate"),
    (API_SERVER, "etcd-cafile", Wanted::Set, "it cannot tell etcd from an impostor"),
    (API_SERVER, "etcd-certfile", Wanted::Set, TO_ETCD),
    (API_SERVER, "etcd-keyfile", Wanted::Set, TO_ETCD),
    (
        API_SERVER,
        "kubelet-certificate-authority",
        Wanted::Set,
        "it cannot tell a kubelet from an impostor",
    ),
    (API_SERVER, "kubelet-client-certificate", Wanted::Set, TO_KUBELETS),
    (API_SERVER, "kubelet-client-key", Wanted::Set, TO_KUBELETS),
    (API_SERVER, "kubelet-https", Wanted::Not(&["false"]), "it speaks to kubelets in the clear"),
    (ETCD, "cert-file", Wanted::Set, SERVED),
    (ETCD, "key-file", Wanted::Set, SERVED),
    (ETCD, "client-cert-auth", Wanted::Is("true"), "it asks no client for a certificate"),
    (ETCD, "auto-tls", Wanted::Not(&["true"]), SERVED),
    (ETCD, "peer-cert-file", Wanted::Set, PEERS),
    (ETCD, "peer-key-file", Wanted::Set, PEERS),
    (ETCD, "peer-client-cert-auth", Wanted::Is("true"), PEERS),
    (ETCD, "peer-auto-tls", Wanted::Not(&["true"]), PEERS),
    (KUBELET, "client-ca-file", Wanted::Set, "it knows no client by a certificate"),
    (KUBELET, "tls-cert-file", Wanted::Set, SERVED),
    (KUBELET, "tls-private-key-file", Wanted::Set, SERVED),
];

/// Cipher suites of which none is known to be weak.
const STRONG: [&str; 13] = [
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_RSA_WITH_AES_256_GCM_SHA384",
];

fn look(container: &Container<'_>, found: &mut Found<'_>) {
    compare(container, WISHES, found);
    let Some(flags) = Flags::of(container) else { return };
    let Some((field, suites)) = flags.get("tls-cipher-suites") else { return };
    if let Some(weak) = suites.split(',').find(|suite| !STRONG.contains(suite)) {
        found.at(field, format!("`--tls-cipher-suites` has `{weak}`, which is weak or unknown"));
    }
}
