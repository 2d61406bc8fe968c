//! Tetragon's policies: held to their definitions, and gone where nobody has installed those.

use serde_json::{Value, json};

use crate::caller::{ask, get, try_ask};
use crate::kubectl::Operator;
use crate::support::double::kube::ApiServer;

const POLICIES: &str = "/apis/cilium.io/v1alpha1/tracingpolicies";

fn policy(spec: &Value) -> Value {
    json!({
        "apiVersion": "cilium.io/v1alpha1",
        "kind": "TracingPolicy",
        "metadata": { "name": "connections" },
        "spec": spec,
    })
}

fn applied(api: &ApiServer, spec: &Value) -> (u16, Value) {
    let path = format!("{POLICIES}/connections?fieldManager=weir&dryRun=All");
    let body = policy(spec).to_string();
    let sent = ("application/apply-patch+yaml", &*body);
    let reply = try_ask(api, "PATCH", &path, sent).expect("an answer");
    (reply.status, reply.body)
}

#[test]
fn a_policy_is_held_to_its_definition() {
    let api = ApiServer::start();
    let (status, taken) = applied(&api, &json!({ "kprobes": [{ "call": "tcp_connect" }] }));
    assert_eq!((status, &taken["spec"]["kprobes"][0]["call"]), (201, &json!("tcp_connect")));
    let typed = "failed to create typed patch object (/connections; cilium.io/v1alpha1, \
                 Kind=TracingPolicy): ";
    for (spec, status, said) in [
        (
            json!({ "kprobez": [] }),
            500,
            format!("{typed}.spec.kprobez: field not declared in schema"),
        ),
        (json!({ "kprobes": {} }), 500, format!("{typed}.spec.kprobes: expected list, got &{{{{}}}}")),
        (
            json!({ "kprobes": [{ "call": "x", "syscall": "yes" }] }),
            500,
            format!("{typed}.spec.kprobes[0].syscall: expected boolean, got &{{\"yes\"}}"),
        ),
        (
            json!({ "kprobes": [{ "syscall": true }] }),
            422,
            "TracingPolicy.cilium.io \"connections\" is invalid: spec.kprobes[0].call: Required value"
                .into(),
        ),
    ] {
        let (is, refusal) = applied(&api, &spec);
        assert_eq!((is, &refusal["message"]), (status, &json!(said)));
    }
    let reply = ask(
        &api,
        "POST",
        &format!("{POLICIES}?fieldValidation=Strict"),
        &policy(&json!({ "kprobez": [] })),
    );
    let why = "TracingPolicy in version \"v1alpha1\" cannot be handled as a TracingPolicy: strict \
               decoding error: unknown field \"spec.kprobez\"";
    assert_eq!(reply.refusal(), (400, "BadRequest", why));
    assert_eq!(get(&api, &format!("{POLICIES}/connections")).status, 404);
}

#[test]
fn what_nobody_has_installed_is_not_there() {
    let api = ApiServer::start();
    assert_eq!(get(&api, POLICIES).status, 200);
    api.with(|kube| kube.absent.push("cilium.io"));
    let why = "the server could not find the requested resource";
    assert_eq!(get(&api, POLICIES).refusal(), (404, "NotFound", why));
    assert_eq!(applied(&api, &json!({})).0, 404);
    assert_eq!(get(&api, "/apis/cilium.io/v1alpha1").status, 404);
    assert!(!get(&api, "/apis").body.to_string().contains("cilium.io"));
}

#[test]
fn kubectl_knows_policies_by_their_short_names() {
    let Some(operator) = Operator::new() else { return };
    operator.write("policy.json", &policy(&json!({ "kprobes": [{ "call": "tcp_connect" }] })));
    let apply = "apply --server-side --validate=false -f policy.json";
    let (done, out, why) = operator.says(apply);
    assert_eq!(
        (done, &*out),
        (true, "tracingpolicy.cilium.io/connections serverside-applied"),
        "{why}"
    );
    let (_, out, _) = operator.says("get tgtp -o name");
    assert_eq!(out, "tracingpolicy.cilium.io/connections");
    operator.write("policy.json", &policy(&json!({ "kprobez": [] })));
    let (done, _, why) = operator.says(apply);
    assert!(!done && why.contains(".spec.kprobez: field not declared in schema"), "{why}");
}
