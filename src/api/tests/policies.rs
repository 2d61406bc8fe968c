use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::*;
use crate::cluster;
use crate::engine::{
    Policies, PolicyApplied, PolicyAsk, PolicyDeleted, PolicyError, PolicyList, PolicyRequest,
    Written,
};
use crate::policy::{
    AgentPolicy, Counters, LoadState, PolicyMode, PolicyName, PolicyStatus, Standing,
};
use crate::store::{By, Role};

/// What arrived at the one task.
#[derive(Debug, PartialEq)]
enum Asked {
    Apply(PolicyRequest, By),
    Delete(PolicyName, bool),
}

fn name() -> PolicyName {
    PolicyName { namespace: None, name: "block-nc".into() }
}

fn status() -> PolicyStatus {
    PolicyStatus {
        name: name(),
        standing: Standing::NotLoaded,
        why: "worker-1: no such hook".into(),
        manifest: Some(Arc::new(json!({ "kind": "TracingPolicy" }))),
        mode: Some(PolicyMode::Enforce),
        hooks: vec!["kprobe security_bprm_check".into()],
        actions: vec!["sigkill".into()],
        agents: vec![AgentPolicy {
            node: "worker-1".into(),
            name: "block-nc".into(),
            state: LoadState::LoadError,
            error: "no such hook".into(),
            mode: Some(PolicyMode::Monitor),
            kernel_memory_bytes: 42,
            counters: Counters { post: 1, signal: 2, override_: 3, ..Counters::default() },
            domain: "k8s".into(),
            ..AgentPolicy::default()
        }],
    }
}

fn written() -> Written {
    let (object, how) = ("TracingPolicy block-nc".into(), "apply as weir".into());
    Written { object, how, body: json!({}) }
}

/// A server whose task notes what it is asked, and answers as `answer` says.
async fn server(
    answer: impl Fn() -> Result<(), PolicyError> + Send + 'static,
) -> (Server, UnboundedReceiver<Asked>) {
    let (policies, mut asks) = Policies::new();
    let (asking, heard) = unbounded_channel();
    tokio::spawn(async move {
        while let Some(ask) = asks.recv().await {
            match ask {
                PolicyAsk::List(tell) => {
                    let notes = vec!["two agents \u{2026} are not asked".into()];
                    let list = PolicyList { policies: vec![Arc::new(status())], read_us: 1, notes };
                    tell.send(answer().map(|()| list)).unwrap();
                }
                PolicyAsk::Apply(request, by, tell) => {
                    let is_dry_run = request.is_dry_run;
                    asking.send(Asked::Apply(*request, by)).unwrap();
                    let applied = answer().map(|()| PolicyApplied {
                        status: status(),
                        written: written(),
                        diff: "+a".into(),
                        notes: Vec::new(),
                        is_dry_run,
                    });
                    tell.send(applied).unwrap();
                }
                PolicyAsk::Delete { name, is_dry_run, tell, .. } => {
                    asking.send(Asked::Delete(name.clone(), is_dry_run)).unwrap();
                    let (written, notes) = (written(), Vec::new());
                    let deleted = PolicyDeleted { name, written, notes, is_dry_run };
                    tell.send(answer().map(|()| deleted)).unwrap();
                }
                PolicyAsk::Switch(..) => unreachable!("nothing asks for it"),
            }
        }
    });
    (Server::policing(policies).await, heard)
}

#[tokio::test]
async fn policies_are_listed_with_what_agents_made_of_them() {
    let (server, _asked) = server(|| Ok(())).await;
    let token = server.token().await;
    let answer = server.get_as(&token, "/api/get-policies").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("x-weir-notes"), Some("two agents ? are not asked"));
    let zero = 0;
    assert_eq!(
        answer.json(),
        json!([{
            "name": "block-nc", "namespace": null, "standing": "not-loaded",
            "why": "worker-1: no such hook", "mode": "enforce",
            "hooks": ["kprobe security_bprm_check"], "actions": ["sigkill"],
            "manifest": { "kind": "TracingPolicy" },
            "agents": [{
                "node": "worker-1", "state": "load-error", "error": "no such hook",
                "mode": "monitor", "monitor_only": false, "kernel_memory_bytes": 42,
                "domain": "k8s",
                "counters": {
                    "post": 1, "nopost": zero, "signal": 2, "monitor_signal": zero,
                    "override": 3, "monitor_override": zero, "notify_enforcer": zero,
                    "monitor_notify_enforcer": zero, "set": zero, "monitor_set": zero,
                },
            }],
        }])
    );
    assert_eq!(server.get("/api/get-policies").await.status, 401);
}

#[tokio::test]
async fn the_short_form_and_what_the_query_says_arrive_with_the_caller() {
    let (server, mut asked) = server(|| Ok(())).await;
    let token = server.user("ada", Role::Operator).await;
    let short = json!({ "policy_name": "block-nc", "command_name": "nc" });
    let path = "/api/enforce-policy?mode=monitor&dry_run=true&force=true";
    let answer = server.ask_as(&token, "POST", path, &short).await;
    assert_eq!((answer.status, &answer.json()["dry_run"]), (200, &json!(true)));
    let Asked::Apply(request, by) = asked.try_recv().unwrap() else { panic!("it was applied") };
    assert_eq!(request.manifest["metadata"]["name"], "block-nc");
    assert!(request.manifest["spec"].to_string().contains("Sigkill"));
    assert_eq!(
        (request.mode, request.is_forced, request.is_dry_run),
        (Some(PolicyMode::Monitor), true, true)
    );
    assert_eq!(by, By { who: "ada".into(), from: "127.0.0.1".into() });
    let gone = json!({ "policy_name": "x", "namespace": "shop" });
    let answer = server.ask_as(&token, "DELETE", "/api/delete-policy", &gone).await;
    assert_eq!((answer.status, &answer.json()["namespace"]), (200, &json!("shop")));
    let wanted = PolicyName { namespace: Some("shop".into()), name: "x".into() };
    assert_eq!(asked.try_recv().unwrap(), Asked::Delete(wanted, false));
}

#[tokio::test]
async fn a_viewer_looks_and_changes_nothing() {
    let (server, mut asked) = server(|| Ok(())).await;
    let viewer = server.token().await;
    let body = json!({ "policy_name": "block-nc", "command_name": "nc" });
    for (method, path) in [("POST", "/api/enforce-policy"), ("DELETE", "/api/delete-policy")] {
        let refused = server.ask_as(&viewer, method, path, &body).await.problem(403);
        assert!(refused.contains("operator"), "{refused}");
        assert_eq!(server.ask(method, path, "", "").await.status, 401);
    }
    assert!(asked.try_recv().is_err(), "the engine was asked");
}

#[tokio::test]
async fn whole_policies_come_in_every_type_that_yaml_has() {
    let (server, mut asked) = server(|| Ok(())).await;
    let token = server.user("ada", Role::Operator).await;
    let yaml = "apiVersion: cilium.io/v1alpha1\nkind: TracingPolicy\nmetadata: { name: x }\n\
                spec: { kprobes: [{ call: tcp_connect }] }\n";
    for media in ["application/yaml", "application/x-yaml", "text/yaml", "Text/YAML; charset=utf-8"]
    {
        let headers = format!("Authorization: Bearer {token}\r\nContent-Type: {media}\r\n");
        let answer = server.ask("POST", "/api/enforce-policy", &headers, yaml).await;
        assert_eq!(answer.status, 200, "{media}: {answer:?}");
        assert!(matches!(asked.try_recv(), Ok(Asked::Apply(..))), "{media}");
    }
    let headers = format!("Authorization: Bearer {token}\r\nContent-Type: application/yaml\r\n");
    let long = format!("{yaml}# {}\n", "x".repeat(70_000));
    server.ask("POST", "/api/enforce-policy", &headers, &long).await.problem(413);
    let wrong = yaml.replace("kprobes", "kprobez");
    let why = server.ask("POST", "/api/enforce-policy", &headers, &wrong).await.problem(400);
    assert!(why.starts_with("line 4, column 9: "), "{why}");
    assert!(asked.try_recv().is_err(), "the engine was asked");
}

/// An error, the status and the words it is told with, and whether another try may do.
type Case = (fn() -> PolicyError, u16, &'static str, bool);

#[tokio::test]
async fn why_it_was_not_done_is_told_with_a_status_of_its_own() {
    let refused = |status| {
        let (action, message) = ("apply".into(), format!("words with {status}"));
        cluster::Error::Refused { action, status, reason: "Reason".into(), message }.into()
    };
    let cases: [Case; 11] = [
        (|| PolicyError::Nowhere("nobody is there".into()), 503, "nobody is there", false),
        (|| PolicyError::Invalid("no policy".into()), 400, "no policy", false),
        (|| PolicyError::Dangerous("it kills".into()), 409, "it kills; `?force=true`", false),
        (|| PolicyError::NoPolicy(name()), 404, "there is no policy block-nc", false),
        (|| PolicyError::NotInstalled, 503, "are not installed", false),
        (|| PolicyError::Agent("no hook".into()), 502, "no hook", false),
        (|| PolicyError::Silent("none answered".into()), 503, "none answered", true),
        (|| PolicyError::Busy, 503, "too many questions", true),
        (|| PolicyError::Ended, 503, "the engine has ended", false),
        (
            || {
                let why = "no answer within 4 s".into();
                PolicyError::Unsure { policy: name(), why }
            },
            503,
            "it is not known whether it was written: no answer within 4 s",
            true,
        ),
        (
            || cluster::Error::ReadOnly { action: "apply the policy x".into() }.into(),
            403,
            "`read-only`",
            false,
        ),
    ];
    let turn = AtomicUsize::new(0);
    let answer = move || match turn.fetch_add(1, Ordering::Relaxed) {
        at if at < cases.len() => Err(cases[at].0()),
        at => Err(refused([403, 422][at - cases.len()])),
    };
    let (server, _asked) = server(answer).await;
    let token = server.user("ada", Role::Operator).await;
    let body = json!({ "policy_name": "block-nc", "command_name": "nc" });
    for (_, status, said, is_passing) in cases {
        let answer = server.ask_as(&token, "POST", "/api/enforce-policy", &body).await;
        let detail = answer.problem(status);
        assert!(detail.contains(said), "{detail}");
        assert_eq!(answer.header("retry-after"), is_passing.then_some("5"), "{said}");
    }
    for (status, said) in [(403, "words with 403; `weir doctor`"), (422, "words with 422")] {
        let answer = server.ask_as(&token, "POST", "/api/enforce-policy", &body).await;
        assert!(answer.problem(status).contains(said));
    }
}
