//! Which cluster is found, and what is said where none can be.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use weir::cluster::{Cluster, Error, Found, Options};
use weir::settings::Environment;

use crate::support::double::kube::{ApiServer, TOKEN};

fn find(options: &Options, environment: &[(&str, &Path)]) -> Result<Found, Error> {
    weir::notify::prepare();
    let pairs = environment.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    let environment = Environment::from_pairs(pairs);
    Runtime::new().expect("threads for it").block_on(Cluster::find(options, &environment))
}

#[test]
fn a_kubeconfig_is_found_by_flag_by_environment_and_at_home() {
    let home = tempfile::tempdir().unwrap();
    let api = ApiServer::start();
    let path = api.kubeconfig(home.path());
    let by_flag = Options { kubeconfig: Some(path.clone()), ..Options::default() };
    let context = |found: Result<Found, Error>| match found.unwrap() {
        Found::Cluster(cluster) => cluster.context().to_owned(),
        Found::Nothing(why) => why,
    };
    assert_eq!(context(find(&by_flag, &[])), "double");
    let missing = format!("/nowhere/config:{}", path.display());
    let several = [("KUBECONFIG", Path::new(&missing))];
    assert_eq!(context(find(&Options::default(), &several)), "double", "as kubectl has it");
    std::fs::create_dir(home.path().join(".kube")).unwrap();
    std::fs::rename(&path, home.path().join(".kube/config")).unwrap();
    assert_eq!(context(find(&Options::default(), &[("HOME", home.path())])), "double");
    let none = context(find(&Options::default(), &[("HOME", Path::new("/nowhere"))]));
    assert!(none.starts_with("no cluster: there is no kubeconfig at ~/.kube/config"), "{none}");
}

#[test]
fn what_was_named_and_cannot_be_used_says_how_to_mend_it() {
    let folder = tempfile::tempdir().unwrap();
    let api = ApiServer::start();
    let good = api.kubeconfig(folder.path());
    let bad = folder.path().join("bad");
    std::fs::write(&bad, "clusters: {").unwrap();
    let error = |kubeconfig: Option<&Path>, context: &str| {
        let kubeconfig = kubeconfig.map(Path::to_owned);
        let options = Options { kubeconfig, context: context.into(), ..Options::default() };
        find(&options, &[]).unwrap_err().to_string()
    };
    let missing = error(Some(Path::new("/nowhere/config")), "");
    assert!(missing.starts_with("use the kubeconfig /nowhere/config: "), "{missing}");
    assert!(missing.contains("No such file") && missing.contains("--kubeconfig"), "{missing}");
    assert!(error(Some(&bad), "").contains("bad: "));
    let context = error(Some(&good), "nothing");
    assert!(context.contains("nothing") && context.contains("--context"), "{context}");
    assert!(error(None, "prod").contains("there is no kubeconfig"));
    let text = std::fs::read_to_string(&good).unwrap();
    let proxied =
        text.replacen("\"server\"", "\"proxy-url\":\"http://127.0.0.1:3128\",\"server\"", 1);
    std::fs::write(&bad, proxied).unwrap();
    assert!(error(Some(&bad), "").contains("it names a proxy"));
}

/// A kubeconfig in `folder` that has this shell script get the credentials.
pub(crate) fn with_program(api: &ApiServer, folder: &Path, script: &str) -> PathBuf {
    let program = folder.join("get-token");
    fs::write(&program, format!("#!/bin/sh\n{script}\n")).expect("a folder to write to");
    let executable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(&program, executable).expect("a file of one's own");
    let path = api.kubeconfig(folder);
    let config = fs::read_to_string(&path).expect("it was written");
    let mut config: Value = serde_json::from_str(&config).expect("JSON");
    config["users"][0]["user"] = json!({ "exec": {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": program,
        "env": [{ "name": "PASSWORD", "value": "s3cret" }],
    } });
    fs::write(&path, config.to_string()).expect("a folder to write to");
    path
}

/// What a program prints that has got a token, which is good until then.
pub(crate) fn credential(token: &str, until: &str) -> String {
    json!({
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": { "token": token, "expirationTimestamp": until },
    })
    .to_string()
}

fn by(path: PathBuf) -> Options {
    Options { kubeconfig: Some(path), ..Options::default() }
}

#[test]
fn a_program_that_fails_is_named_and_what_it_prints_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let api = ApiServer::start();
    let path = with_program(&api, folder.path(), "echo t0ken; echo t0ken >&2; exit 3");
    let error = find(&by(path), &[]).unwrap_err().to_string();
    assert!(error.contains("get-token") && error.contains("exit status: 3"), "{error}");
    assert!(!error.contains("t0ken") && !error.contains("s3cret"), "{error}");
}

#[test]
fn a_program_that_fails_later_is_not_quoted_either() {
    weir::notify::prepare();
    let folder = tempfile::tempdir().unwrap();
    let api = ApiServer::start();
    let (mark, good) = (folder.path().join("mark"), credential(TOKEN, "2026-01-01T00:00:00Z"));
    let mark = mark.display();
    let script = format!("echo '{good}'; if [ -e {mark} ]; then exit 3; fi; touch {mark}");
    let path = with_program(&api, folder.path(), &script);
    let why = Runtime::new().unwrap().block_on(async {
        let found = Cluster::find(&by(path), &Environment::default()).await.unwrap();
        let Found::Cluster(cluster) = found else { panic!("{found:?}") };
        cluster.version().await.unwrap_err().to_string()
    });
    assert!(why.ends_with("the program that gets them failed with exit status: 3"), "{why}");
    assert!(!why.contains(TOKEN) && !why.contains("s3cret"), "{why}");
}

#[test]
fn a_program_has_no_terminal_to_itself() {
    let folder = tempfile::tempdir().unwrap();
    let api = ApiServer::start();
    let good = credential(TOKEN, "2100-01-01T00:00:00Z");
    let script = format!(
        "case $KUBERNETES_EXEC_INFO in *'\"interactive\":false'*) echo '{good}';; *) exit 1;; esac"
    );
    let path = with_program(&api, folder.path(), &script);
    assert!(matches!(find(&by(path), &[]), Ok(Found::Cluster(_))));
}

#[test]
fn a_program_that_hangs_is_not_waited_for_for_ever() {
    weir::notify::prepare();
    let folder = tempfile::tempdir().unwrap();
    let api = ApiServer::start();
    let path = with_program(&api, folder.path(), "exec sleep 30");
    // The clock of such a runtime goes on as soon as nothing else does.
    let tasks = Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let found = tasks.block_on(Cluster::find(&by(path), &Environment::default()));
    let error = found.unwrap_err().to_string();
    assert!(error.contains("did not end within 20 s"), "{error}");
}

#[test]
fn a_kubeconfig_that_cannot_be_read_is_not_quoted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    fs::write(&path, "users:\n- name: me\n  user:\n    token: [t0ken\n    client-key-data: a2V5\n")
        .unwrap();
    let error = find(&by(path), &[]).unwrap_err().to_string();
    assert!(error.contains("line ") && error.contains(", column "), "{error}");
    assert!(!error.contains("t0ken") && !error.contains("a2V5"), "{error}");
}
