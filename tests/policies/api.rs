//! Policies through the API of a running engine.

use std::sync::Arc;

use serde_json::{Value, json};
use weir::store::Reader;

use crate::support::double::kube::ApiServer;
use crate::support::double::tetragon::TetragonAgent;
use crate::support::engine::{DEMO, Engine, await_some, database, weir};
use crate::support::flows::Folder;
use crate::support::user::{add_user, authorization};
use crate::{HARMS, KILLS, TELLS, follow_next};

const JSON: &str = "content-type: application/json\r\n";
const YAML: &str = "content-type: application/yaml\r\n";

/// An engine beside a cluster and an agent, and an operator's token.
struct Watched {
    api: ApiServer,
    agent: Arc<TetragonAgent>,
    engine: Engine,
    folder: Folder,
    authorization: String,
}

impl Watched {
    fn new(more: &[&str]) -> Self {
        let (api, folder) = (ApiServer::start(), Folder::for_anyone());
        let agent = Arc::new(TetragonAgent::on_tcp());
        api.with(|kube| kube.seed(crate::support::double::kube::namespace("shop")));
        add_user(&folder, "operator");
        let log = folder.path().join("weir.log");
        let kubeconfig = api.kubeconfig(folder.path());
        let serve = ["--api", "--listen", "127.0.0.1:0", "--replay", DEMO, "--log-level", "info"];
        let mut command = weir(serve, &database(&folder));
        command.arg("--tetragon").arg(agent.endpoint()).args(more);
        if !more.contains(&"off") {
            command.arg("--kubeconfig").arg(kubeconfig);
        }
        let engine = Engine::of(command.arg("--log-file").arg(&log), &log);
        let authorization = authorization(&engine);
        agent.wait_for_listeners(1);
        Self { api, agent, engine, folder, authorization }
    }

    fn ask(&self, method: &str, target: &str, media: &str, body: &str) -> (u16, Value) {
        let headers = format!("{}{media}", self.authorization);
        let (status, body) = self.engine.ask(method, target, &headers, body);
        (status, serde_json::from_str(&body).unwrap_or_else(|_| panic!("no JSON: {body}")))
    }

    fn enforce(&self, query: &str, media: &str, body: &str) -> (u16, Value) {
        self.ask("POST", &format!("/api/enforce-policy{query}"), media, body)
    }

    fn delete(&self, body: &Value) -> (u16, Value) {
        self.ask("DELETE", "/api/delete-policy", JSON, &body.to_string())
    }

    /// Policies, once the list is as wanted.
    fn policies(&self, wanted: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        await_some("the policies", || {
            let (status, list) = self.ask("GET", "/api/get-policies", "", "");
            assert_eq!(status, 200, "{list}");
            let list = list.as_array().expect("an array").clone();
            wanted(&list).then_some(list)
        })
    }

    fn follows_next(&self) {
        follow_next(&self.api, &self.agent);
    }

    fn writes(&self) -> usize {
        self.api.with(|kube| kube.writes().len())
    }
}

#[test]
fn a_policy_is_applied_as_yaml_as_json_and_in_short_and_deleted() {
    let watched = Watched::new(&[]);
    watched.follows_next();
    let (status, applied) = watched.enforce("", YAML, TELLS);
    assert_eq!((status, &applied["status"]["standing"]), (200, &json!("loaded")), "{applied}");
    assert_eq!(applied["written"]["how"], "apply as weir");
    assert!(applied["diff"].as_str().unwrap().contains("tcp_connect"), "{applied}");

    watched.follows_next();
    let object: Value = serde_yaml::from_str(KILLS).unwrap();
    let (status, applied) = watched.enforce("?mode=monitor", JSON, &object.to_string());
    assert_eq!((status, &applied["status"]["mode"]), (200, &json!("monitor")), "{applied}");

    watched.follows_next();
    let short = json!({ "policy_name": "block-nc", "command_name": "nc" });
    let (status, applied) = watched.enforce("", JSON, &short.to_string());
    assert_eq!((status, &applied["status"]["actions"]), (200, &json!(["sigkill"])), "{applied}");
    let kept = watched.api.with(|kube| kube.get("tracingpolicies", "", "block-nc"));
    assert!(kept["spec"].to_string().contains("/nc"), "{kept}");

    let list = watched.policies(|list| list.len() == 3);
    let names: Vec<_> = list.iter().map(|policy| &policy["name"]).collect();
    assert_eq!(names, ["block-nc", "connections", "no-egress"]);
    assert!(list.iter().all(|policy| policy["standing"] == "loaded"), "{list:?}");

    watched.follows_next();
    let gone = json!({ "policy_name": "no-egress", "namespace": "shop" });
    let (status, deleted) = watched.delete(&gone);
    assert_eq!((status, &deleted["namespace"]), (200, &json!("shop")), "{deleted}");
    assert_eq!(watched.policies(|list| list.len() == 2).len(), 2);
    assert_eq!(watched.delete(&gone).0, 404);
    assert!(watched.engine.stop().success());
    let folder = watched.folder;
    let records = Reader::open(&database(&folder)).unwrap().audit(None, 20).unwrap();
    let seen: Vec<_> = records.iter().filter(|one| one.what.starts_with("policy.")).collect();
    let whats: Vec<_> = seen.iter().rev().map(|one| (&*one.what, &*one.who)).collect();
    let by_ops = |what| (what, "ops");
    let wanted = ["policy.apply", "policy.apply", "policy.apply", "policy.delete", "policy.refuse"];
    assert_eq!(whats, wanted.map(by_ops));
    assert!(seen.iter().all(|one| one.from == "127.0.0.1"), "{seen:?}");
}

#[test]
fn what_is_refused_says_why_and_changes_nothing() {
    let watched = Watched::new(&[]);
    let nowhere = KILLS.replace("namespace: shop", "namespace: nowhere");
    let misspelt = TELLS.replace("kprobes:", "kprobez:");
    for (query, media, body, status, words) in [
        ("", YAML, &*misspelt, 400, "line 6, column 3"),
        ("", YAML, "a: [", 400, "line 1"),
        ("", JSON, "{", 400, "the body is no JSON: line 1"),
        ("", JSON, "{}", 400, "expected a whole policy"),
        ("", JSON, r#"{"policy_name":"x"}"#, 400, "`policy_name` and `command_name` alone"),
        ("", JSON, r#"{"policy_name":"x","command_name":"a/b"}"#, 400, "part of a path"),
        ("", "content-type: text/plain\r\n", TELLS, 415, "application/yaml"),
        ("?mode=off", YAML, TELLS, 400, "mode: expected monitor or enforce"),
        ("?dry_run=yes", YAML, TELLS, 400, "dry_run: expected true or false"),
        ("", YAML, HARMS, 409, "`?force=true` applies it all the same"),
        ("", YAML, &*nowhere, 404, "namespaces \"nowhere\" not found"),
    ] {
        let (is, problem) = watched.enforce(query, media, body);
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert_eq!(is, status, "{body}: {problem}");
        assert!(detail.contains(words), "{words}: {problem}");
    }
    let (status, would) = watched.enforce("?dry_run=true&force=true", YAML, HARMS);
    assert_eq!((status, &would["dry_run"]), (200, &json!(true)), "{would}");
    assert_eq!(watched.writes(), 0);
    watched.follows_next();
    let (status, forced) = watched.enforce("?force=true", YAML, HARMS);
    assert_eq!((status, watched.writes()), (200, 1), "{forced}");
    assert!(forced["notes"].to_string().contains("forced, although"), "{forced}");
}

#[test]
fn a_load_error_is_in_the_answer_and_first_in_the_list() {
    let watched = Watched::new(&[]);
    watched.follows_next();
    watched.enforce("", YAML, KILLS);
    watched.agent.with(|agent| agent.no_such_hooks.insert("tcp_connec".into()));
    watched.follows_next();
    let misspelt = TELLS.replace("tcp_connect", "tcp_connec");
    let (status, applied) = watched.enforce("", YAML, &misspelt);
    assert_eq!((status, &applied["status"]["standing"]), (200, &json!("not-loaded")), "{applied}");
    assert_eq!(applied["status"]["agents"][0]["state"], "load-error", "{applied}");
    let list = watched.policies(|list| list.len() == 2);
    assert_eq!(
        (&list[0]["name"], &list[0]["standing"]),
        (&json!("connections"), &json!("not-loaded"))
    );
    let why = list[0]["why"].as_str().unwrap();
    assert!(why.contains("no symbol tcp_connec"), "{why}");
}

#[test]
fn read_only_forbids_writing_and_not_reading() {
    let watched = Watched::new(&["--read-only=true"]);
    let (status, problem) = watched.enforce("", YAML, TELLS);
    assert_eq!(status, 403, "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("read-only"), "{problem}");
    assert_eq!(watched.delete(&json!({ "policy_name": "connections" })).0, 403);
    assert_eq!(watched.policies(<[Value]>::is_empty).len(), 0);
    assert_eq!(watched.writes(), 0);
}

#[test]
fn without_a_cluster_the_agent_is_given_policies() {
    let watched = Watched::new(&["--cluster", "off"]);
    let (status, applied) = watched.enforce("", YAML, KILLS);
    assert_eq!((status, &applied["status"]["standing"]), (200, &json!("loaded")), "{applied}");
    assert_eq!(applied["written"]["object"], "TracingPolicyNamespaced shop/no-egress at 1 agent");
    let list = watched.policies(|list| list.len() == 1);
    assert_eq!((&list[0]["manifest"], &list[0]["standing"]), (&Value::Null, &json!("loaded")));
    let gone = json!({ "policy_name": "no-egress", "namespace": "shop" });
    assert_eq!(watched.delete(&gone).0, 200);
    watched.policies(<[Value]>::is_empty);
    watched.agent.refuse();
    let (status, problem) = watched.enforce("", YAML, KILLS);
    assert_eq!(status, 502, "{problem}");
}
