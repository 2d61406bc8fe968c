//! Verbs that ask the cluster once.

use std::process::{Command, Output};
use std::time::Duration;

use serde_json::json;

use crate::Stage;
use crate::support::double::fault::Fault;

impl Stage {
    /// Runs `weir` with these arguments and the kubeconfig of the stage.
    fn weir(&self, line: &str) -> Output {
        let folder = self.folder.path();
        let mut weir = Command::new(env!("CARGO_BIN_EXE_weir"));
        weir.env_clear().env("HOME", folder).args(line.split_whitespace());
        weir.arg("--kubeconfig").arg(folder.join("kubeconfig")).output().expect("it runs")
    }
}

#[test]
fn a_verb_waits_for_the_slowest_kind() {
    let stage = Stage::new();
    stage.seed(json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": { "name": "web", "namespace": "default" },
        "spec": { "ingressClassName": "nginx", "rules": [{ "host": "shop.test" }] },
    }));
    stage.api.with(|kube| {
        let late = Fault::Late(Duration::from_secs(2));
        kube.plan.fail(1, late, |asked| asked.resource == "ingresses" && asked.verb == "list");
    });
    let output = stage.weir("limit list");
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(shown.contains("default/web"), "{output:?}");
}
