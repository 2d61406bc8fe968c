use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Pod;

pub(super) const CHECK: Check = Check {
    id: "WEIR-205",
    title: "A pod has a volume that is a directory of its node",
    category: Category::HostAccess,
    severity: Severity::Medium,
    why: "Files of the node come within reach of the container, and what it writes stays there \
          for whoever comes next. On another node, the files are other ones.",
    mend: "volumes:\n  - name: files\n    emptyDir: {}   # or a persistentVolumeClaim\n",
    references: &[
        ("datree", "CONTAINERS_INCORRECT_KEY_HOSTPATH"),
        ("kubescape", "C-0048"),
        ("polaris", "hostPathSet"),
        ("trivy", "KSV023"),
    ],
    failing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers: [{ name: web, image: shop/web:1.4 }]
  volumes: [{ name: files, hostPath: { path: /srv/shop } }]
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

fn look(pod: &Pod<'_>, found: &mut Found<'_>) {
    for volume in pod.spec.get("volumes").items() {
        let host = volume.get("hostPath");
        if host.exists() {
            let (name, path) = (volume.get("name").word(), host.get("path").word());
            found.at(&host, format!("volume `{name}` is `{path}` of the node"));
        }
    }
}
