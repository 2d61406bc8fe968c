//! A server on a port of its own, and a client that speaks as much HTTP as it needs.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinHandle, spawn_blocking};

use crate::api::{Api, Parts, serve};
use crate::engine::{Events, Handle, Limits, Policies, Scans, Snapshot};
use crate::notify::FirebaseList;
use crate::store::{Accounts, Actions, By, PasswordHash, Role, Store};

pub(super) const USER: &str = "ops";
pub(super) const PASSWORD: &str = "correct horse battery";

/// A running API with one user and no incidents.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    pub(super) store: Store,
    pub(super) path: PathBuf,
    pub(super) snapshots: watch::Sender<Arc<Snapshot>>,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
    _folder: TempDir,
}

/// Who sets the server up.
pub(super) fn by() -> By {
    By { who: "test".into(), from: "command line".into() }
}

/// What came back.
#[derive(Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) status: u16,
    head: String,
    pub(super) body: String,
}

impl Server {
    pub(super) async fn start() -> Self {
        Self::sharing(None).await
    }

    /// One that reads the list that several share.
    pub(super) async fn sharing(shared: Option<FirebaseList>) -> Self {
        Self::of(shared, |handle| handle).await
    }

    /// One whose engine sets limits through this door.
    pub(super) async fn limiting(limits: Limits) -> Self {
        Self::of(None, |handle| handle.with_limits(limits)).await
    }

    /// One whose engine reads and writes policies through this door.
    pub(super) async fn policing(policies: Policies) -> Self {
        Self::of(None, |handle| handle.with_policies(policies)).await
    }

    /// One whose engine scans images through this door.
    pub(super) async fn scanning(scans: Scans) -> Self {
        Self::of(None, |handle| handle.with_scans(scans)).await
    }

    /// One whose engine remembers these events.
    pub(super) async fn telling(events: Events) -> Self {
        Self::of(None, |handle| handle.with_events(events)).await
    }

    /// One whose engine has the doors that `open` adds.
    async fn of(shared: Option<FirebaseList>, open: impl FnOnce(Handle) -> Handle) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weir.db");
        let store = Store::open(&path).unwrap();
        let mut accounts = Accounts::open(&path).unwrap();
        let hash = PasswordHash::of(PASSWORD).unwrap();
        accounts.add(&USER.parse().unwrap(), Role::Viewer, &hash, &by()).unwrap();
        let (snapshots, seen) = watch::channel(Arc::new(Snapshot::default()));
        let handle = Handle::new(seen, Arc::default());
        let limits = Limits::absent("no cluster: `cluster` is off".into());
        let handle = handle.with_actions(Actions::open(&path).unwrap()).with_limits(limits);
        let handle = open(handle);
        let evidence = Some(folder.path().join("evidence"));
        let parts = Parts { handle, database: path.clone(), evidence, shared };
        let api = Api::new(parts).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async {
            stopped.await.ok();
        };
        let served = tokio::spawn(serve(listener, api, shutdown));
        Self { address, store, path, snapshots, stop, served, _folder: folder }
    }

    /// Sends bytes as they are and reads until the server closes.
    pub(super) async fn send(&self, bytes: &[u8]) -> Answer {
        let (address, bytes) = (self.address, bytes.to_vec());
        let talk = move || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            // A server that refuses early does not read to the end.
            stream.write_all(&bytes).ok();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).ok();
            Answer::parse(&String::from_utf8(answer).unwrap())
        };
        spawn_blocking(talk).await.unwrap()
    }

    pub(super) async fn ask(
        &self,
        method: &str,
        target: &str,
        headers: &str,
        body: &str,
    ) -> Answer {
        let length = body.len();
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: weir\r\nConnection: close\r\n\
             Content-Length: {length}\r\n{headers}\r\n{body}"
        );
        self.send(request.as_bytes()).await
    }

    pub(super) async fn get(&self, target: &str) -> Answer {
        self.ask("GET", target, "", "").await
    }

    /// A GET with a token.
    pub(super) async fn get_as(&self, token: &str, target: &str) -> Answer {
        self.ask("GET", target, &format!("Authorization: Bearer {token}\r\n"), "").await
    }

    pub(super) async fn log_in(&self, username: &str, password: &str) -> Answer {
        let body = json!({ "username": username, "password": password }).to_string();
        self.ask("POST", "/api/login", "Content-Type: application/json\r\n", &body).await
    }

    /// A user of this role, by its token.
    pub(super) async fn user(&self, name: &str, role: Role) -> String {
        let hash = PasswordHash::of(PASSWORD).unwrap();
        let mut accounts = Accounts::open(&self.path).unwrap();
        accounts.add(&name.parse().unwrap(), role, &hash, &by()).unwrap();
        let answer = self.log_in(name, PASSWORD).await;
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// A request with a token and a body in JSON.
    pub(super) async fn ask_as(
        &self,
        token: &str,
        method: &str,
        target: &str,
        body: &Value,
    ) -> Answer {
        let headers =
            format!("Authorization: Bearer {token}\r\nContent-Type: application/json\r\n");
        self.ask(method, target, &headers, &body.to_string()).await
    }

    pub(super) async fn token(&self) -> String {
        let answer = self.log_in(USER, PASSWORD).await;
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// Asks the server to end and waits until it has.
    pub(super) async fn end(self) {
        self.stop.send(()).unwrap();
        self.served.await.unwrap();
    }
}

impl Answer {
    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        Self { status: status.unwrap_or_default(), head: head.to_owned(), body: body.to_owned() }
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(is, _)| is.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Asserts that this is problem details, and gives what is wrong.
    pub(super) fn problem(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        let problem = self.json();
        assert_eq!(problem["type"], "about:blank");
        assert_eq!(problem["status"], status);
        assert!(problem["title"].as_str().is_some_and(|title| !title.is_empty()));
        problem["detail"].as_str().unwrap_or_default().to_owned()
    }
}
