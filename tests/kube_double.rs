//! The double of the API server, held to the real one.

mod support;

use serde_json::json;
use support::double::kube::ApiServer;
use support::double::kube::merge::Force;

#[test]
fn what_is_applied_is_there() {
    let api = ApiServer::start();
    let ingress = json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": { "name": "web", "namespace": "default", "annotations": { "a": "1" } },
        "spec": { "rules": [{ "host": "shop.test" }] },
    });
    let made = api.with(|kube| kube.apply_as("argocd", &ingress, Force::No)).expect("applied");
    println!("{made:#}");
    assert_eq!(api.with(|kube| kube.get("ingresses", "default", "web")), made);
}
