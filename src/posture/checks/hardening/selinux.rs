use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::found::Found;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-304",
    title: "A container chooses its own SELinux user, role or type",
    category: Category::Hardening,
    severity: Severity::Medium,
    why: "Other types than those made for containers, as `spc_t`, are barely confined: SELinux \
          then no longer keeps the container from the files of the node.",
    mend: "\
securityContext:
  seLinuxOptions:
    level: \"s0:c123,c456\"   # and neither user, role nor type
",
    references: &[("trivy", "KSV025")],
    failing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  securityContext: { seLinuxOptions: { type: spc_t } }
  containers: [{ name: web, image: shop/web:1.4 }]
",
    passing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  securityContext: { seLinuxOptions: { level: \"s0:c123,c456\" } }
  containers: [{ name: web, image: shop/web:1.4 }]
",
    rule: Rule::Container(look),
};

/// Types that confine as much as the one that containers have unasked.
const TYPES: [&str; 4] =
    ["container_t", "container_init_t", "container_kvm_t", "container_engine_t"];

fn look(container: &Container<'_>, found: &mut Found<'_>) {
    let options = container.inherited("seLinuxOptions");
    for name in ["user", "role", "type"] {
        let option = options.get(name);
        let value = option.word();
        let is_usual = value.is_empty() || (name == "type" && TYPES.contains(&value));
        if !is_usual {
            found.at(&option, format!("its SELinux {name} is `{value}`"));
        }
    }
}
