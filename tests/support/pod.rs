//! The pod that runs Weir on a node, as its manifest has it.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::yaml;

/// The pod template of the `DaemonSet`, and its one container.
pub fn pod() -> (Value, Value) {
    let objects = yaml::documents("deploy/weir.yaml");
    let set = objects.into_iter().find(|object| object["kind"] == "DaemonSet").expect("one");
    let pod = set["spec"]["template"]["spec"].clone();
    assert_eq!(pod["containers"].as_array().map(Vec::len), Some(1));
    let container = pod["containers"][0].clone();
    (pod, container)
}

/// The environment that Kubernetes gives the container on a node.
pub fn environment(container: &Value) -> Vec<(String, String)> {
    let mut known = Vec::<(String, String)>::new();
    for variable in container["env"].as_array().expect("variables") {
        let value = match &variable["valueFrom"]["fieldRef"]["fieldPath"] {
            Value::String(field) if field == "status.podIP" => "127.0.0.1".into(),
            Value::String(field) if field == "spec.nodeName" => "weir-worker2".into(),
            Value::String(field) if field == "metadata.name" => "weir-x7k2p".into(),
            Value::String(field) if field == "metadata.namespace" => "weir".into(),
            _ => known.iter().fold(
                variable["value"].as_str().expect("a value").to_owned(),
                |value, (name, known)| value.replace(&format!("$({name})"), known),
            ),
        };
        known.push((variable["name"].as_str().expect("a name").into(), value));
    }
    known.retain(|(name, _)| name.starts_with("WEIR_"));
    known
}

/// The settings file in the `ConfigMap`.
pub fn settings() -> String {
    let objects = yaml::documents("deploy/weir.yaml");
    let map = objects.iter().find(|object| object["kind"] == "ConfigMap").expect("one");
    map["data"]["weir.toml"].as_str().expect("a file").to_owned()
}

/// Weir under root with the capabilities of the container and no others, and with a state folder like
/// that of a node.
pub fn confined(arguments: &[&str], folder: &Path) -> Command {
    let (_, container) = pod();
    let context = &container["securityContext"];
    assert_eq!(
        (&context["runAsUser"], &context["allowPrivilegeEscalation"]),
        (&json!(0), &json!(false))
    );
    assert_eq!(context["capabilities"]["drop"], json!(["ALL"]));
    let added = context["capabilities"]["add"].as_array().expect("capabilities");
    let added =
        added.iter().map(|one| format!(",+{}", one.as_str().expect("a name").to_lowercase()));
    let bounds = format!("--bounding-set=-all{}", added.collect::<String>());
    let mut command = Command::new("setpriv");
    command.args(["--no-new-privs", "--inh-caps=-all", "--ambient-caps=-all", &bounds]);
    command.arg(env!("CARGO_BIN_EXE_weir")).args(arguments).env_clear();
    command.env("WEIR_DATABASE", folder.join("state/weir.db"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}
