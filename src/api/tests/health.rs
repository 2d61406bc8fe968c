use super::*;
use crate::engine::{Snapshot, SourceKind, SourceState};

#[tokio::test]
async fn a_process_that_lives_says_so_whatever_has_failed() {
    let server = Server::start().await;
    let mut snapshot = Snapshot::default();
    snapshot.source.state = SourceState::Failed("it went down".into());
    server.snapshots.send_replace(Arc::new(snapshot));
    let answer = server.get("/healthz").await;
    assert_eq!((answer.status, answer.json()), (200, json!({ "alive": true })));
}

#[tokio::test]
async fn an_engine_that_does_not_guard_says_why() {
    let server = Server::start().await;
    let answer = server.get("/readyz").await;
    assert_eq!(
        (answer.status, answer.json()),
        (200, json!({ "ready": true, "reasons": [], "notes": [] }))
    );

    let mut snapshot = Snapshot::default();
    snapshot.source.kind = SourceKind::Interface;
    snapshot.source.name = "eth0".into();
    snapshot.source.state = SourceState::Failed("it went down".into());
    snapshot.traffic.dropped_queue = 3;
    server.snapshots.send_replace(Arc::new(snapshot));
    let answer = server.get("/readyz").await;
    let reasons =
        ["capture on eth0 has failed: it went down", "3 packets were lost in the last seconds"];
    assert_eq!(answer.problem(503), reasons.join("; "));
    assert_eq!(answer.json()["ready"], false);
    assert_eq!(answer.json()["reasons"], json!(reasons));
}

#[tokio::test]
async fn an_engine_that_has_ended_does_not_guard() {
    let mut server = Server::start().await;
    let (other, _) = tokio::sync::watch::channel(Arc::default());
    drop(std::mem::replace(&mut server.snapshots, other));
    // The server learns of it as soon as it runs.
    tokio::task::yield_now().await;
    assert_eq!(server.get("/readyz").await.problem(503), "the engine has ended");
    assert_eq!(server.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn metrics_are_those_of_the_newest_snapshot() {
    let server = Server::start().await;
    let mut snapshot = Snapshot::default();
    snapshot.traffic.packets = 42;
    snapshot.incidents = shared([Incident { status: Status::Open, ..incident(1) }, incident(2)]);
    server.snapshots.send_replace(Arc::new(snapshot));
    let answer = server.get("/metrics").await;
    let kind = answer.header("content-type");
    assert_eq!((answer.status, kind), (200, Some("text/plain; version=0.0.4; charset=utf-8")));
    for line in
        ["weir_packets_total 42", "weir_incidents_open{severity=\"medium\"} 1", "weir_ready 1"]
    {
        assert!(answer.body.lines().any(|written| written == line), "{line}\n{}", answer.body);
    }
}
