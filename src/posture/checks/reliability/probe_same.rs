use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::cursor::Cursor;
use crate::posture::found::Found;
use crate::posture::pod::Container;

pub(super) const CHECK: Check = Check {
    id: "WEIR-613",
    title: "Readiness and liveness probes are the same",
    category: Category::Reliability,
    severity: Severity::Low,
    why: "Whenever it should only be left alone for a while, it is started again instead. Under \
          load that takes one pod after another away.",
    mend: "\
livenessProbe:
  httpGet: { path: /alive, port: 8080 }
  failureThreshold: 6
readinessProbe:
  httpGet: { path: /ready, port: 8080 }
",
    references: &[("kube-score", "pod-probes-identical")],
    failing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers:
    - name: web
      image: shop/web:1.4
      livenessProbe:
        httpGet: { path: /health, port: 8080 }
      readinessProbe:
        httpGet: { path: /health, port: 8080 }
",
    passing: "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers:
    - name: web
      image: shop/web:1.4
      livenessProbe:
        httpGet: { path: /health, port: 8080 }
        failureThreshold: 6
      readinessProbe:
        httpGet: { path: /health, port: 8080 }
",
    rule: Rule::Container(look),
};

fn look(container: &Container<'_>, found: &mut Found<'_>) {
    let live = container.fields.get("livenessProbe");
    let ready = container.fields.get("readinessProbe");
    if asks_the_same(&live, &ready) && patience(&live) <= patience(&ready) {
        found.at(&live, "it asks what `readinessProbe` asks, and gives up no later");
    }
}

fn asks_the_same(one: &Cursor<'_>, other: &Cursor<'_>) -> bool {
    ["httpGet", "tcpSocket", "grpc", "exec"].into_iter().any(|handler| {
        let (one, other) = (one.get(handler), other.get(handler));
        let is_same = |field| one.get(field).scalar() == other.get(field).scalar();
        one.exists()
            && other.exists()
            && ["scheme", "host", "port", "path", "service"].into_iter().all(is_same)
            && one.get("command").words() == other.get("command").words()
    })
}

/// For how many seconds a probe may fail before anything comes of it.
fn patience(probe: &Cursor<'_>) -> i64 {
    let period = probe.get("periodSeconds").whole().unwrap_or(10);
    period.saturating_mul(probe.get("failureThreshold").whole().unwrap_or(3))
}
