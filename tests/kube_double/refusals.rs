//! What the API server refuses, in its own words.

use serde_json::{Value, json};

use crate::caller::{INGRESSES, WEB, apply, ask, get, merge, try_ask};
use crate::support::double::kube::rights::{Grant, Rights};
use crate::{annotations, bare, ingress, server};

#[test]
fn whoever_is_not_known_is_not_let_in() {
    let api = server();
    api.with(|kube| kube.users.clear());
    assert_eq!(get(&api, WEB).refusal(), (401, "Unauthorized", "Unauthorized"));
}

#[test]
fn whoever_may_not_is_told_what_he_may_not() {
    let api = server();
    let group = "networking.k8s.io";
    let reads = Grant::new(&["get", "list", "watch"], group, &["ingresses"]);
    let writes = Grant::new(&["patch"], group, &["ingresses"]).within("other");
    api.with(|kube| kube.users[0].rights = Rights::Only(vec![reads, writes]));
    assert_eq!(get(&api, INGRESSES).status, 200);
    let why = "ingresses.networking.k8s.io \"web\" is forbidden: User \"weir\" cannot patch resource \
               \"ingresses\" in API group \"networking.k8s.io\" in the namespace \"shop\"";
    let reply = apply(&api, "fieldManager=weir", &ingress(&json!({})));
    assert_eq!(reply.refusal(), (403, "Forbidden", why));
    let why = "nodes is forbidden: User \"weir\" cannot list resource \"nodes\" in API group \"\" at \
               the cluster scope";
    assert_eq!(get(&api, "/api/v1/nodes").refusal(), (403, "Forbidden", why));
}

#[test]
fn everybody_may_ask_what_he_may() {
    let api = server();
    let role: Value = json!({
        "kind": "Role",
        "metadata": { "name": "weir", "namespace": "shop" },
        "rules": [{ "apiGroups": ["networking.k8s.io"], "resources": ["ingresses"], "verbs": ["patch"] }],
    });
    api.with(|kube| kube.users[0].rights = Rights::of_roles(&[role]));
    let may = |verb: &str, namespace: &str| {
        let attributes = json!({
            "group": "networking.k8s.io",
            "resource": "ingresses",
            "verb": verb,
            "namespace": namespace,
        });
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": { "resourceAttributes": attributes },
        });
        let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        let reply = ask(&api, "POST", path, &review);
        assert_eq!(reply.status, 201);
        reply.body["status"]["allowed"] == true
    };
    assert!(may("patch", "shop"));
    assert!(!may("patch", "other"));
    assert!(!may("delete", "shop"));
}

#[test]
fn what_is_not_there_is_not_found() {
    let api = server();
    let why = "ingresses.networking.k8s.io \"web\" not found";
    assert_eq!(get(&api, WEB).refusal(), (404, "NotFound", why));
    assert_eq!(merge(&api, "", &json!({})).refusal(), (404, "NotFound", why));
    assert_eq!(ask(&api, "DELETE", WEB, &Value::Null).refusal(), (404, "NotFound", why));
    let why = "the server could not find the requested resource";
    assert_eq!(get(&api, "/api/v1/nothings").refusal(), (404, "NotFound", why));
    let mut lost = ingress(&json!({}));
    lost["metadata"]["namespace"] = "nowhere".into();
    let path = INGRESSES.replace("shop", "nowhere");
    let why = "namespaces \"nowhere\" not found";
    assert_eq!(ask(&api, "POST", &path, &lost).refusal(), (404, "NotFound", why));
}

#[test]
fn what_is_there_is_not_created_again() {
    let api = server();
    ask(&api, "POST", INGRESSES, &ingress(&json!({})));
    let why = "ingresses.networking.k8s.io \"web\" already exists";
    let reply = ask(&api, "POST", INGRESSES, &ingress(&json!({})));
    assert_eq!(reply.refusal(), (409, "AlreadyExists", why));
    let other = json!({ "preconditions": { "uid": "other" } });
    let reply = ask(&api, "DELETE", WEB, &other);
    assert_eq!((reply.status, &reply.body["reason"]), (409, &json!("Conflict")));
    assert!(reply.message().contains("UID in precondition: other"), "{}", reply.message());
}

#[test]
fn what_breaks_rules_is_invalid() {
    let api = server();
    let mut wrong = ingress(&json!({}));
    wrong["metadata"]["name"] = "Web_1".into();
    let reply = ask(&api, "POST", INGRESSES, &wrong);
    assert_eq!((reply.status, &reply.body["reason"]), (422, &json!("Invalid")));
    assert!(reply.message().starts_with("Ingress.networking.k8s.io \"Web_1\" is invalid: metadata.name: Invalid value: \"Web_1\": a lowercase RFC 1123"), "{}", reply.message());
    assert_eq!(reply.body["details"]["causes"][0]["field"], "metadata.name");
    // An apply to an Ingress that was deleted meanwhile does not leave half an Ingress behind.
    let reply = apply(&api, "fieldManager=weir", &bare(&json!({ "a": "1" })));
    let why = "Ingress.networking.k8s.io \"web\" is invalid: spec: Invalid value: []: either \
               `defaultBackend` or `rules` must be specified";
    assert_eq!(reply.refusal(), (422, "Invalid", why));
    let reply = apply(&api, "fieldManager=weir", &ingress(&json!({ "a b": "1" })));
    assert_eq!(reply.body["details"]["causes"][0]["field"], "metadata.annotations");
    let reply = apply(&api, "fieldManager=weir", &ingress(&json!({ "a": "x".repeat(262_144) })));
    let why = "Ingress.networking.k8s.io \"web\" is invalid: metadata.annotations: Too long: may not \
               be more than 262144 bytes";
    assert_eq!(reply.refusal(), (422, "Invalid", why));
    let lease = json!({
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": { "name": "weir", "namespace": "shop" },
        "spec": { "leaseDurationSeconds": 0 },
    });
    let leases = "/apis/coordination.k8s.io/v1/namespaces/shop/leases";
    assert_eq!(ask(&api, "POST", leases, &lease).status, 422);
}

#[test]
fn values_that_are_no_text_cannot_be_read() {
    let api = server();
    let wrong = ingress(&json!({ "a": 1 }));
    let why = "Ingress in version \"v1\" cannot be handled as a Ingress: json: cannot unmarshal number \
               into Go struct field ObjectMeta.metadata.annotations of type string";
    assert_eq!(ask(&api, "POST", INGRESSES, &wrong).refusal(), (400, "BadRequest", why));
    assert_eq!(apply(&api, "fieldManager=weir", &wrong).status, 500);
    let reply = ask(&api, "POST", INGRESSES, &json!([]));
    assert_eq!((reply.status, get(&api, WEB).status), (400, 404));
}

#[test]
fn an_apply_names_its_object_and_no_owners() {
    let api = server();
    let mut config = ingress(&json!({}));
    config["metadata"]["managedFields"] = json!([{}]);
    let reply = apply(&api, "fieldManager=weir", &config);
    assert_eq!(reply.refusal(), (400, "BadRequest", "metadata.managedFields must be nil"));
    let mut config = ingress(&json!({}));
    config["metadata"]["name"] = "other".into();
    assert_eq!(apply(&api, "fieldManager=weir", &config).status, 400);
    let sent = ("application/json-patch+json", "[]");
    assert_eq!(try_ask(&api, "PATCH", WEB, sent).expect("an answer").status, 415);
    let reply = merge(&api, "force=true", &json!({}));
    assert_eq!(reply.status, 422);
}

#[test]
fn a_lease_is_put_with_its_version_only() {
    let api = server();
    let leases = "/apis/coordination.k8s.io/v1/namespaces/shop/leases";
    let lease = json!({
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": { "name": "weir", "namespace": "shop" },
        "spec": { "holderIdentity": "one", "leaseDurationSeconds": 15 },
    });
    let made = ask(&api, "POST", leases, &lease);
    assert_eq!(made.status, 201);
    let target = format!("{leases}/weir");
    let reply = ask(&api, "PUT", &target, &lease);
    let why = "Lease.coordination.k8s.io \"weir\" is invalid: metadata.resourceVersion: Invalid \
               value: 0x0: must be specified for an update";
    assert_eq!(reply.refusal(), (422, "Invalid", why));
    let mut next = made.body.clone();
    next["spec"]["holderIdentity"] = "two".into();
    assert_eq!(ask(&api, "PUT", &target, &next).status, 200);
    assert_eq!(ask(&api, "PUT", &target, &next).status, 409);
}

#[test]
fn owners_are_forgotten_where_a_write_says_so() {
    let api = server();
    apply(&api, "fieldManager=argocd", &ingress(&json!({ "a": "1" })));
    let reply = merge(&api, "", &json!({ "metadata": { "managedFields": [{}] } }));
    assert_eq!((reply.status, crate::owners(&reply.body)), (200, Vec::new()));
    // Whoever applies first after that shares with all who were there before.
    let reply = apply(&api, "fieldManager=weir", &bare(&json!({ "b": "1" })));
    let names: Vec<_> = crate::owners(&reply.body).into_iter().map(|(_, name, _)| name).collect();
    assert_eq!(names, ["weir", "before-first-apply"]);
    let patch = annotations(&json!({ "a": "2" }));
    assert_eq!(merge(&api, "fieldManager=kubectl", &patch).status, 200);
}
