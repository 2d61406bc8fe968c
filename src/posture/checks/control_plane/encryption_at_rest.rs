use super::flags::{API_SERVER, Wanted, Wish, compare_all};
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::object::Object;

pub(super) const CHECK: Check = Check {
    id: "WEIR-1011",
    title: "Secrets are not encrypted in etcd",
    category: Category::ControlPlane,
    severity: Severity::High,
    why: "Whoever gets a disk, a snapshot or a backup of etcd has every Secret of the cluster. \
          The first provider is the one that writes; `identity` writes them as they are.",
    mend: "\
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
  - resources: [secrets]
    providers:
      - kms:
          apiVersion: v2
          name: vault
          endpoint: unix:///run/kms/kms.sock
      - identity: {}   # only to read what was written before
",
    references: &[("checkov", "CKV_K8S_104"), ("kubescape", "C-0066"), ("trivy", "KCV0030")],
    failing: "\
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
  - resources: [secrets]
    providers:
      - identity: {}
",
    passing: "\
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
  - resources: [secrets]
    providers:
      - kms: { apiVersion: v2, name: vault, endpoint: 'unix:///run/kms/kms.sock' }
      - identity: {}
",
    rule: Rule::Object(
        &[
            "EncryptionConfiguration",
            "EncryptionConfig",
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

const WISHES: &[Wish] =
    &[(API_SERVER, "encryption-provider-config", Wanted::Set, "etcd keeps Secrets as they are")];

fn look(object: &Object<'_>, found: &mut Found<'_>) {
    if !object.kind.starts_with("Encryption") {
        compare_all(object, WISHES, found);
        return;
    }
    for entry in object.root.get("resources").items() {
        let names = entry.get("resources").words();
        let has_secrets = names.iter().any(|name| matches!(*name, "secrets" | "*." | "*.*"));
        let first = entry.get("providers").items().next();
        let identity = first.map(|provider| provider.get("identity"));
        if let Some(identity) = identity.filter(|identity| has_secrets && identity.exists()) {
            found.at(&identity, "`identity` comes first, so Secrets are written as they are");
        }
    }
}
