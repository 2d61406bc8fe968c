//! The real kubectl against the double: what it does, and what it says.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::double::kube::ApiServer;
use crate::support::double::kube::merge::Force;
use crate::support::double::kube::rights::{Grant, Rights};
use crate::support::engine::await_some;
use crate::{bare, ingress, owners, server};

/// Somebody at a terminal.
pub(crate) struct Operator {
    api: ApiServer,
    home: TempDir,
}

/// What kubectl said: whether it was content, its output, and its errors.
pub(crate) type Said = (bool, String, String);

impl Operator {
    /// None, said on standard output, where there is no kubectl.
    pub(crate) fn new() -> Option<Self> {
        let operator = Self { api: server(), home: TempDir::new().expect("a folder") };
        operator.kubectl().map(|_| operator)
    }

    fn kubectl(&self) -> Option<Command> {
        self.api.kubectl(self.home.path())
    }

    #[track_caller]
    pub(crate) fn says(&self, arguments: &str) -> Said {
        let mut kubectl = self.kubectl().expect("it was there");
        kubectl.args(arguments.split(' ')).current_dir(self.home.path());
        let output = kubectl.output().expect("it starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        (output.status.success(), text(&output.stdout), text(&output.stderr))
    }

    pub(crate) fn write(&self, name: &str, object: &Value) {
        std::fs::write(self.home.path().join(name), object.to_string()).expect("it is writable");
    }

    fn web(&self) -> Value {
        self.api.with(|kube| kube.get("ingresses", "shop", "web"))
    }
}

fn content(out: &str) -> Said {
    (true, out.into(), String::new())
}

#[test]
fn kubectl_lists_and_shows() {
    let Some(operator) = Operator::new() else { return };
    operator.api.with(|kube| kube.seed(ingress(&json!({ "a": "1" }))));
    let (done, out, _) = operator.says("get ingresses -A -o name");
    assert_eq!((done, &*out), (true, "ingress.networking.k8s.io/web"));
    let (done, out, _) = operator.says("get ing web -n shop -o json");
    let shown: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((done, &shown["spec"]), (true, &operator.web()["spec"]));
    let (done, _, why) = operator.says("get ing none -n shop");
    let not_found = "Error from server (NotFound): ingresses.networking.k8s.io \"none\" not found";
    assert_eq!((done, &*why), (false, not_found));
    for at in 0..7 {
        let mut one = ingress(&json!({}));
        one["metadata"]["name"] = format!("web-{at}").into();
        operator.api.with(|kube| kube.seed(one));
    }
    let (_, out, _) = operator.says("get ing -n shop -o name --chunk-size=3");
    assert_eq!(out.lines().count(), 8, "{out}");
}

#[test]
fn kubectl_applies_and_is_told_of_conflicts() {
    let Some(operator) = Operator::new() else { return };
    operator.write("web.json", &ingress(&json!({ "team": "shop" })));
    let apply = "apply --server-side --validate=false -f web.json";
    let applied = content("ingress.networking.k8s.io/web serverside-applied");
    assert_eq!(operator.says(apply), applied);
    operator.write("web.json", &ingress(&json!({ "team": "ops" })));
    let other = format!("{apply} --field-manager=ci");
    let (done, _, why) = operator.says(&other);
    assert!(!done && why.starts_with("error: Apply failed with 1 conflict: conflict with \"kubectl\": .metadata.annotations.team\n"), "{why}");
    assert_eq!(operator.web()["metadata"]["annotations"], json!({ "team": "shop" }));
    assert_eq!(operator.says(&format!("{other} --force-conflicts")), applied);
    let owned = owners(&operator.web());
    let of = |name: &str| {
        let mut fields = owned.iter().filter(|(_, manager, _)| manager == name);
        fields.next().map(|(.., fields)| fields["f:metadata"].clone())
    };
    let team = json!({ "f:annotations": { "f:team": {} } });
    assert_eq!((of("ci"), of("kubectl")), (Some(team), Some(Value::Null)));
    operator.write("web.json", &ingress(&json!({})));
    assert_eq!(operator.says(&other), applied);
    assert_eq!(operator.web()["metadata"]["annotations"], Value::Null);
}

#[test]
fn kubectl_patches_and_annotates() {
    let Some(operator) = Operator::new() else { return };
    operator
        .api
        .with(|kube| kube.apply_as("argocd", &ingress(&json!({ "a": "1" })), Force::No))
        .expect("applied");
    let patch =
        r#"patch ing web -n shop --type=merge -p {"metadata":{"annotations":{"a":null,"b":"2"}}}"#;
    assert_eq!(operator.says(patch), content("ingress.networking.k8s.io/web patched"));
    assert_eq!(operator.web()["metadata"]["annotations"], json!({ "b": "2" }));
    let annotated = content("ingress.networking.k8s.io/web annotated");
    assert_eq!(operator.says("annotate ing web -n shop c=3 b-"), annotated);
    assert_eq!(operator.web()["metadata"]["annotations"], json!({ "c": "3" }));
    let managers: Vec<_> =
        owners(&operator.web()).into_iter().map(|(how, who, _)| how + &who).collect();
    assert_eq!(managers, ["Applyargocd", "Updatekubectl-annotate"]);
}

#[test]
fn kubectl_tries_without_doing() {
    let Some(operator) = Operator::new() else { return };
    operator.write("web.json", &ingress(&json!({})));
    let apply = "apply --server-side --validate=false --dry-run=server -f web.json";
    let would = content("ingress.networking.k8s.io/web serverside-applied (server dry run)");
    let said = operator.says(apply);
    if said.2.contains("failed to download openapi") {
        println!("skipped: this kubectl tries nothing on a server without OpenAPI");
        return;
    }
    assert_eq!((said, operator.web()), (would, Value::Null));
    operator.api.with(|kube| kube.seed(ingress(&json!({}))));
    let (done, out, _) = operator.says("delete ing web -n shop --dry-run=server");
    assert!(done && out.contains("deleted") && out.contains("(server dry run)"), "{out}");
    assert!(operator.web().is_object());
    let (done, ..) = operator.says("delete ing web -n shop");
    assert_eq!((done, operator.web()), (true, Value::Null));
    operator.write("web.json", &bare(&json!({ "a": "1" })));
    let (done, _, why) = operator.says("apply --server-side --validate=false -f web.json");
    let invalid = "The Ingress \"web\" is invalid: spec: Invalid value: []: either `defaultBackend` \
                   or `rules` must be specified";
    assert_eq!((done, &*why), (false, invalid));
}

#[test]
fn kubectl_asks_what_it_may() {
    let Some(operator) = Operator::new() else { return };
    let grant = Grant::new(&["get", "patch"], "networking.k8s.io", &["ingresses"]);
    operator.api.with(|kube| kube.users[1].rights = Rights::Only(vec![grant.within("shop")]));
    assert_eq!(operator.says("auth can-i patch ingresses -n shop").1, "yes");
    assert_eq!(operator.says("auth can-i patch ingresses -n default").1, "no");
    let (done, _, why) = operator.says("get ing -n default");
    let forbidden = "Error from server (Forbidden): ingresses.networking.k8s.io is forbidden: User \
                     \"kubectl\" cannot list resource \"ingresses\" in API group \
                     \"networking.k8s.io\" in the namespace \"default\"";
    assert_eq!((done, &*why), (false, forbidden));
}

#[test]
fn kubectl_watches() {
    let Some(operator) = Operator::new() else { return };
    operator.api.with(|kube| kube.seed(ingress(&json!({ "a": "1" }))));
    let mut kubectl = operator.kubectl().expect("it was there");
    let path = "-o=jsonpath={.metadata.annotations.a}{\"\\n\"}";
    kubectl
        .args(["--request-timeout=20s", "get", "ing", "web", "-n", "shop", "-w", path])
        .stdout(Stdio::piped());
    let mut watching = kubectl.spawn().expect("it starts");
    let mut lines = BufReader::new(watching.stdout.take().expect("a pipe")).lines();
    let mut next = || lines.next().expect("it goes on").expect("a line");
    assert_eq!(next(), "1");
    // What happens between its first look and its watch kubectl does not tell.
    await_some("a watch", || (operator.api.with(|kube| kube.store.watches()) == 1).then_some(()));
    operator.api.with(|kube| kube.seed(ingress(&json!({ "a": "2" }))));
    assert_eq!(next(), "2");
    watching.kill().expect("it ends");
    watching.wait().expect("it ended");
}
