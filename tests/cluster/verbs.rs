//! Verbs that ask the cluster once.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use serde_json::json;

use crate::Stage;
use crate::finding::{credential, with_program};
use crate::support::double::fault::Fault;
use crate::support::double::kube::TOKEN;

impl Stage {
    /// Runs `weir` with these arguments and the kubeconfig of the stage.
    pub(crate) fn weir(&self, line: &str) -> Output {
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

/// Whether this is run as root; said where it is not.
fn is_root() -> bool {
    let is_root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    if !is_root {
        println!("skipped: needs root");
    }
    is_root
}

#[test]
fn what_a_kubeconfig_has_run_is_not_run_as_root() {
    if !is_root() {
        return;
    }
    let stage = Stage::new();
    let folder = stage.folder.path();
    fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).unwrap();
    let good = credential(TOKEN, "2100-01-01T00:00:00Z");
    let script = format!("id -u >> {}/who; echo '{good}'", folder.display());
    let kubeconfig = with_program(&stage.api, folder, &script);
    // Only root may read it.
    fs::set_permissions(kubeconfig, fs::Permissions::from_mode(0o600)).unwrap();
    for line in ["map", "limit list", "doctor --interface lo"] {
        let output = stage.weir(line);
        let who = fs::read_to_string(folder.join("who")).unwrap_or_default();
        assert!(!who.is_empty() && who.lines().all(|uid| uid != "0"), "{line}: {who:?} {output:?}");
        fs::remove_file(folder.join("who")).unwrap();
    }
}

#[test]
fn root_reads_a_kubeconfig_that_is_for_root_alone_before_it_watches() {
    if !is_root() {
        return;
    }
    let stage = Stage::new();
    let folder = stage.folder.path();
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(folder.join("kubeconfig"), fs::Permissions::from_mode(0o600)).unwrap();
    let mut weir = Command::new(env!("CARGO_BIN_EXE_weir"));
    weir.env_clear().env("HOME", folder).args(["--api", "--listen", "127.0.0.1:0"]);
    weir.args(["--interface", "lo", "--cluster", "on", "--database"]);
    weir.arg(folder.join("state/weir.db")).arg("--kubeconfig").arg(folder.join("kubeconfig"));
    let mut weir = weir.stderr(Stdio::piped()).spawn().expect("it runs");
    let (_nobody, pause) = channel::<()>();
    let is_asked =
        || stage.api.with(|kube| kube.log.iter().any(|one| one.asked.path == "/version"));
    let is_over = (0..300).any(|_| {
        pause.recv_timeout(Duration::from_millis(100)).ok();
        is_asked() || weir.try_wait().is_ok_and(|ended| ended.is_some())
    });
    let ended = weir.try_wait().expect("its state");
    weir.kill().ok();
    let output = weir.wait_with_output().expect("its end");
    assert!(is_over && is_asked() && ended.is_none(), "{ended:?} {output:?}");
}
