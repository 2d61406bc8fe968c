//! Records, tokens and the list, against servers of the tests' own.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use rsa::pkcs1::EncodeRsaPublicKey;
use rsa::pkcs8::{EncodePrivateKey, LineEnding};
use rsa::{RsaPrivateKey, RsaPublicKey};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::detect::Class;
use crate::incident::Status;
use crate::notify::tests::server::{Act, Request, Server, answer, soon};
use crate::notify::tests::{incident, named, notice};

fn key() -> &'static RsaPrivateKey {
    static KEY: OnceLock<RsaPrivateKey> = OnceLock::new();
    KEY.get_or_init(|| RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2_048).unwrap())
}

/// The members of a key file whose tokens are handed out at `token_uri`.
fn key_file(token_uri: &str) -> Value {
    json!({
        "type": "service_account",
        "project_id": "demo",
        "client_email": "weir@demo.example.com",
        "private_key": &*key().to_pkcs8_pem(LineEnding::LF).unwrap(),
        "private_key_id": "key-1",
        "token_uri": token_uri,
    })
}

fn written(folder: &TempDir, file: &Value) -> PathBuf {
    let path = folder.path().join("service-key.json");
    std::fs::write(&path, file.to_string()).unwrap();
    path
}

fn settings(database: &Server, key_file: &Path) -> Settings {
    Settings {
        firebase_url: database.url.as_str().trim_end_matches('/').into(),
        firebase_key_file: Some(key_file.into()),
        ..Settings::default()
    }
}

fn granted(token: &str, expires_in: u64) -> Act {
    let body = json!({ "access_token": token, "expires_in": expires_in, "token_type": "Bearer" });
    answer("200 OK", "", &body.to_string())
}

/// A sink that writes to `database` with tokens of `tokens`.
fn firebase(database: &Server, tokens: &Server) -> Firebase {
    let folder = TempDir::new().unwrap();
    let path = written(&folder, &key_file(tokens.url.as_str()));
    let made = Firebase::new(&settings(database, &path), &Environment::default());
    made.unwrap().unwrap()
}

async fn tell(firebase: &Firebase, news: News, handle: Option<&str>) -> Result<String, Failure> {
    let scan = incident(Class::Scan);
    firebase.tell(&Notice { handle, ..notice(news, &scan) }, soon()).await
}

fn silent() -> Act {
    answer("204 No Content", "", "")
}

fn lines(requests: &[Request]) -> Vec<&str> {
    requests.iter().map(Request::line).collect()
}

#[tokio::test]
async fn the_assertion_is_what_google_asks_for() {
    let (database, tokens) =
        (Server::start([silent()]).await, Server::start([granted("t1", 3_600)]).await);
    tell(&firebase(&database, &tokens), News::Opened, None).await.unwrap();
    let [request] = &*tokens.requests() else { panic!("one request") };
    let form: Vec<_> = Url::parse(&format!("http://x/?{}", request.body))
        .unwrap()
        .query_pairs()
        .into_owned()
        .collect();
    let value = |name: &str| form.iter().find(|(key, _)| key == name).unwrap().1.clone();
    assert_eq!(value("grant_type"), "urn:ietf:params:oauth:grant-type:jwt-bearer");
    let assertion = value("assertion");
    assert_eq!(decode_header(&assertion).unwrap().kid.as_deref(), Some("key-1"));
    let public = RsaPublicKey::from(key()).to_pkcs1_der().unwrap();
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_audience(&[tokens.url.as_str()]);
    validation.set_issuer(&["weir@demo.example.com"]);
    let decoded =
        decode::<Value>(&assertion, &DecodingKey::from_rsa_der(public.as_bytes()), &validation);
    let claims = decoded.unwrap().claims;
    let lifetime_s = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert!((1..=3_600).contains(&lifetime_s));
    let scopes: Vec<_> = claims["scope"].as_str().unwrap().split(' ').collect();
    assert_eq!(
        scopes,
        [
            "https://www.googleapis.com/auth/firebase.database",
            "https://www.googleapis.com/auth/userinfo.email"
        ]
    );
    assert_eq!(database.requests()[0].header("authorization"), Some("Bearer t1"));
}

#[tokio::test]
async fn an_incident_has_one_record_that_begins_whole_and_changes_in_place() {
    let (database, tokens) =
        (Server::start([silent()]).await, Server::start([granted("t1", 3_600)]).await);
    let firebase = firebase(&database, &tokens);
    let key = tell(&firebase, News::Opened, None).await.unwrap();
    assert_eq!(key, "0000000000000abc");
    tell(&firebase, News::Acknowledged, Some(&key)).await.unwrap();
    tell(&firebase, News::Reopened, Some(&key)).await.unwrap();
    tell(&firebase, News::Resolved, None).await.unwrap();
    let requests = database.requests();
    let path = "/alerts/0000000000000abc.json?print=silent";
    let expected = ["PUT", "PATCH", "PUT", "PUT"].map(|method| format!("{method} {path}"));
    assert_eq!(lines(&requests), expected);
    let record = requests[0].json();
    for member in ["id", "message", "status", "timestamp", "severity", "sources"] {
        assert!(record.get(member).is_some(), "{member}");
    }
    assert!(record.get("flow_ids").is_none());
    // A record that was deleted meanwhile comes back whole.
    let members = |record: &Value| record.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(members(&requests[1].json()), members(&record));
}

#[tokio::test]
async fn what_is_over_no_more_is_taken_out_of_the_record() {
    let over = Incident {
        status: Status::Resolved,
        resolved_us: Some(1_600_000_060_000_000),
        ..incident(Class::Scan)
    };
    assert_eq!(record(&over)["resolved_at"], "2020-09-13T12:27:40.000000Z");
    let open = record(&incident(Class::Scan));
    assert_eq!(open.get("resolved_at"), Some(&Value::Null));
}

/// Every key of `value`, however deep.
fn all_keys(value: &Value) -> Vec<String> {
    match value {
        Value::Object(members) => members
            .iter()
            .flat_map(|(key, value)| [vec![key.clone()], all_keys(value)].concat())
            .collect(),
        Value::Array(values) => values.iter().flat_map(all_keys).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn a_record_says_who_is_who_under_keys_that_firebase_takes() {
    let record = record(&named(incident(Class::DosFlood)));
    assert_eq!(
        record["names"],
        json!([{
            "address": "192.0.2.10",
            "kind": "pod",
            "namespace": "shop",
            "name": "web-7f9c",
            "workload": { "kind": "Deployment", "name": "web" },
        }])
    );
    assert_eq!(record["pivot"], "192.0.2.10");
    for key in all_keys(&record) {
        assert!(!key.contains(['.', '#', '$', '/', '[', ']']), "{key}");
    }
}

#[tokio::test]
async fn a_token_is_asked_for_once_and_again_when_it_is_refused() {
    let refused = answer("401 Unauthorized", "", r#"{"error":"Auth token is expired"}"#);
    let database = Server::start([silent(), silent(), refused, silent()]).await;
    let tokens = Server::start([granted("t1", 3_600), granted("t2", 3_600)]).await;
    let firebase = firebase(&database, &tokens);
    for _ in 0..3 {
        tell(&firebase, News::Grown, None).await.unwrap();
    }
    let requests = database.requests();
    let sent: Vec<_> =
        requests.iter().filter_map(|request| request.header("authorization")).collect();
    assert_eq!(sent, ["Bearer t1", "Bearer t1", "Bearer t1", "Bearer t2"]);
    assert_eq!(tokens.requests().len(), 2);
}

#[tokio::test]
async fn an_account_that_may_not_write_is_refused_after_one_new_token() {
    let database = Server::start([answer("401 Unauthorized", "", "Permission denied")]).await;
    let tokens = Server::start([granted("t1", 3_600), granted("t2", 3_600)]).await;
    let told = tell(&firebase(&database, &tokens), News::Opened, None).await;
    assert!(matches!(&told, Err(Failure::Refused { why }) if why.contains("denied")), "{told:?}");
    assert_eq!(database.requests().len(), 2);
}

/// Lets time pass between requests, but not while one is under way.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_token_is_renewed_before_its_end() {
    let database = Server::start([silent()]).await;
    let tokens = Server::start([granted("t1", 3_600), granted("t2", 3_600)]).await;
    let firebase = firebase(&database, &tokens);
    tell(&firebase, News::Opened, None).await.unwrap();
    pass(Duration::from_mins(54)).await;
    tell(&firebase, News::Grown, None).await.unwrap();
    assert_eq!(tokens.requests().len(), 1);
    pass(Duration::from_mins(2)).await;
    tell(&firebase, News::Grown, None).await.unwrap();
    assert_eq!(tokens.requests().len(), 2);
}

#[tokio::test]
async fn without_a_token_the_message_waits_and_says_what_may_be_wrong() {
    let database = Server::start([silent()]).await;
    let invalid = answer("400 Bad Request", "", r#"{"error":"invalid_grant"}"#);
    let tokens = Server::start([invalid, answer("200 OK", "", "{}")]).await;
    let firebase = firebase(&database, &tokens);
    let told = tell(&firebase, News::Opened, None).await;
    assert!(matches!(&told, Err(Failure::Later { why, .. }) if why.contains("clock")), "{told:?}");
    let told = tell(&firebase, News::Opened, None).await;
    assert!(matches!(told, Err(Failure::Later { .. })), "{told:?}");
    assert!(database.requests().is_empty());
}

#[tokio::test]
async fn the_emulator_is_written_to_as_its_owner() {
    let emulator = Server::start([silent()]).await;
    let settings =
        Settings { firebase_url: "https://demo-rtdb.firebaseio.com".into(), ..Settings::default() };
    let host = emulator.url.authority();
    let pairs = [("FIREBASE_DATABASE_EMULATOR_HOST".into(), host.into())];
    let firebase = Firebase::new(&settings, &Environment::from_pairs(pairs)).unwrap().unwrap();
    firebase.test(soon()).await.unwrap();
    let [request] = &*emulator.requests() else { panic!("one request") };
    assert_eq!(request.line(), "PUT /weir/test.json?ns=demo-rtdb&print=silent");
    assert_eq!(request.header("authorization"), Some("Bearer owner"));
}

#[tokio::test]
async fn a_key_file_that_cannot_be_used_says_what_is_wrong_and_nothing_secret() {
    let folder = TempDir::new().unwrap();
    let database = Server::start([silent()]).await;
    let good = key_file("https://oauth2.example.com/token");
    let mut files = vec![
        (json!([]), "no JSON object"),
        (json!({}), "`client_email`"),
        (json!("not an object"), "no JSON object"),
    ];
    for member in ["client_email", "private_key", "private_key_id", "token_uri"] {
        let mut file = good.clone();
        file[member] = json!("");
        files.push((file, member));
    }
    for (member, wrong) in [("private_key", "hunter2"), ("token_uri", "http://example.com/hunter2")]
    {
        let mut file = good.clone();
        file[member] = json!(wrong);
        files.push((file, member));
    }
    for (file, problem) in files {
        let path = written(&folder, &file);
        let made = Firebase::new(&settings(&database, &path), &Environment::default());
        let Err(error) = made else { panic!("{problem}") };
        let said = format!("{error} {error:?}");
        assert!(said.contains(problem) && said.contains("service-key.json"), "{said}");
        assert!(!said.contains("hunter2") && !said.contains("PRIVATE"), "{said}");
    }
    let missing = settings(&database, &folder.path().join("missing.json"));
    let Err(error) = Firebase::new(&missing, &Environment::default()) else { panic!("no file") };
    assert!(error.to_string().contains("missing.json"));
}

/// The list of a database that answers with `records`, one answer after the other.
async fn listed(records: &[Value]) -> (Server, FirebaseList) {
    let acts: Vec<_> =
        records.iter().map(|records| answer("200 OK", "", &records.to_string())).collect();
    let server = Server::start(acts).await;
    let settings =
        Settings { firebase_url: "https://demo.firebaseio.com".into(), ..Settings::default() };
    let pairs = [("FIREBASE_DATABASE_EMULATOR_HOST".into(), server.url.authority().into())];
    let list = FirebaseList::new(&settings, &Environment::from_pairs(pairs)).unwrap().unwrap();
    (server, list)
}

fn keys(page: &[(String, Value)]) -> Vec<&str> {
    page.iter().map(|(key, _)| &**key).collect()
}

#[tokio::test]
async fn the_list_is_newest_first_whoever_wrote_it() {
    let records = json!({
        "-Nold": { "message": "Attack!", "status": "unread", "timestamp": 1_600_000_000_000_u64 },
        "-Nolder": { "message": "Attack!", "status": "unread", "timestamp": 1_500_000_000_000.5 },
        "-Nnone": { "message": "no time" },
        "0abc": { "timestamp": "2026-01-01T00:00:00.000000Z" },
        "0abd": { "timestamp": "2026-01-02T00:00:00.000000Z" },
        "0abe": { "timestamp": "2026-01-01T00:00:00.000000Z" },
        "rubbish": 7,
    });
    let (server, list) = listed(&[records]).await;
    let page = list.list(None, 50).await.unwrap();
    assert_eq!(keys(&page), ["0abd", "0abe", "0abc", "-Nold", "-Nolder", "-Nnone"]);
    assert_eq!(page[3].1["message"], "Attack!");
    let line = server.requests()[0].line().to_owned();
    assert_eq!(line, "GET /alerts.json?ns=demo&orderBy=%22timestamp%22&limitToLast=50");
}

#[tokio::test]
async fn the_next_page_begins_behind_the_last() {
    let at = |day: &str| json!({ "timestamp": day });
    let first = json!({ "b": at("1"), "c": at("1"), "d": at("2") });
    let second = json!({ "a": at("1"), "b": at("1"), "c": at("1") });
    let (server, list) = listed(&[first, second, json!(null)]).await;
    let page = list.list(None, 2).await.unwrap();
    assert_eq!(keys(&page), ["d", "c"]);
    let (key, record) = page.last().unwrap();
    let page = list.list(Some(&Place::of(key, record)), 2).await.unwrap();
    assert_eq!(keys(&page), ["b", "a"]);
    let line = server.requests()[1].line().to_owned();
    assert!(line.ends_with("&limitToLast=3&endAt=%221%22"), "{line}");
    assert!(list.list(Some(&Place::of("a", &at("1"))), 2).await.unwrap().is_empty());
}

#[tokio::test]
async fn many_records_of_one_moment_hide_nothing_behind_them() {
    let one = |keys: &[&str]| -> Value {
        keys.iter().map(|key| ((*key).to_owned(), json!({ "timestamp": 5 }))).collect()
    };
    let (server, list) = listed(&[one(&["c", "d"]), one(&["a", "b", "c", "d"])]).await;
    let page = list.list(Some(&Place { timestamp: json!(5), key: "c".into() }), 1).await.unwrap();
    assert_eq!(keys(&page), ["b"]);
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_list_that_cannot_be_read_says_why() {
    let (_server, list) = listed(&[json!("nonsense")]).await;
    assert!(matches!(list.list(None, 5).await, Err(Error::List { .. })));
    let endless = json!({ "a": { "message": "x".repeat(3 << 20) } });
    let (_server, list) = listed(&[endless]).await;
    let error = list.list(None, 5).await.unwrap_err();
    assert!(error.to_string().contains("more than"), "{error}");
}

#[tokio::test]
async fn an_error_with_a_status_of_success_is_no_success() {
    let said = answer("200 OK", "", r#"{"error":"Internal server error."}"#);
    let (database, tokens) =
        (Server::start([said]).await, Server::start([granted("t1", 3_600)]).await);
    let told = tell(&firebase(&database, &tokens), News::Opened, None).await;
    assert!(matches!(told, Err(Failure::Later { .. })), "{told:?}");
}
