use super::*;
use crate::incident::{Deed, SinkName};
use crate::store::{Changes, Outbox, Reader, Recipient, Role, Witness};

/// A server with two open incidents, and a sink that is to be told of them.
async fn with_open() -> Server {
    let mut server = Server::start().await;
    let slack = Recipient { sink: SinkName::Slack, takes_growth: false, heeds_mutes: true };
    server.store.tell(&[slack]).unwrap();
    let open = |id| Incident { status: Status::Open, resolved_us: None, ..incident(id) };
    server.store.apply(&Changes::of(&shared([1, 2].map(open)))).unwrap();
    server
}

const ALERT: &str = "/api/alerts/0000000000000001";

#[tokio::test]
async fn who_takes_an_alert_on_and_who_resolves_it_is_shown_and_on_record() {
    let server = with_open().await;
    let token = server.user("ada", Role::Operator).await;
    let ours = server.ask_as(&token, "POST", &format!("{ALERT}/ack"), &json!({})).await;
    assert_eq!((ours.status, &ours.json()["status"]), (200, &json!("acknowledged")));
    assert_eq!(ours.json()["acknowledged_by"], "ada");
    let over = server.ask_as(&token, "POST", &format!("{ALERT}/resolve"), &json!({})).await;
    assert_eq!(over.json()["resolved_by"], "ada");
    let shown = server.get_as(&token, ALERT).await;
    assert_eq!((shown.status, shown.json()["status"].clone()), (200, json!("resolved")));
    let late = server.ask_as(&token, "POST", &format!("{ALERT}/ack"), &json!({})).await;
    assert_eq!(late.problem(409), "acknowledge alert 0000000000000001: it is resolved");
    let admin = server.user("root", Role::Admin).await;
    let records = server.get_as(&admin, "/api/audit?limit=10").await.json();
    let what = |record: &Value| (record["what"].clone(), record["who"].clone());
    let of_ada: Vec<_> = records.as_array().unwrap().iter().map(what).collect();
    assert!(of_ada.contains(&(json!("alert.ack"), json!("ada"))), "{of_ada:?}");
    assert_eq!(records[0]["what"], "user.add");
    let resolve = records.as_array().unwrap().iter().find(|one| one["what"] == "alert.resolve");
    assert_eq!(resolve.unwrap()["from"], "127.0.0.1");
    let chain = server.get_as(&admin, "/api/audit/verify").await.json();
    assert_eq!((&chain["whole"], &chain["fault"]), (&json!(true), &Value::Null));
}

#[tokio::test]
async fn alerts_are_narrowed_by_severity_and_every_status() {
    let server = with_open().await;
    let token = server.user("ada", Role::Operator).await;
    server.ask_as(&token, "POST", &format!("{ALERT}/ack"), &json!({})).await;
    let ids = async |query: &str| {
        let answer = server.get_as(&token, &format!("/get-alerts?{query}")).await;
        assert_eq!(answer.header("x-weir-source"), Some("local"));
        let alerts = answer.json();
        let ids = alerts.as_array().unwrap().iter().map(|alert| alert["id"].clone());
        ids.collect::<Vec<_>>()
    };
    assert_eq!(ids("status=acknowledged").await, [json!("0000000000000001")]);
    assert_eq!(ids("status=open&severity=medium").await, [json!("0000000000000002")]);
    assert_eq!(ids("severity=high").await, Vec::<Value>::new());
    let wrong = server.get_as(&token, "/get-alerts?severity=urgent").await;
    assert_eq!(wrong.problem(400), "severity: expected low, medium, high or critical");
}

#[tokio::test]
async fn each_role_may_do_what_is_its_and_no_more() {
    let server = with_open().await;
    let viewer = server.token().await;
    let operator = server.user("ada", Role::Operator).await;
    let admin = server.user("root", Role::Admin).await;
    let mute =
        json!({ "filter": "class:dos*", "reason": "x", "expires_at": "2000-01-01T00:00:00Z" });
    let acts = [
        ("GET", "/api/mutes", json!({}), [200; 3]),
        ("GET", "/api/outbox", json!({}), [200; 3]),
        ("GET", "/api/sinks", json!({}), [200; 3]),
        ("GET", ALERT, json!({}), [200; 3]),
        ("POST", "/api/alerts/0000000000000002/ack", json!({}), [403, 200, 200]),
        ("POST", "/api/alerts/0000000000000002/resolve", json!({}), [403, 200, 200]),
        ("POST", "/api/alerts/0000000000000002/feedback", json!({}), [403, 422, 422]),
        ("GET", "/api/alerts/0000000000000002/evidence", json!({}), [403, 404, 404]),
        ("POST", "/api/mutes", mute, [403, 400, 400]),
        ("DELETE", "/api/mutes/9", json!({}), [403, 404, 404]),
        ("POST", "/api/outbox/retry", json!({}), [403, 200, 200]),
        ("GET", "/api/audit", json!({}), [403, 403, 200]),
        ("GET", "/api/audit/verify", json!({}), [403, 403, 200]),
    ];
    for (method, target, body, expected) in acts {
        let mut found = Vec::new();
        for token in [&viewer, &operator, &admin] {
            found.push(server.ask_as(token, method, target, &body).await.status);
        }
        assert_eq!(found, expected, "{method} {target}");
        assert_eq!(server.ask(method, target, "", "").await.status, 401, "{method} {target}");
    }
    let refused = server.ask_as(&viewer, "POST", &format!("{ALERT}/ack"), &json!({})).await;
    assert_eq!(refused.problem(403), "this takes the role operator or admin; ops is a viewer");
}

#[tokio::test]
async fn an_alert_that_was_none_is_shown_as_such_and_accepted() {
    let mut server = with_open().await;
    let open =
        |id, class| Incident { class, status: Status::Open, resolved_us: None, ..incident(id) };
    let incidents = [open(3, Class::Scan), open(4, Class::DosFlood)];
    server.store.apply(&Changes::of(&shared(incidents))).unwrap();
    let token = server.user("ada", Role::Operator).await;
    let feedback = "/api/alerts/0000000000000003/feedback";
    let said = json!({ "feedback": "false" });
    let judged = server.ask_as(&token, "POST", feedback, &said).await;
    assert_eq!((judged.status, judged.json()["status"].clone()), (200, json!("open")));
    let shown = server.get_as(&token, "/api/alerts/0000000000000003").await.json();
    assert_eq!((&shown["feedback"], &shown["feedback_by"]), (&json!("false"), &json!("ada")));
    assert_eq!(shown["weight"], 42.1);
    let accepted = Reader::open(server.store.path()).unwrap().baseline().unwrap();
    assert_eq!((accepted.len(), accepted[0].class, &*accepted[0].by), (1, Class::Scan, "ada"));
    let back = json!({ "feedback": "true" });
    assert_eq!(server.ask_as(&token, "POST", feedback, &back).await.json()["feedback"], "true");
    assert!(Reader::open(server.store.path()).unwrap().baseline().unwrap().is_empty());
    let odd = server.ask_as(&token, "POST", feedback, &json!({ "feedback": "maybe" })).await;
    assert_eq!(odd.problem(400), "feedback: expected \"false\" or \"true\"");
    let flood = "/api/alerts/0000000000000004/feedback";
    let flows = server.ask_as(&token, "POST", flood, &said).await;
    assert!(flows.problem(409).contains("its flows are not in the database"));
}

#[tokio::test]
async fn a_mute_is_listed_until_it_is_ended() {
    let server = with_open().await;
    let token = server.user("ada", Role::Operator).await;
    let mute = json!({
        "filter": "class:scan", "reason": "our own scanner", "expires_at": in_an_hour(),
    });
    let added = server.ask_as(&token, "POST", "/api/mutes", &mute).await;
    assert_eq!((added.status, added.header("location")), (201, Some("/api/mutes/1")));
    let listed = server.get_as(&token, "/api/mutes").await.json();
    assert_eq!((&listed[0]["author"], &listed[0]["hidden"]), (&json!("ada"), &json!(2)));
    let ended = server.ask_as(&token, "DELETE", "/api/mutes/1", &json!({})).await;
    assert_eq!(ended.status, 200);
    assert_eq!(server.get_as(&token, "/api/mutes").await.json(), json!([]));
    let all = server.get_as(&token, "/api/mutes?all=true").await.json();
    assert_eq!(all.as_array().unwrap().len(), 1);
    for (filter, said) in [("", "everything"), ("prt:80", "prt")] {
        let mute = json!({ "filter": filter, "reason": "x", "expires_at": in_an_hour() });
        let refused = server.ask_as(&token, "POST", "/api/mutes", &mute).await;
        let detail = refused.problem(400);
        assert!(detail.starts_with("mute alerts: "), "{said}: {detail}");
    }
}

fn in_an_hour() -> String {
    let now = jiff::Timestamp::now();
    now.checked_add(std::time::Duration::from_hours(1)).unwrap().to_string()
}

#[tokio::test]
async fn what_a_sink_has_refused_is_listed_in_pages_and_tried_again() {
    let server = with_open().await;
    let token = server.user("ada", Role::Operator).await;
    let mut outbox = Outbox::open(&server.path).unwrap();
    let entries = outbox.next(SinkName::Slack, i64::MAX, 10).unwrap();
    outbox.park(&entries[0], "answered 410: Gone").unwrap();
    let page = server.get_as(&token, "/api/outbox?limit=1").await;
    assert_eq!(page.json()[0]["state"], "parked");
    assert_eq!(page.json()[0]["error"], "answered 410: Gone");
    let next = page.header("link").unwrap().split(['<', '>']).nth(1).unwrap().to_owned();
    assert_eq!(server.get_as(&token, &next).await.json()[0]["state"], "waiting");
    let target = "/api/outbox/retry";
    let wrong = server.ask_as(&token, "POST", target, &json!({ "sink": "pager" })).await;
    let expected = "sink: expected one of slack, firebase, alertmanager, webhook";
    assert_eq!(wrong.problem(400), expected);
    let again = server.ask_as(&token, "POST", target, &json!({ "sink": "slack" })).await;
    assert_eq!((again.status, again.json()), (200, json!({ "retried": 1 })));
    let none = server.ask_as(&token, "POST", target, &json!({ "entry": 1 })).await;
    assert_eq!(none.problem(404), "retry entry 1 of the outbox: it is not parked");
}

#[tokio::test]
async fn what_tetragon_said_of_an_alert_is_a_list_for_whoever_may_look() {
    let mut server = with_open().await;
    let token = server.user("ada", Role::Viewer).await;
    let target = format!("/api/alerts/{}/events", IncidentId(1));
    assert_eq!(server.get_as(&token, &target).await.json(), json!([]));
    let said = json!({ "process_exec": { "process": { "binary": "/bin/sh" } } });
    let event =
        Witness { incident: IncidentId(1), deed: Deed::Started, at_us: 1, event: said.to_string() };
    server.store.apply(&Changes { events: &[event], ..Changes::default() }).unwrap();
    assert_eq!(server.get_as(&token, &target).await.json(), json!([said]));
    assert_eq!(server.get(&target).await.status, 401);
    let none = format!("/api/alerts/{}/events", IncidentId(99));
    assert_eq!(server.get_as(&token, &none).await.status, 404);
}

#[tokio::test]
async fn what_is_no_id_is_no_alert() {
    let server = with_open().await;
    let token = server.user("ada", Role::Operator).await;
    for id in ["1", "000000000000000g", "..%2f..", "%00", "00000000000000010", "0000000000000009"] {
        let answer = server.get_as(&token, &format!("/api/alerts/{id}")).await;
        assert_eq!(answer.status, 404, "{id}");
    }
}
