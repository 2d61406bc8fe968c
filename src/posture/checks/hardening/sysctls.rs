use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Pod;

pub(super) const CHECK: Check = Check {
    id: "WEIR-305",
    title: "A pod sets kernel parameters that are not safe to set",
    category: Category::Hardening,
    severity: Severity::Medium,
    why: "They may reach beyond the pod: other pods or the whole node can slow down or fail. A \
          kubelet that does not allow them refuses the pod.",
    mend: "\
securityContext:
  sysctls:
    - name: net.ipv4.tcp_syncookies
      value: \"1\"
",
    references: &[("kube-linter", "unsafe-sysctls"), ("trivy", "KSV026")],
    failing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  securityContext: { sysctls: [{ name: kernel.msgmax, value: \"65536\" }] }
  containers: [{ name: web, image: shop/web:1.4 }]
",
    passing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  securityContext: { sysctls: [{ name: net.ipv4.tcp_syncookies, value: \"1\" }] }
  containers: [{ name: web, image: shop/web:1.4 }]
",
    rule: Rule::Pod(look),
};

/// What the kubelet lets every pod set.
const SAFE: [&str; 12] = [
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
];

fn look(pod: &Pod<'_>, found: &mut Found<'_>) {
    for sysctl in pod.security().get("sysctls").items() {
        let name = sysctl.get("name");
        if let Some(parameter) = name.text()
            && !SAFE.iter().any(|safe| is(parameter, safe))
        {
            found.at(&name, format!("sysctl `{parameter}` is not safe to set"));
        }
    }
}

/// `net/ipv4/tcp_rmem` is `net.ipv4.tcp_rmem`.
fn is(name: &str, safe: &str) -> bool {
    name.split(['.', '/']).eq(safe.split('.'))
}
