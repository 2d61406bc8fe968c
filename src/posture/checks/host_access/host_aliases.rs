use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Pod;

pub(super) const CHECK: Check = Check {
    id: "WEIR-211",
    title: "A pod has names of hosts that no DNS knows",
    category: Category::HostAccess,
    severity: Severity::Low,
    why: "Names in `/etc/hosts` win over the DNS: they go on pointing where they pointed long \
          after the host has moved, and nobody thinks of looking there.",
    mend: "\
apiVersion: v1
kind: Service
metadata: { name: db }
spec:
  type: ExternalName
  externalName: db.shop.example
",
    references: &[("kubesec", "HostAliases"), ("trivy", "KSV007")],
    failing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  hostAliases: [{ ip: 10.0.0.7, hostnames: [db.shop.example] }]
  containers: [{ name: web, image: shop/web:1.4 }]
",
    passing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers: [{ name: web, image: shop/web:1.4 }]
",
    rule: Rule::Pod(look),
};

fn look(pod: &Pod<'_>, found: &mut Found<'_>) {
    for alias in pod.spec.get("hostAliases").items() {
        let address = alias.get("ip").word();
        found.at(&alias, format!("it has names of its own for `{address}`"));
    }
}
