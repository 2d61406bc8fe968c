use super::*;
use crate::incident::{Who, WhoKind, Workload};
use crate::store::Changes;

/// The target of a `Link` header.
fn next(answer: &Answer) -> Option<String> {
    let (target, relation) = answer.header("link")?.split_once(">; ")?;
    assert_eq!(relation, "rel=\"next\"");
    Some(target.strip_prefix('<')?.to_owned())
}

fn ids(answer: &Answer) -> Vec<String> {
    let alerts = answer.json();
    let id = |alert: &Value| alert["id"].as_str().unwrap().to_owned();
    alerts.as_array().unwrap().iter().map(id).collect()
}

#[tokio::test]
async fn an_alert_has_every_member_it_is_to_have() {
    let mut server = Server::start().await;
    server.store.apply(&Changes::of(&shared([incident(0xabc)]))).unwrap();
    let token = server.token().await;
    let answer = server.get_as(&token, "/get-alerts").await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(
        answer.json(),
        json!([{
            "id": "0000000000000abc",
            "message": "medium scan of 203.0.113.10:22 and 69 others by 203.0.113.1 (70 flows)",
            "class": "scan",
            "severity": "medium",
            "status": "resolved",
            "score": 0.5,
            "weight": 42.1,
            "pivot": "203.0.113.1",
            "sources": ["203.0.113.1"],
            "source_count": 1,
            "target": "203.0.113.10",
            "targets": ["203.0.113.10", "203.0.113.11"],
            "target_count": 70,
            "target_port": 22,
            "flows": 70,
            "packets": 140,
            "bytes": 0,
            "first_packet": "2020-09-13T12:26:40.000042Z",
            "last_packet": "2020-09-13T12:26:41.000000Z",
            "detected_at": "2020-09-13T12:26:40.500000Z",
            "timestamp": "2020-09-13T12:26:40.500000Z",
            "resolved_at": "2020-09-13T12:27:41.000000Z",
            "reopened": 0,
            "acknowledged_by": null,
            "acknowledged_at": null,
            "resolved_by": null,
            "resolved_by_at": null,
            "feedback": null,
            "feedback_by": null,
            "feedback_at": null,
            "muted": false,
            "muted_by": null,
            "related": [],
            "why": ["70 ports, usually 1"],
            "flow_ids": ["00000000000000ff"],
            "names": [],
            "processes": [],
        }])
    );
}

#[tokio::test]
async fn pages_are_followed_to_the_last_by_their_links() {
    let mut server = Server::start().await;
    let open = |id| Incident { status: Status::Open, resolved_us: None, ..incident(id) };
    server.store.apply(&Changes::of(&shared((1..=5).map(open)))).unwrap();
    server.store.apply(&Changes::of(&shared((6..=9).map(incident)))).unwrap();
    let token = server.token().await;
    let mut target = Some("/get-alerts?status=open&limit=2&since=2020-09-13T12:26:41Z".to_owned());
    let mut pages = Vec::new();
    while let Some(page) = target {
        let answer = server.get_as(&token, &page).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        pages.push(ids(&answer).join(" "));
        target = next(&answer);
    }
    let expected = ["0000000000000005 0000000000000004", "0000000000000003 0000000000000002"];
    assert_eq!(pages, [&expected[..], &["0000000000000001"]].concat());
}

#[tokio::test]
async fn a_page_of_large_alerts_ends_early_and_the_next_begins_there() {
    let mut server = Server::start().await;
    let large = |id| Incident { flow_ids: vec![FlowId(id); Incident::FLOW_IDS], ..incident(id) };
    server.store.apply(&Changes::of(&shared((1..=300).map(large)))).unwrap();
    let token = server.token().await;
    let mut target = Some("/get-alerts?limit=1000".to_owned());
    let mut seen = Vec::new();
    while let Some(page) = target {
        let answer = server.get_as(&token, &page).await;
        assert!(answer.body.len() < 1_100_000, "{}", answer.body.len());
        seen.extend(ids(&answer));
        target = next(&answer);
    }
    assert_eq!(seen, (1..=300).rev().map(|id| format!("{id:016x}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn alerts_are_asked_for_by_class_status_and_time() {
    let mut server = Server::start().await;
    let flood = Incident { class: Class::DosFlood, ..incident(1) };
    server.store.apply(&Changes::of(&shared([flood, incident(2)]))).unwrap();
    let token = server.token().await;
    for (query, expected) in [
        ("class=dos-flood", "0000000000000001"),
        ("class=scan&status=resolved", "0000000000000002"),
        ("class=scan&status=open", ""),
        ("since=2020-09-13T12:26:41.000001Z", ""),
        ("since=2020-09-13T14:26:41%2B02:00", "0000000000000002 0000000000000001"),
    ] {
        let answer = server.get_as(&token, &format!("/get-alerts?{query}")).await;
        assert_eq!(ids(&answer).join(" "), expected, "{query}");
    }
}

#[tokio::test]
async fn alerts_are_asked_for_by_the_names_of_hosts() {
    let mut server = Server::start().await;
    let mut named = incident(1);
    let who = Who {
        kind: WhoKind::Pod,
        namespace: "shop".into(),
        name: "web-7f9c".into(),
        workload: Some(Workload { kind: "Deployment".into(), name: "web".into() }),
        service: None,
    };
    named.names.add(named.pivot, &Arc::new(who));
    server.store.apply(&Changes::of(&shared([named, incident(2)]))).unwrap();
    let token = server.token().await;
    for (filter, expected) in [
        ("src:shop/web", "0000000000000001"),
        ("src:shop/web-7*", "0000000000000001"),
        ("namespace:shop", "0000000000000001"),
        ("!namespace:shop", "0000000000000002"),
        ("dst:shop/*", ""),
    ] {
        let answer = server.get_as(&token, &format!("/get-alerts?filter={filter}")).await;
        assert_eq!(ids(&answer).join(" "), expected, "{filter}");
    }
    let alert = &server.get_as(&token, "/get-alerts?filter=namespace:shop").await.json()[0];
    assert_eq!(
        alert["message"],
        "medium scan of 203.0.113.10:22 and 69 others by shop/web (70 flows)"
    );
    assert_eq!(
        (&alert["pivot"], &alert["names"][0]["address"]),
        (&json!("203.0.113.1"), &json!("203.0.113.1"))
    );
    assert_eq!(alert["names"][0]["workload"], json!({ "kind": "Deployment", "name": "web" }));
}

#[tokio::test]
async fn a_filter_lets_through_what_it_says_on_every_page() {
    let mut server = Server::start().await;
    let some = |id| Incident { flows: id, ..incident(id) };
    server.store.apply(&Changes::of(&shared((1..=1_500).map(some)))).unwrap();
    let token = server.token().await;
    let mut target = Some("/get-alerts?filter=flows%3C4%20or%20flows%3E1498&limit=2".to_owned());
    let mut pages = Vec::new();
    while let Some(page) = target {
        let answer = server.get_as(&token, &page).await;
        let flows = |alert: &Value| alert["flows"].as_u64().unwrap();
        pages.push(answer.json().as_array().unwrap().iter().map(flows).collect::<Vec<_>>());
        target = next(&answer);
    }
    assert_eq!(pages, [vec![1_500, 1_499], vec![3, 2], vec![1]]);
    let none = server.get_as(&token, "/get-alerts?filter=class:dos*").await;
    assert_eq!((&*none.body, none.header("link")), ("[]", None));
}

#[tokio::test]
async fn a_parameter_that_cannot_be_taken_is_named() {
    let server = Server::start().await;
    let token = server.token().await;
    for (query, said) in [
        ("limit=0", "limit: expected a whole number from 1 to 1000"),
        ("limit=1001", "limit: expected"),
        ("limit=-1", "limit: expected"),
        ("limit=x", "limit: expected"),
        ("cursor=x", "cursor: expected"),
        ("status=closed", "status: expected open, acknowledged or resolved"),
        ("class=flood", "class: expected one of benign, scan, dos-flood"),
        ("since=yesterday", "since: expected a time"),
        ("filter=score%3E", "filter: "),
        ("filter=colour:red", "filter: "),
        ("statsu=open", "unknown field `statsu`"),
        ("limit=1&limit=2", "duplicate field `limit`"),
    ] {
        let answer = server.get_as(&token, &format!("/get-alerts?{query}")).await;
        let detail = answer.problem(400);
        assert!(detail.contains(said), "{query}: {detail}");
    }
}
