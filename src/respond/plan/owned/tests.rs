use serde_json::json;

use super::*;

fn service() -> Value {
    json!({
        "metadata": {
            "annotations": { "a/b": "1", "c": "2" },
            "finalizers": ["x.io/keep", "y.io/keep"],
            "managedFields": [
                {
                    "manager": "argocd", "operation": "Apply", "apiVersion": "v1",
                    "fieldsV1": {
                        "f:metadata": {
                            "f:annotations": { "f:a/b": {} },
                            "f:finalizers": { "v:\"x.io/keep\"": {} },
                        },
                        "f:spec": {
                            "f:ports": {
                                "k:{\"port\":80,\"protocol\":\"TCP\"}": {
                                    ".": {}, "f:port": {}, "f:targetPort": {},
                                },
                            },
                            "f:selector": {},
                        },
                    },
                },
                {
                    "manager": "kubectl", "operation": "Update", "apiVersion": "v1",
                    "fieldsV1": { "f:metadata": { "f:annotations": { ".": {}, "f:a/b": {}, "f:c": {} } } },
                },
                {
                    "manager": "controller", "operation": "Update", "apiVersion": "v1",
                    "subresource": "status",
                    "fieldsV1": { "f:metadata": { "f:annotations": { "f:a/b": {} } } },
                },
            ],
        },
        "spec": {
            "ports": [
                { "port": 80, "protocol": "TCP", "targetPort": 8080, "nodePort": 31000 },
                { "port": 80, "protocol": "UDP", "targetPort": 8080 },
            ],
            "selector": { "app": "web" },
            "clusterIP": "10.96.0.9",
        },
    })
}

fn owner(operation: Operation, manager: &str) -> Owner {
    Owner { operation, manager: manager.into(), api_version: "v1".into() }
}

#[test]
fn owners_are_those_of_the_object_itself_and_who_updates_comes_first() {
    let found = owners(&service(), &["metadata", "annotations", "a/b"]);
    let (kubectl, argocd) =
        (owner(Operation::Update, "kubectl"), owner(Operation::Apply, "argocd"));
    assert_eq!(found, [kubectl, argocd]);
    assert_eq!(owners(&service(), &["metadata", "annotations", "b"]), []);
}

#[test]
fn the_part_of_a_manager_is_what_it_would_apply() {
    let part = part(&service(), &owner(Operation::Apply, "argocd"));
    let expected = json!({
        "metadata": { "annotations": { "a/b": "1" }, "finalizers": ["x.io/keep"] },
        "spec": {
            "ports": [{ "port": 80, "protocol": "TCP", "targetPort": 8080 }],
            "selector": { "app": "web" },
        },
    });
    assert_eq!(part, expected);
}

#[test]
fn who_owns_nothing_has_an_empty_part() {
    for manager in [owner(Operation::Update, "argocd"), owner(Operation::Apply, "nobody")] {
        assert_eq!(part(&service(), &manager), json!({}));
    }
}
