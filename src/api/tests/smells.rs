use super::server::{Answer, Server};
use super::*;
use crate::store::Role;

const PRIVILEGED: &str = "\
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers:
    - name: web
      image: shop/web:1.4
      securityContext: { privileged: true }
";

/// What is answered to a form of these parts: name, file name, content.
async fn sent(server: &Server, token: &str, parts: &[(&str, &str, &str)]) -> Answer {
    let part = |(name, file, content): &(&str, &str, &str)| {
        format!(
            "--xx\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\n\r\n{content}\r\n"
        )
    };
    let body = parts.iter().map(part).collect::<String>() + "--xx--\r\n";
    let headers = format!(
        "Authorization: Bearer {token}\r\nContent-Type: multipart/form-data; boundary=xx\r\n"
    );
    server.ask("POST", "/api/detect-smells", &headers, &body).await
}

async fn viewed() -> (Server, String) {
    let server = Server::start().await;
    let token = server.user("viewer", Role::Viewer).await;
    (server, token)
}

#[tokio::test]
async fn what_is_found_in_a_file_is_what_the_verb_finds() {
    let (server, token) = viewed().await;
    let answer = sent(&server, &token, &[("file", "web.yaml", PRIVILEGED)]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let found = answer.json();
    let smells = found["smells"].as_array().unwrap();
    let smell = smells.iter().find(|smell| smell["id"] == "WEIR-101").unwrap();
    assert_eq!((&smell["file"], &smell["line"]), (&json!("web.yaml"), &json!(8)));
    assert_eq!(found["counts"]["critical"], 1);
    assert_eq!(found["message"], json!(format!("{} smells were found", smells.len())));
}

#[tokio::test]
async fn files_are_looked_at_beside_one_another_and_one_that_cannot_be_read_is_named() {
    let (server, token) = viewed().await;
    let service = "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"s\",\"namespace\":\"shop\"},\
                   \"spec\":{\"selector\":{\"app\":\"web\"},\"ports\":[{\"port\":80,\"name\":\"http\"}]}}";
    let pod =
        PRIVILEGED.replace("name: web }", "name: web, namespace: shop, labels: { app: web } }");
    let parts = [("file", "s.json", service), ("file", "p.yaml", &pod), ("file", "x.yaml", "a: [")];
    let found = sent(&server, &token, &parts).await.json();
    assert_eq!(found["objects"], 2);
    assert!(found["smells"].as_array().unwrap().iter().all(|smell| smell["id"] != "WEIR-705"));
    assert_eq!(found["unread"][0]["file"], "x.yaml");
}

#[tokio::test]
async fn where_nothing_is_found_it_says_so() {
    let (server, token) = viewed().await;
    let quiet = "apiVersion: v1\nkind: Namespace\nmetadata: { name: shop }\n";
    let found = sent(&server, &token, &[("file", "ns.yaml", quiet)]).await.json();
    assert_eq!((&found["smells"], &found["message"]), (&json!([]), &json!("no smells were found")));
}

#[tokio::test]
async fn what_is_no_manifest_and_what_is_no_form_is_refused_in_words() {
    let (server, token) = viewed().await;
    let answer = sent(&server, &token, &[("file", "x.yaml", "a: 1\na: 2\n")]).await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("x.yaml: line 2, column 1: the member `a`"), "{}", answer.body);
    let answer = sent(&server, &token, &[("other", "x.yaml", PRIVILEGED)]).await;
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("a part `file`"), "{}", answer.body);
    let answer = server.ask_as(&token, "POST", "/api/detect-smells", &json!({})).await;
    assert_eq!(answer.status, 400, "{}", answer.body);
    assert_eq!(sent(&server, "none", &[("file", "x.yaml", PRIVILEGED)]).await.status, 401);
}

#[tokio::test]
async fn a_body_larger_than_any_file_is_refused() {
    let (server, token) = viewed().await;
    let large = "x".repeat(crate::posture::Manifests::MOST_BYTES + (1 << 20));
    let answer = sent(&server, &token, &[("file", "x.yaml", &large)]).await;
    assert_eq!(answer.status, 413, "{answer:?}");
    assert!(answer.body.contains("at most 32 MiB"), "{}", answer.body);
}
