use std::collections::BTreeSet;

use super::*;
use crate::api::routes;
use crate::incident::Alert;

fn keys(object: &Value) -> BTreeSet<String> {
    object.as_object().unwrap().keys().cloned().collect()
}

#[tokio::test]
async fn every_path_is_described_with_the_methods_it_has_and_no_other_is() {
    let server = Server::start().await;
    let answer = server.get("/openapi.json").await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let paths = answer.json()["paths"].clone();
    let routed = routes().iter().map(|(path, _)| (*path).to_owned()).collect();
    assert_eq!(keys(&paths), routed);
    let mut names = BTreeSet::new();
    for (path, described) in paths.as_object().unwrap() {
        let mut operations = described.as_object().unwrap().values();
        assert!(operations.all(|operation| names.insert(operation["operationId"].to_string())));
        for method in ["get", "put", "post", "delete", "patch"] {
            let status = server.ask(&method.to_uppercase(), path, "", "").await.status;
            assert_eq!(described[method].is_null(), status == 405, "{method} {path}: {status}");
        }
    }
}

#[tokio::test]
async fn every_schema_that_is_named_is_there_and_problems_have_their_type() {
    let document = Server::start().await.get("/openapi.json").await;
    let schemas = document.json()["components"]["schemas"].clone();
    let named = document.body.split("#/components/schemas/").skip(1);
    let named = named.map(|rest| rest.split('"').next().unwrap().to_owned());
    assert!(named.collect::<BTreeSet<_>>().is_subset(&keys(&schemas)));
    for (path, methods) in document.json()["paths"].as_object().unwrap() {
        let responses = methods.as_object().unwrap().values().map(|method| &method["responses"]);
        let responses = responses.flat_map(|responses| responses.as_object().unwrap());
        for (status, response) in responses.filter(|(status, _)| !status.starts_with('2')) {
            let problem = &response["content"]["application/problem+json"]["schema"]["$ref"];
            assert_eq!(problem, "#/components/schemas/Problem", "{path} {status}");
        }
    }
}

#[tokio::test]
async fn an_alert_has_the_members_that_are_described() {
    let document = Server::start().await.get("/openapi.json").await.json();
    let schema = &document["components"]["schemas"]["Alert"];
    let alert = serde_json::to_value(Alert::from(&incident(1))).unwrap();
    assert_eq!(keys(&schema["properties"]), keys(&alert));
    let required = schema["required"].as_array().unwrap();
    assert_eq!(required.len(), keys(&alert).len());
    let operation = &document["paths"]["/get-alerts"]["get"];
    assert_eq!(operation["security"], json!([{ "bearer": [] }]));
    assert_eq!(document["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
}
