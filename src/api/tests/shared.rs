//! The list in Firebase, as an emulator gives it out.

use axum::Router;
use axum::extract::RawQuery;
use axum::routing::get;
use tokio::net::TcpListener;

use super::*;
use crate::incident::Alert;
use crate::notify::{self, FirebaseList};
use crate::settings::{Environment, Settings};
use crate::store::Changes;

/// The list behind `address`.
fn list(address: &str) -> Option<FirebaseList> {
    notify::prepare();
    let settings =
        Settings { firebase_url: "https://demo.firebaseio.com".into(), ..Settings::default() };
    let host = ("FIREBASE_DATABASE_EMULATOR_HOST".into(), address.into());
    FirebaseList::new(&settings, &Environment::from_pairs([host])).unwrap()
}

/// An emulator that holds `records`, whatever is asked for.
async fn emulator(records: Value) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let answer = move |RawQuery(query): RawQuery| {
        let (records, query) = (records.clone(), query.unwrap_or_default());
        async move {
            assert!(query.contains("ns=demo"), "{query}");
            axum::Json(records)
        }
    };
    let router = Router::new().route("/alerts.json", get(answer));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

#[tokio::test]
async fn what_several_weirs_and_older_clients_have_written_is_one_list() {
    let of_another_weir = serde_json::to_value(Alert::from(&incident(7))).unwrap();
    let older = json!({
        "message": "flood", "status": "unread", "timestamp": "2026-11-25T08:00:00Z",
    });
    let records = json!({ "0000000000000007": of_another_weir, "-Nabc": older });
    let server = Server::sharing(list(&emulator(records).await)).await;
    let token = server.token().await;
    let answer = server.get_as(&token, "/get-alerts").await;
    assert_eq!(answer.header("x-weir-source"), Some("firebase"));
    let alerts = answer.json();
    assert_eq!(alerts.as_array().unwrap().len(), 2);
    assert_eq!(alerts[0]["id"], "-Nabc", "the newest first");
    assert_eq!(alerts[0]["status"], "unread");
    for member in ["id", "message", "status", "timestamp"] {
        assert!(alerts[1][member].is_string(), "{member}");
    }
    let scans = server.get_as(&token, "/get-alerts?class=scan&severity=medium").await.json();
    assert_eq!((scans.as_array().unwrap().len(), &scans[0]["flows"]), (1, &json!(70)));
}

#[tokio::test]
async fn where_firebase_does_not_answer_the_local_list_does_and_says_so() {
    let mut server = Server::sharing(list("127.0.0.1:9")).await;
    server.store.apply(&Changes::of(&shared([incident(1)]))).unwrap();
    let token = server.token().await;
    let answer = server.get_as(&token, "/get-alerts").await;
    let source = answer.header("x-weir-source").unwrap();
    assert!(source.starts_with("local; reason=\""), "{source}");
    assert_eq!(answer.json()[0]["id"], "0000000000000001");
    let cursor = crate::api::shared::SharedCursor(notify::Place {
        timestamp: json!("2026-11-25T08:00:00Z"),
        key: "x".into(),
    });
    let page = server.get_as(&token, &format!("/get-alerts?cursor={cursor}")).await;
    assert!(page.problem(503).contains("does not answer"));
}
