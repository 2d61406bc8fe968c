//! The files that set a cluster up, held against what reads them: kind, the schemas of Kubernetes and
//! Tetragon, and Weir itself under the very capabilities that its manifest names.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use support::data::shared;
use support::double::tetragon::TetragonAgent;
use support::engine::{Engine, await_some};
use support::flows::Folder;
use support::oracle::Oracle;
use support::pod::{confined, environment, pod, settings};
use support::yaml;
use weir::cluster::{Part, RIGHTS, Right, Scope};

/// The versions of Kubernetes that objects are held against: the oldest with schemas that is still
/// run, that of kind, and the newest.
const VERSIONS: [&str; 3] = ["1.28", "1.32", "1.37"];

/// Stands for Docker: notes what it is asked for and starts no container. None fails before all three
/// were asked for, since kind gives up at the first.
const NO_DOCKER: &str = "#!/bin/sh
echo \"$@\" >> \"$CALLS\"
case \"$1 $2\" in
    'info '*) echo '{\"OSType\":\"linux\",\"CgroupDriver\":\"systemd\",\"CgroupVersion\":\"2\"}' ;;
    'network create') echo kind ;;
    'run '*)
        for _ in $(seq 100); do
            [ \"$(grep -c '^run ' \"$CALLS\")\" -lt 3 ] || exit 1
            sleep 0.1
        done
        exit 1 ;;
esac
";

/// What kind says to a configuration, and what it asks Docker for.
fn kind(configuration: &str) -> Option<(String, String)> {
    let kind = Oracle::program("kind")?;
    let folder = Folder::new();
    let docker = folder.file("docker", NO_DOCKER.as_bytes());
    fs::set_permissions(docker, fs::Permissions::from_mode(0o755)).expect("our file");
    let calls = folder.file("calls", b"");
    let file = folder.file("kind.yaml", configuration.as_bytes());
    let said = kind
        .env("PATH", &format!("{}:/usr/bin:/bin", folder.path().display()))
        .env("HOME", folder.path().to_str().expect("UTF-8"))
        .env("CALLS", calls.to_str().expect("UTF-8"))
        .said(&["create", "cluster", "--config", file.to_str().expect("UTF-8")], "");
    Some((said.unwrap_or_else(|said| said), fs::read_to_string(calls).expect("the calls")))
}

#[test]
fn kind_starts_the_nodes_that_weir_tetragon_and_an_ingress_need() {
    let Some((said, calls)) = kind(&yaml::text("kind-config.yaml")) else { return };
    let nodes: Vec<_> = calls.lines().filter(|call| call.starts_with("run ")).collect();
    assert_eq!(nodes.len(), 3, "{said}\n{calls}");
    for node in &nodes {
        assert!(node.contains("--volume=/proc:/procHost"), "{node}");
        let is_front = node.contains("role=control-plane");
        for port in ["80:80/TCP", "443:443/TCP"] {
            assert_eq!(node.contains(&format!("--publish=0.0.0.0:{port}")), is_front, "{node}");
        }
    }
    let front: Value = yaml::document("kind-config.yaml");
    assert_eq!(front["nodes"][0]["labels"], json!({ "ingress-ready": "true" }));
}

#[test]
fn kind_refuses_what_it_does_not_know() {
    for (right, wrong, why) in [
        ("hostPort:", "hostPorts:", "field hostPorts not found"),
        ("role: worker", "role: labourer", "\"labourer\" is not a valid node role"),
        ("hostPort: 80", "hostPort: 99999", "port"),
    ] {
        let configuration = yaml::text("kind-config.yaml").replacen(right, wrong, 1);
        let Some((said, calls)) = kind(&configuration) else { return };
        assert!(said.contains(why), "{said}");
        assert!(!calls.contains("run "), "{calls}");
    }
}

#[test]
fn a_strict_api_server_takes_every_object() {
    let ask = |objects: &str| {
        let oracle = Oracle::python("kubernetes_objects.py", "kubernetes_validate")?;
        Some(oracle.json(&VERSIONS, objects))
    };
    let mut all = yaml::files("deploy");
    all.retain(|name| !name.ends_with("-values.yaml"));
    all.extend(yaml::files("monitoring/dashboards"));
    assert!(all.len() >= 3, "{all:?}");
    for name in all {
        let Some(wrong) = ask(&yaml::text(&name)) else { return };
        assert_eq!(wrong, json!([]), "{name}");
    }
    let wrong = ask(&yaml::text("deploy/weir.yaml").replace("hostNetwork", "hostNetwerk"));
    let wrong = wrong.expect("it is there").to_string();
    assert!(wrong.contains("('hostNetwerk' was unexpected)"), "{wrong}");
}

#[test]
fn tetragon_takes_every_policy() {
    let Some(crds) = shared("tetragon/crds") else { return };
    let definition = crds.join("cilium.io_tracingpolicies.yaml");
    let arguments = ["--definition", definition.to_str().expect("UTF-8")];
    let policies = yaml::files("tetragon/policies");
    assert!(!policies.is_empty());
    for name in policies {
        let Some(oracle) = Oracle::python("kubernetes_objects.py", "kubernetes_validate") else {
            return;
        };
        assert_eq!(oracle.json(&arguments, &yaml::text(&name)), json!([]), "{name}");
    }
}

/// What `deploy/rbac.yaml` lets a part of Weir do: one right a verb.
fn granted(objects: &[Value]) -> BTreeSet<String> {
    let texts = |rule: &Value, member: &str| -> Vec<String> {
        let values = rule[member].as_array().expect("a list");
        values.iter().map(|value| value.as_str().expect("a text").to_owned()).collect()
    };
    let mut granted = BTreeSet::new();
    for role in objects.iter().filter(|object| object["rules"].is_array()) {
        let name = role["metadata"]["name"].as_str().expect("a name");
        let namespace = role["metadata"]["namespace"].as_str();
        let place = namespace.map_or_else(|| "everywhere".into(), |name| format!("in {name}"));
        for rule in role["rules"].as_array().expect("rules") {
            for group in texts(rule, "apiGroups") {
                for resource in texts(rule, "resources") {
                    for verb in texts(rule, "verbs") {
                        granted.insert(format!("{name} may {verb} {group}/{resource} {place}"));
                    }
                }
            }
        }
    }
    granted
}

#[test]
fn the_service_account_may_do_what_weir_does_and_no_more() {
    let objects = yaml::documents("deploy/rbac.yaml");
    let mut used = BTreeSet::new();
    for Right { group, resource, verbs, scope, part, .. } in RIGHTS {
        let name = match part {
            Part::Reader => "weir-reader",
            Part::Responder => "weir-responder",
        };
        let place = match scope {
            Scope::Cluster => "everywhere",
            Scope::Namespace => "in weir",
        };
        used.extend(
            verbs.iter().map(|verb| format!("{name} may {verb} {group}/{resource} {place}")),
        );
    }
    assert_eq!(granted(&objects), used);

    let account = json!([{ "kind": "ServiceAccount", "name": "weir", "namespace": "weir" }]);
    let bindings: Vec<_> = objects.iter().filter(|object| object["roleRef"].is_object()).collect();
    assert_eq!(bindings.len(), 3);
    for binding in bindings {
        assert_eq!(binding["subjects"], account);
        let (kind, name) = (&binding["roleRef"]["kind"], &binding["roleRef"]["name"]);
        let is_bound = |role: &Value| role["kind"] == *kind && role["metadata"]["name"] == *name;
        assert!(objects.iter().any(is_bound), "{binding}");
    }
}

#[test]
fn weir_takes_the_settings_and_the_environment_of_its_pod() {
    let folder = Folder::new();
    let file = folder.file("weir.toml", settings().as_bytes());
    let (pod, container) = pod();
    let mounts = container["volumeMounts"].to_string();
    assert!(mounts.contains("\"/etc/weir\"") && pod["volumes"].to_string().contains("configMap"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command.arg("config").env_clear().envs(environment(&container)).env("WEIR_CONFIG", &file);
    let output = command.output().expect("weir starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for line in [
        "sensor = \"weir-worker2\"",
        "listen = \"127.0.0.1:8080\"",
        "database = \"/var/lib/weir/state/weir.db\"",
        "response = \"observe\"",
        "log-format = \"json\"",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    let port = &container["ports"][0];
    assert_eq!((&port["containerPort"], &port["hostPort"]), (&json!(8080), &json!(8080)));
}

#[test]
fn the_pod_sees_the_folder_of_the_agents_socket_and_cannot_change_it() {
    let (pod, container) = pod();
    let folder = Path::new(weir::tetragon::SOCKET).parent().expect("a folder").to_str();
    let named = |list: &Value| {
        let list = list.as_array().expect("a list").clone();
        list.into_iter().find(|one| one["name"] == "tetragon").expect("one")
    };
    let mount = named(&container["volumeMounts"]);
    assert_eq!((mount["mountPath"].as_str(), &mount["readOnly"]), (folder, &json!(true)));
    let place = json!({ "path": folder, "type": "DirectoryOrCreate" });
    assert_eq!(named(&pod["volumes"])["hostPath"], place);
    let values: Value = yaml::document("tetragon/values.yaml");
    let address = format!("unix://{}", weir::tetragon::SOCKET);
    assert_eq!(values["tetragon"]["grpc"]["address"], address);
}

#[test]
fn the_capabilities_of_the_pod_are_enough_and_none_is_left() {
    if fs::metadata("/proc/self").expect("our process").uid() != 0 {
        println!("skipped: needs root");
        return;
    }
    let node = Folder::new();
    fs::set_permissions(node.path(), fs::Permissions::from_mode(0o755)).expect("our folder");
    let logs = Folder::for_anyone();
    // As Tetragon makes it: of root, for root and its group.
    let socket = node.path().join("tetragon.sock");
    let agent = TetragonAgent::at_socket(&socket);
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o660)).expect("our socket");
    // The second finds what the first has left, as after a restart of the pod.
    for name in ["first.log", "second.log"] {
        let log = logs.path().join(name);
        let mut command =
            confined(&["--api", "--listen", "127.0.0.1:0", "--interface", "lo"], node.path());
        command.args(["--tetragon", &agent.endpoint()]);
        command.env("WEIR_LOG_LEVEL", "info").env("WEIR_CLUSTER", "off");
        let engine = Engine::of(command.arg("--log-file").arg(&log), &log);
        assert_eq!(engine.ask("GET", "/healthz", "", "").0, 200);
        // It is ready once it hears the agent, which it was told to.
        await_some("the agent", || (engine.ask("GET", "/readyz", "", "").0 == 200).then_some(()));
        let status = fs::read_to_string(format!("/proc/{}/status", engine.id())).expect("a status");
        for line in [
            "Uid:\t65534\t65534\t65534\t65534",
            // That of the socket, and its own, and no other.
            "Groups:\t0 65534",
            "CapPrm:\t0000000000000000",
            "NoNewPrivs:\t1",
        ] {
            assert!(status.lines().any(|said| said.trim_end() == line), "{line}\n{status}");
        }
        // A verb beside it, as `kubectl exec` runs it.
        let user = ["user", "add", name, "--role", "viewer"];
        let mut child = confined(&user, node.path()).spawn().expect("weir starts");
        let mut input = child.stdin.take().expect("a pipe");
        std::io::Write::write_all(&mut input, b"a long enough password\n").expect("it reads");
        drop(input);
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(engine.stop().success());
    }
    let database = node.path().join("state/weir.db").metadata().expect("a database");
    assert_eq!(database.uid(), 65_534);
}

#[test]
fn every_file_that_the_guide_names_is_there() {
    let guide = yaml::text("README.md");
    let named = guide.split(|letter: char| letter.is_whitespace() || "`()'\",".contains(letter));
    let named: BTreeSet<_> = named
        .filter(|word| {
            let folders = ["deploy/", "monitoring/", "tetragon/", "kind-config"];
            folders.iter().any(|folder| word.starts_with(folder)) && !word.ends_with('-')
        })
        .map(|word| word.trim_end_matches(['.', ';', ':']))
        .collect();
    for name in &named {
        assert!(yaml::path(name).exists(), "{name}");
    }
    for name in yaml::files("deploy").iter().chain(&yaml::files("monitoring")) {
        assert!(named.contains(&**name), "the guide does not name {name}");
    }
}

/// Each step finds what the one before it has made.
#[test]
fn the_guide_goes_from_the_cluster_to_what_guards_it() {
    let guide = yaml::text("README.md");
    let steps = [
        "kind create cluster --config kind-config.yaml",
        "--namespace monitoring --create-namespace",
        "--values tetragon/values.yaml",
        "kubectl apply --filename tetragon/policies/",
        "--values deploy/traefik-values.yaml",
        "kubectl apply --filename deploy/rbac.yaml --filename deploy/weir.yaml",
        "--filename monitoring/servicemonitor.yaml --filename monitoring/rules/weir.yaml",
    ];
    let places = steps.map(|step| guide.find(step).unwrap_or_else(|| panic!("no {step}")));
    assert!(places.is_sorted(), "{places:?}");
    let values: Value = yaml::document("tetragon/values.yaml");
    assert_eq!(values["tetragon"]["hostProcPath"], "/procHost");
}

#[test]
fn the_image_holds_what_the_manifest_runs() {
    let (_, container) = pod();
    let file = yaml::text("deploy/Dockerfile");
    let tag = container["image"].as_str().expect("an image");
    assert!(file.contains(&format!("--tag {tag} ")), "{tag}");
    assert!(file.contains("ENTRYPOINT [\"weir\"]"));
    let kept = yaml::text("deploy/Dockerfile.dockerignore");
    for needed in ["Cargo.toml", "Cargo.lock", "src", "ui", "models", "benches"] {
        assert!(kept.lines().any(|line| line == format!("!{needed}")), "{needed}");
    }
}
