use std::io::Read;
use std::net::TcpStream;
use std::time::Duration;

use tokio::time::timeout;

use super::*;

const JSON: &str = "Content-Type: application/json\r\n";

#[tokio::test]
async fn whatever_is_wrong_is_told_in_the_same_form() {
    let server = Server::start().await;
    server.get("/nowhere").await.problem(404);
    server.get("/").await.problem(404);
    let other = server.ask("DELETE", "/get-alerts", "", "").await;
    other.problem(405);
    assert_eq!(other.header("allow"), Some("GET,HEAD"));
    assert_eq!(server.get("/api/login").await.problem(405), "");
    let login = async |headers, body| server.ask("POST", "/api/login", headers, body).await;
    assert_eq!(login(JSON, "{").await.problem(400), "the body is no JSON");
    assert_eq!(login(JSON, "").await.problem(400), "the body is no JSON");
    assert!(login("", "{}").await.problem(415).contains("application/json"));
    assert!(login(JSON, "{}").await.problem(422).contains("lacks a field"));
    let large = "x".repeat((64 << 10) + 1);
    assert!(login(JSON, &large).await.problem(413).contains("65536 bytes"));
    // The parser would repeat what was sent.
    let number = login(JSON, r#"{"username": "ops", "password": 12345678}"#).await;
    assert!(!number.problem(422).contains("12345678"));
}

#[tokio::test]
async fn what_is_no_http_is_refused_and_the_next_request_is_answered() {
    let server = Server::start().await;
    let head = format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", "x".repeat(64 << 10));
    for bytes in [&b"\x16\x03\x01\x00\xa5\x01\x00"[..], b"GET\r\n\r\n", head.as_bytes()] {
        assert!([400, 431, 0].contains(&server.send(bytes).await.status));
    }
    assert_eq!(server.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn a_server_that_is_to_end_does_not_wait_for_connections_that_say_nothing() {
    let server = Server::start().await;
    let mut silent = TcpStream::connect(server.address).unwrap();
    assert_eq!(server.get("/healthz").await.status, 200);
    timeout(Duration::from_secs(6), server.end()).await.expect("the server ends");
    assert_eq!(silent.read(&mut [0; 8]).unwrap_or(0), 0);
}
