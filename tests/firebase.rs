//! Firebase: what Weir writes is read by the official client, and what that writes by Weir. The
//! double between them is held against both.

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use support::double::account::ServiceAccount;
use support::double::fault::Fault;
use support::double::firebase::{Firebase, Gate};
use support::double::server::Server;
use support::double::token::{Claims, GRANT, SCOPES, TokenEndpoint};
use support::engine::{DEMO, Engine, await_some, database, weir};
use support::flows::Folder;
use support::oracle::Oracle;
use weir::notify::FirebaseList;
use weir::settings::{Environment, Settings};
use weir::store::{Query, Reader};

/// What `databaseURL` is of the project that the tests speak of.
const URL: &str = "https://test-project.firebaseio.com";

fn emulator() -> Server<Firebase> {
    Server::start(|_| Firebase::new(Gate::Emulator))
}

/// The official client, or `None` where it is absent.
fn client(double: &Server<Firebase>) -> Option<Oracle> {
    let host = double.address().to_string();
    let client = Oracle::python("firebase_client.py", "firebase_admin")?;
    Some(client.env("FIREBASE_DATABASE_EMULATOR_HOST", &host))
}

/// A replay of the bundled capture that writes to `double`.
fn engine(folder: &Folder, double: &Server<Firebase>) -> Engine {
    let log = folder.path().join("weir.log");
    let listen = ["--api", "--listen", "127.0.0.1:0", "--replay", DEMO, "--log-level", "info"];
    let mut weir = weir(listen, &database(folder));
    weir.env("WEIR_FIREBASE_URL", URL);
    weir.env("FIREBASE_DATABASE_EMULATOR_HOST", double.address().to_string());
    Engine::of(weir.arg("--log-file").arg(&log), &log)
}

/// What the database holds, by id: status, severity and class of each incident.
fn kept(database: &Path) -> BTreeMap<String, [&'static str; 3]> {
    let reader = Reader::open(database).expect("the database opens");
    let page = reader.incidents(&Query { limit: 100, ..Query::default() }).expect("it is read");
    let line = |one: &weir::incident::Incident| {
        (one.id.to_string(), [one.status.name(), one.severity.name(), one.class.name()])
    };
    page.incidents.iter().map(line).collect()
}

/// The same of what Firebase holds.
fn listed(all: &Value) -> BTreeMap<String, [&str; 3]> {
    let line = |(id, one): (&String, &'_ Value)| {
        let text = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
        (id.clone(), ["status", "severity", "class"].map(text))
    };
    let lines = all.as_object().into_iter().flatten().map(line);
    lines.map(|(id, line)| (id, line.map(|text| &*text.leak()))).collect()
}

#[test]
fn the_double_is_to_the_official_client_as_the_real_one() {
    let double = emulator();
    let Some(client) = client(&double) else { return };
    assert_eq!(client.json(&["conduct"], ""), json!([]));
}

#[test]
fn what_weir_writes_is_read_by_the_official_client() {
    let (folder, double) = (Folder::new(), emulator());
    let Some(read) = client(&double) else { return };
    let engine = engine(&folder, &double);
    await_some("two incidents in Firebase", || {
        let kept = kept(&database(&folder));
        (kept.len() == 2 && double.with(|firebase| listed(&firebase.get("alerts")) == kept))
            .then_some(())
    });
    let said = read.json(&["read", "5"], "");
    let kept = kept(&database(&folder));
    assert_eq!(listed(&said["all"]), kept);
    assert_eq!(said["newest"].as_array().map(Vec::len), Some(2));
    for (id, record) in said["all"].as_object().expect("records") {
        assert_eq!(record["id"], **id);
        assert!(record["message"].as_str().is_some_and(|message| !message.is_empty()), "{record}");
        assert!(record["timestamp"].is_string() || record["timestamp"].is_number(), "{record}");
    }
    // Another client's word stays where Weir does not say otherwise.
    let id = kept.keys().next().expect("two");
    let mark = client(&double).expect("it was there").json(&["mark", id, "read"], "");
    assert_eq!((&mark["status"], &mark["id"]), (&json!("read"), &json!(id)));
    drop(engine);
}

#[tokio::test]
async fn what_the_official_client_pushes_is_in_the_list() {
    let double = emulator();
    let Some(push) = client(&double) else { return };
    let key =
        push.json(&["push", "SYN flood <b>from</b> 203.0.113.66", "2026-11-25T08:00:00Z"], "");
    let host = double.address().to_string();
    let pair = ("FIREBASE_DATABASE_EMULATOR_HOST".into(), host.into());
    let settings = Settings { firebase_url: URL.into(), ..Settings::default() };
    let list = FirebaseList::new(&settings, &Environment::from_pairs([pair]));
    let list = list.expect("settings are good").expect("they name it");
    let records = list.list(None, 10).await.expect("it answers");
    let expected = json!({
        "message": "SYN flood <b>from</b> 203.0.113.66",
        "status": "unread",
        "timestamp": "2026-11-25T08:00:00Z",
    });
    let key = key.as_str().expect("a key").to_owned();
    assert_eq!(records, [(key, expected)]);
}

/// A token endpoint that knows `account`.
fn tokens(account: &ServiceAccount) -> Server<TokenEndpoint> {
    Server::start(|address| TokenEndpoint::new(account, format!("http://{address}/token")))
}

fn now_s() -> i64 {
    Timestamp::now().as_second()
}

fn claims(account: &ServiceAccount, url: &str) -> Claims {
    let (iss, aud, iat) = (account.email.clone(), url.to_owned(), now_s());
    Claims { iss, scope: SCOPES.join(" "), aud, iat, exp: iat + 3_600 }
}

fn signed(account: &ServiceAccount, claims: &Claims) -> String {
    let header = Header { kid: Some(account.key_id.clone()), ..Header::new(Algorithm::RS256) };
    let key = EncodingKey::from_rsa_pem(account.private_key.as_bytes()).expect("a key");
    encode(&header, claims, &key).expect("it signs")
}

/// Assertions that prove nothing, and what is wrong with each.
fn forgeries(account: &ServiceAccount, url: &str) -> Vec<(&'static str, String)> {
    let good = claims(account, url);
    let bent = |bend: &dyn Fn(&mut Claims)| {
        let mut claims = good.clone();
        bend(&mut claims);
        signed(account, &claims)
    };
    let thief = ServiceAccount { key_id: account.key_id.clone(), ..ServiceAccount::generate() };
    let renamed = ServiceAccount { key_id: "another".into(), ..account.clone() };
    let header = Header { kid: Some(account.key_id.clone()), ..Header::new(Algorithm::HS256) };
    let public = EncodingKey::from_secret(account.public_key.as_bytes());
    let genuine = signed(account, &good);
    let (_, rest) = genuine.split_once('.').expect("three parts");
    let (payload, signature) = rest.split_once('.').expect("three parts");
    let none = base64(&json!({ "alg": "none", "typ": "JWT", "kid": account.key_id }).to_string());
    let relabelled = format!("{none}.{payload}.{signature}");
    vec![
        ("key", signed(&thief, &good)),
        ("audience", bent(&|claims| claims.aud = "https://oauth2.example/token".into())),
        ("issuer", bent(&|claims| claims.iss = "somebody@else.example".into())),
        ("expiry", bent(&|claims| (claims.iat, claims.exp) = (now_s() - 7_200, now_s() - 3_600))),
        ("algorithm HS256", encode(&header, &good, &public).expect("it signs")),
        ("algorithm none", format!("{none}.{payload}.")),
        ("algorithm none with a signature", relabelled),
        ("lifetime", bent(&|claims| claims.exp = claims.iat + 3_601)),
        ("future", bent(&|claims| (claims.iat, claims.exp) = (now_s() + 600, now_s() + 1_200))),
        ("scope", bent(&|claims| claims.scope = SCOPES[1].into())),
        ("key id", signed(&renamed, &good)),
    ]
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
}

/// Status and body of what the endpoint answers to an assertion.
async fn shown(tokens: &Server<TokenEndpoint>, grant: &str, assertion: &str) -> (u16, Value) {
    weir::notify::prepare();
    let form = [("grant_type", grant), ("assertion", assertion)];
    let request = reqwest::Client::new().post(tokens.url("/token")).form(&form);
    let answer = request.send().await.expect("it answers");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

#[tokio::test]
async fn the_token_endpoint_believes_nothing_that_is_not_proven() {
    let account = ServiceAccount::generate();
    let tokens = tokens(&account);
    let url = tokens.url("/token");
    for (what, assertion) in forgeries(&account, &url) {
        let (status, said) = shown(&tokens, GRANT, &assertion).await;
        assert_eq!((status, &said["error"]), (400, &json!("invalid_grant")), "{what}: {said}");
    }
    let good = signed(&account, &claims(&account, &url));
    let (status, said) = shown(&tokens, "refresh_token", &good).await;
    assert_eq!((status, &said["error"]), (400, &json!("unsupported_grant_type")));
    let (status, said) = shown(&tokens, GRANT, &good).await;
    assert_eq!((status, &said["token_type"]), (200, &json!("Bearer")), "{said}");
    let token = said["access_token"].as_str().expect("a token");
    assert!(tokens.with(|tokens| tokens.issued.holds(token)));
}

/// A database behind tokens, and a running Weir with a key that opens it.
struct Guarded {
    folder: Folder,
    account: ServiceAccount,
    tokens: Server<TokenEndpoint>,
    double: Server<Firebase>,
}

impl Guarded {
    fn new() -> Self {
        let account = ServiceAccount::generate();
        let tokens = tokens(&account);
        let issued = tokens.with(|tokens| tokens.issued.clone());
        let double = Server::start(|_| Firebase::new(Gate::Issued(issued)));
        Self { folder: Folder::for_anyone(), account, tokens, double }
    }

    /// The list in the database, for whoever has the key.
    fn list(&self) -> FirebaseList {
        let key = self.account.key_file(&self.tokens.url("/token"));
        let key = self.folder.file("service-key.json", key.to_string().as_bytes());
        let settings = Settings {
            firebase_url: self.double.url(""),
            firebase_key_file: Some(key),
            ..Settings::default()
        };
        let list = FirebaseList::new(&settings, &Environment::default());
        list.expect("settings are good").expect("they name it")
    }
}

#[tokio::test]
async fn a_token_is_kept_while_it_lasts_and_asked_for_again_when_it_is_refused() {
    let guarded = Guarded::new();
    let list = guarded.list();
    for _ in 0..3 {
        list.list(None, 10).await.expect("it lets in");
    }
    let granted = || guarded.tokens.with(|tokens| tokens.granted.len());
    assert_eq!(granted(), 1);
    guarded.tokens.with(|tokens| tokens.issued.revoke());
    list.list(None, 10).await.expect("another token lets in");
    assert_eq!((granted(), guarded.double.with(|firebase| firebase.turned_away)), (2, 1));
    guarded.tokens.with(|tokens| tokens.issued.revoke());
    guarded.tokens.fail([Fault::Status(503)]);
    list.list(None, 10).await.expect_err("there is no token");
    list.list(None, 10).await.expect("there is again");
}

#[tokio::test]
async fn a_key_of_somebody_else_opens_nothing() {
    let mut guarded = Guarded::new();
    let thief = ServiceAccount::generate();
    guarded.account = ServiceAccount { key_id: guarded.account.key_id.clone(), ..thief };
    let error = guarded.list().list(None, 10).await.expect_err("it is not let in");
    assert!(error.to_string().contains("invalid_grant"), "{error}");
    let refused = guarded.tokens.with(|tokens| tokens.refused.clone());
    assert_eq!(refused, ["InvalidSignature"]);
}

#[tokio::test]
async fn what_weir_asks_for_a_token_is_believed_by_authlib_and_what_it_refuses_by_neither() {
    let Some(grant) = Oracle::python("token_grant.py", "authlib") else { return };
    let guarded = Guarded::new();
    guarded.list().list(None, 10).await.expect("it lets in");
    let url = guarded.tokens.url("/token");
    // What Google asks beyond RFC 7523 is the double's alone.
    let forged = forgeries(&guarded.account, &url).into_iter().take(6);
    let own = guarded.tokens.with(|tokens| tokens.granted.clone());
    let assertions: Vec<_> = own.into_iter().chain(forged.map(|(_, forged)| forged)).collect();
    let asked = json!({
        "public_key": guarded.account.public_key,
        "private_key": guarded.account.private_key,
        "key_id": guarded.account.key_id,
        "email": guarded.account.email,
        "scope": SCOPES.join(" "),
        "url": url,
        "assertions": assertions,
    });
    let said = grant.json(&[], &asked.to_string());
    let verdicts = said["verdicts"].as_array().expect("verdicts");
    assert_eq!((verdicts.len(), &verdicts[0]), (7, &Value::Null), "{said}");
    assert!(verdicts[1..].iter().all(Value::is_string), "{said}");
    let signed = said["signed"].as_str().expect("an assertion");
    let (status, said) = shown(&guarded.tokens, GRANT, signed).await;
    assert_eq!(status, 200, "{said}");
}

#[tokio::test]
async fn a_list_that_hangs_is_given_up_in_time() {
    let double = emulator();
    double.fail([Fault::Hang]);
    let host = double.address().to_string();
    let pair = ("FIREBASE_DATABASE_EMULATOR_HOST".into(), host.into());
    let settings = Settings { firebase_url: URL.into(), ..Settings::default() };
    let list = FirebaseList::new(&settings, &Environment::from_pairs([pair]));
    let list = list.expect("settings are good").expect("they name it");
    let answer = tokio::time::timeout(Duration::from_secs(20), list.list(None, 10)).await;
    answer.expect("within 15 s").expect_err("nothing came");
}
