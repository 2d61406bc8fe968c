use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::{Container, Pod};

pub(super) const CHECK: Check = Check {
    id: "WEIR-207",
    title: "A container may write to files of its node",
    category: Category::HostAccess,
    severity: Severity::Medium,
    why: "What it writes outlives the container and is read by others on the node. In many \
          directories, a file is enough to have the node run a command.",
    mend: "volumeMounts:\n  - name: files\n    mountPath: /files\n    readOnly: true\n",
    references: &[("kube-linter", "writable-host-mount"), ("kubescape", "C-0045")],
    failing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers:
    - name: web
      image: shop/web:1.4
      volumeMounts: [{ name: files, mountPath: /files }]
  volumes: [{ name: files, hostPath: { path: /srv/shop } }]
",
    passing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers:
    - name: web
      image: shop/web:1.4
      volumeMounts: [{ name: files, mountPath: /files, readOnly: true }]
  volumes: [{ name: files, hostPath: { path: /srv/shop } }]
",
    rule: Rule::Container(look),
};

fn look(container: &Container<'_>, found: &mut Found<'_>) {
    for mount in container.fields.get("volumeMounts").items() {
        let read_only = mount.get("readOnly");
        if read_only.flag() != Some(true)
            && let Some(path) = host_path(container.pod, mount.get("name").word())
        {
            found.at(&read_only, format!("it may write to `{path}` of the node"));
        }
    }
}

/// The path of the node that the volume of this name is, if it is one.
fn host_path<'a>(pod: &Pod<'a>, name: &str) -> Option<&'a str> {
    let mut volumes = pod.spec.get("volumes").items();
    let volume = volumes.find(|volume| volume.get("name").word() == name)?;
    volume.at_path(&["hostPath", "path"]).text()
}
