use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-210",
    title: "A Windows container runs as a process of its node",
    category: Category::HostAccess,
    severity: Severity::Critical,
    why: "A HostProcess container has no walls: it may do on the node whatever the account that \
          it runs as may do, most often everything.",
    mend: "securityContext:\n  windowsOptions:\n    hostProcess: false\n",
    references: &[("polaris", "hostProcess"), ("trivy", "KSV103")],
    failing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  os: { name: windows }
  hostNetwork: true
  securityContext: { windowsOptions: { hostProcess: true } }
  containers: [{ name: web, image: shop/web:1.4 }]
",
    passing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  os: { name: windows }
  securityContext: { windowsOptions: { hostProcess: false } }
  containers: [{ name: web, image: shop/web:1.4 }]
",
    rule: Rule::Container(look),
};

fn look(container: &Container<'_>, found: &mut Found<'_>) {
    const PATH: [&str; 2] = ["windowsOptions", "hostProcess"];
    // Each of these options is inherited by itself, not all of them together.
    let own = container.security().at_path(&PATH);
    let process = if own.exists() { own } else { container.pod.security().at_path(&PATH) };
    if process.flag() == Some(true) {
        found.at(&process, "it runs as a process of its node");
    }
}
