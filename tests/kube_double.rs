//! The double of the API server, held to the real one: to what its documentation promises, to kubectl,
//! and to the code that it merges with.

#[path = "kube_double/caller.rs"]
mod caller;
#[path = "kube_double/faults.rs"]
mod faults;
#[path = "kube_double/kubectl.rs"]
mod kubectl;
#[path = "kube_double/merge.rs"]
mod merge;
#[path = "kube_double/policies.rs"]
mod policies;
#[path = "kube_double/reads.rs"]
mod reads;
#[path = "kube_double/refusals.rs"]
mod refusals;
mod support;

use caller::{INGRESSES, WEB, apply, ask, get};
use serde_json::{Value, json};
use support::double::kube::ApiServer;
use support::double::kube::merge::Force;

/// An API server with the namespace `shop` in it.
fn server() -> ApiServer {
    let api = ApiServer::start();
    api.with(|kube| kube.seed(support::double::kube::namespace("shop")));
    api
}

/// The Ingress `shop/web` with these annotations.
fn ingress(annotations: &Value) -> Value {
    let mut ingress = bare(annotations);
    ingress["spec"] = json!({ "rules": [{ "host": "shop.test" }] });
    ingress
}

/// The same, without what it is for.
fn bare(annotations: &Value) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": { "name": "web", "namespace": "shop", "annotations": annotations },
    })
}

/// Who owns what, as `managedFields` says it: operation, manager, fields.
fn owners(object: &Value) -> Vec<(String, String, Value)> {
    let entries = object["metadata"]["managedFields"].as_array().into_iter().flatten();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let owner = |entry: &Value| {
        (text(&entry["operation"]), text(&entry["manager"]), entry["fieldsV1"].clone())
    };
    entries.map(owner).collect()
}

fn annotated(fields: &Value) -> Value {
    json!({ "f:metadata": { "f:annotations": fields } })
}

#[test]
fn an_apply_without_a_field_manager_is_refused() {
    let api = server();
    let reply = apply(&api, "force=true", &ingress(&json!({})));
    let why = "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required \
               for apply patch";
    assert_eq!(reply.refusal(), (422, "Invalid", why));
    assert_eq!(get(&api, WEB).status, 404);
}

#[test]
fn a_stale_resource_version_conflicts() {
    let api = server();
    let first = ask(&api, "POST", INGRESSES, &ingress(&json!({ "a": "1" })));
    assert_eq!(first.status, 201);
    let mut stale = first.body.clone();
    api.with(|kube| kube.patch_as("kubectl", WEB_PATH, &annotations(&json!({ "a": "2" }))))
        .expect("patched");
    stale["metadata"]["annotations"]["a"] = "3".into();
    let why = "Operation cannot be fulfilled on ingresses.networking.k8s.io \"web\": the object has \
               been modified; please apply your changes to the latest version and try again";
    assert_eq!(ask(&api, "PUT", WEB, &stale).refusal(), (409, "Conflict", why));
    let mut config = bare(&json!({ "a": "3" }));
    config["metadata"]["resourceVersion"] = first.version().into();
    let reply = apply(&api, "fieldManager=weir&force=true", &config);
    assert_eq!(reply.refusal(), (409, "Conflict", why));
    let patch =
        json!({ "metadata": { "resourceVersion": first.version(), "labels": { "b": "1" } } });
    assert_eq!(caller::merge(&api, "fieldManager=weir", &patch).refusal(), (409, "Conflict", why));
    let only_then = json!({ "preconditions": { "resourceVersion": first.version() } });
    assert_eq!(ask(&api, "DELETE", WEB, &only_then).status, 409);
    assert_eq!(get(&api, WEB).body["metadata"]["annotations"], json!({ "a": "2" }));
    // With the newest version each is taken.
    config["metadata"]["resourceVersion"] = get(&api, WEB).version().into();
    assert_eq!(apply(&api, "fieldManager=weir&force=true", &config).status, 200);
    let only_now = json!({ "preconditions": { "resourceVersion": get(&api, WEB).version() } });
    assert_eq!(ask(&api, "DELETE", WEB, &only_now).body["status"], "Success");
}

const WEB_PATH: [&str; 3] = ["ingresses", "shop", "web"];

fn annotations(annotations: &Value) -> Value {
    json!({ "metadata": { "annotations": annotations } })
}

#[test]
fn a_dry_run_persists_nothing() {
    let api = server();
    let would_be = ask(&api, "POST", &format!("{INGRESSES}?dryRun=All"), &ingress(&json!({})));
    assert_eq!((would_be.status, get(&api, WEB).status), (201, 404));
    ask(&api, "POST", INGRESSES, &ingress(&json!({ "a": "1" })));
    let before = get(&api, WEB).body;
    let config = bare(&json!({ "b": "2" }));
    let applied = apply(&api, "fieldManager=weir&dryRun=All", &config);
    assert_eq!(applied.body["metadata"]["annotations"], json!({ "a": "1", "b": "2" }));
    let patch = annotations(&json!({ "a": null }));
    let merged = caller::merge(&api, "fieldManager=weir&dryRun=All", &patch);
    assert_eq!((merged.status, &merged.body["metadata"]["annotations"]), (200, &Value::Null));
    assert_eq!(ask(&api, "DELETE", &format!("{WEB}?dryRun=All"), &Value::Null).status, 200);
    assert_eq!(get(&api, WEB).body, before);
    let reply = apply(&api, "fieldManager=weir&dryRun=foo", &config);
    let why = "PatchOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: \"foo\": \
               supported values: \"All\"";
    assert_eq!(reply.refusal(), (422, "Invalid", why));
}

#[test]
fn dropping_a_field_from_an_apply_removes_it() {
    let api = server();
    ask(&api, "POST", &format!("{INGRESSES}?fieldManager=kubectl-create"), &ingress(&json!({})));
    apply(&api, "fieldManager=weir", &bare(&json!({ "mine": "1", "shared": "1" })));
    apply(&api, "fieldManager=argocd", &bare(&json!({ "shared": "1" })));
    let reply = apply(&api, "fieldManager=weir", &bare(&json!({ "other": "1" })));
    let left = json!({ "other": "1", "shared": "1" });
    assert_eq!(reply.body["metadata"]["annotations"], left);
    let owned = owners(&reply.body);
    let of = |name: &str| owned.iter().find(|(_, manager, _)| manager == name).map(|(.., f)| f);
    assert_eq!(of("weir"), Some(&annotated(&json!({ "f:other": {} }))));
    assert_eq!(of("argocd"), Some(&annotated(&json!({ "f:shared": {} }))));
    // One who applies nothing any more is no owner any more.
    let reply = apply(
        &api,
        "fieldManager=weir",
        &json!({
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": { "name": "web", "namespace": "shop" },
        }),
    );
    assert_eq!(reply.body["metadata"]["annotations"], json!({ "shared": "1" }));
    assert!(owners(&reply.body).iter().all(|(_, manager, _)| manager != "weir"));
    assert_eq!(reply.body["spec"]["rules"][0]["host"], "shop.test");
}

#[test]
fn a_conflict_names_the_field_and_its_owner() {
    let api = server();
    let made = format!("{INGRESSES}?fieldManager=kubectl-create");
    ask(&api, "POST", &made, &ingress(&json!({ "nginx.ingress.kubernetes.io/limit-rps": "5" })));
    api.with(|kube| kube.apply_as("argocd", &bare(&json!({ "team": "shop" })), Force::No))
        .expect("applied");
    let wanted = bare(&json!({ "nginx.ingress.kubernetes.io/limit-rps": "7" }));
    let reply = apply(&api, "fieldManager=weir", &wanted);
    let why = "Apply failed with 1 conflict: conflict with \"kubectl-create\" using \
               networking.k8s.io/v1: .metadata.annotations.nginx.ingress.kubernetes.io/limit-rps";
    assert_eq!(reply.refusal(), (409, "Conflict", why));
    let cause = json!({
        "reason": "FieldManagerConflict",
        "message": "conflict with \"kubectl-create\" using networking.k8s.io/v1",
        "field": ".metadata.annotations.nginx.ingress.kubernetes.io/limit-rps",
    });
    assert_eq!(reply.body["details"]["causes"], json!([cause]));
    let both = bare(&json!({ "nginx.ingress.kubernetes.io/limit-rps": "7", "team": "ops" }));
    let why = "Apply failed with 2 conflicts: conflicts with \"argocd\":\n\
               - .metadata.annotations.team\n\
               conflicts with \"kubectl-create\" using networking.k8s.io/v1:\n\
               - .metadata.annotations.nginx.ingress.kubernetes.io/limit-rps";
    assert_eq!(apply(&api, "fieldManager=weir", &both).refusal(), (409, "Conflict", why));
    let forced = apply(&api, "fieldManager=weir&force=true", &both).body;
    let owned = owners(&forced);
    assert_eq!(owned.iter().filter(|(_, manager, _)| manager == "argocd").count(), 0);
    let mine = json!({ "f:nginx.ingress.kubernetes.io/limit-rps": {}, "f:team": {} });
    assert!(owned.contains(&("Apply".into(), "weir".into(), annotated(&mine))), "{owned:#?}");
}

#[test]
fn an_update_takes_what_it_changes_and_leaves_what_it_repeats() {
    let api = server();
    apply(&api, "fieldManager=argocd", &ingress(&json!({ "a": "1", "b": "1", "c": "1" })));
    let patch = annotations(&json!({ "a": "1", "b": "2", "c": null }));
    let reply = caller::merge(&api, "", &patch);
    assert_eq!(reply.body["metadata"]["annotations"], json!({ "a": "1", "b": "2" }));
    let mut argocd = annotated(&json!({ "f:a": {} }));
    argocd["f:spec"] = json!({ "f:rules": {} });
    let expected = [
        ("Apply".to_owned(), "argocd".to_owned(), argocd),
        ("Update".to_owned(), "caller".to_owned(), annotated(&json!({ "f:b": {} }))),
    ];
    assert_eq!(owners(&reply.body), expected);
}

#[test]
fn whoever_creates_an_object_owns_what_he_wrote() {
    let api = server();
    let made = ask(&api, "POST", INGRESSES, &ingress(&json!({ "a": "1" })));
    let mut fields = annotated(&json!({ ".": {}, "f:a": {} }));
    fields["f:spec"] = json!({ "f:rules": {} });
    assert_eq!(owners(&made.body), [("Update".to_owned(), "caller".to_owned(), fields)]);
    assert_eq!(made.body["metadata"]["managedFields"][0]["apiVersion"], "networking.k8s.io/v1");
}

#[test]
fn what_changes_nothing_makes_no_version() {
    let api = server();
    let config = ingress(&json!({ "a": "1" }));
    let first = apply(&api, "fieldManager=weir", &config);
    assert_eq!(apply(&api, "fieldManager=weir", &config).body, first.body);
    assert_eq!(ask(&api, "PUT", WEB, &first.body).body, first.body);
    let patch = annotations(&json!({ "a": "1", "nobody": null }));
    assert_eq!(caller::merge(&api, "fieldManager=x", &patch).body, first.body);
}

#[test]
fn a_change_of_what_is_wanted_is_a_generation() {
    let api = server();
    let first = apply(&api, "fieldManager=weir", &ingress(&json!({})));
    let mut config = ingress(&json!({ "a": "1" }));
    let second = apply(&api, "fieldManager=weir", &config);
    config["spec"]["rules"][0]["host"] = "other.test".into();
    let third = apply(&api, "fieldManager=weir", &config);
    let generations = [&first, &second, &third].map(|one| &one.body["metadata"]["generation"]);
    assert_eq!(generations, [&json!(1), &json!(1), &json!(2)]);
    assert_eq!(third.body["status"], json!({ "loadBalancer": {} }));
}

#[test]
fn the_status_is_written_apart() {
    let api = server();
    let mut config = ingress(&json!({}));
    apply(&api, "fieldManager=weir", &config);
    config["status"] = json!({ "loadBalancer": { "ingress": [{ "ip": "192.0.2.1" }] } });
    let main = apply(&api, "fieldManager=weir", &config);
    assert_eq!(main.body["status"], json!({ "loadBalancer": {} }));
    let sent = ("application/merge-patch+json", &*config.to_string());
    let target = format!("{WEB}/status?fieldManager=nginx");
    let status = caller::try_ask(&api, "PATCH", &target, sent).expect("an answer");
    assert_eq!(status.body["status"], config["status"]);
    let entry = status.body["metadata"]["managedFields"].as_array().and_then(|all| all.last());
    assert_eq!(entry.map(|entry| &entry["subresource"]), Some(&json!("status")));
}
