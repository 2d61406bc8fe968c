use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Pod;

pub(super) const CHECK: Check = Check {
    id: "WEIR-204",
    title: "A pod has the socket of its node's container runtime",
    category: Category::HostAccess,
    severity: Severity::Critical,
    why: "Whoever writes to this socket starts any container on the node, privileged ones too. \
          Reading it tells of all others. `readOnly` on the mount changes nothing.",
    mend: "volumes:\n  - name: files   # in place of the socket\n    emptyDir: {}\n",
    references: &[
        ("checkov", "CKV_K8S_27"),
        ("datree", "CONTAINERS_INCORRECT_PATH_VALUE_DOCKERSOCKET"),
        ("kube-linter", "docker-sock"),
        ("kubescape", "C-0074"),
        ("kubesec", "DockerSock"),
        ("trivy", "KSV006"),
    ],
    failing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers: [{ name: web, image: shop/web:1.4 }]
  volumes: [{ name: files, hostPath: { path: /var/run/docker.sock } }]
",
    passing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers: [{ name: web, image: shop/web:1.4 }]
  volumes: [{ name: files, emptyDir: {} }]
",
    rule: Rule::Pod(look),
};

/// Where the runtimes listen; `/var/run` is the same directory.
const SOCKETS: [&str; 7] = [
    "/run/containerd/containerd.sock",
    "/run/cri-dockerd.sock",
    "/run/crio/crio.sock",
    "/run/docker.sock",
    "/run/dockershim.sock",
    "/run/k3s/containerd/containerd.sock",
    "/run/podman/podman.sock",
];

fn look(pod: &Pod<'_>, found: &mut Found<'_>) {
    for volume in pod.spec.get("volumes").items() {
        let path = volume.at_path(&["hostPath", "path"]);
        let socket = path.word();
        if SOCKETS.contains(&socket.strip_prefix("/var").unwrap_or(socket)) {
            let name = volume.get("name").word();
            found.at(&path, format!("volume `{name}` is `{socket}` of the node"));
        }
    }
}
