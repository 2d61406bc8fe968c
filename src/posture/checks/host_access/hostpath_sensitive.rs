use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Pod;

pub(super) const CHECK: Check = Check {
    id: "WEIR-206",
    title: "A pod has a volume that is a system directory of its node",
    category: Category::HostAccess,
    severity: Severity::High,
    why: "There are the node's passwords and keys, its devices, its kernel's settings or its \
          programs: reading them is often enough to take over the node, and writing them always \
          is.",
    mend: "\
volumes:
  - name: files
    hostPath:
      path: /etc/ssl/certs   # no more than what is needed
",
    references: &[("kube-linter", "sensitive-host-mounts"), ("trivy", "KSV121")],
    failing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers: [{ name: web, image: shop/web:1.4 }]
  volumes: [{ name: files, hostPath: { path: /etc } }]
",
    passing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers: [{ name: web, image: shop/web:1.4 }]
  volumes: [{ name: files, hostPath: { path: /etc/ssl/certs } }]
",
    rule: Rule::Pod(look),
};

/// What a node is made of, and what it keeps for itself.
const DIRECTORIES: [&str; 14] = [
    "/boot",
    "/dev",
    "/etc",
    "/lib",
    "/proc",
    "/root",
    "/run",
    "/sys",
    "/usr",
    "/var",
    "/var/lib",
    "/var/lib/docker",
    "/var/lib/kubelet",
    "/var/run",
];

fn look(pod: &Pod<'_>, found: &mut Found<'_>) {
    for volume in pod.spec.get("volumes").items() {
        let path = volume.at_path(&["hostPath", "path"]);
        let directory = path.word();
        if directory == "/" || DIRECTORIES.contains(&directory.trim_end_matches('/')) {
            let name = volume.get("name").word();
            found.at(&path, format!("volume `{name}` is `{directory}` of the node"));
        }
    }
}
