//! A server that does as it is told, once for each connection, and remembers what it was sent.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::Url;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep};

/// What it does with a connection.
#[derive(Debug, Clone)]
pub(in crate::notify) enum Act {
    /// It answers with this, and closes.
    Answer(String),
    /// It reads and says nothing.
    Hang,
    /// It closes the connection so that the other side sees a reset.
    Reset,
}

/// An answer with this status line, these headers and this body.
pub(in crate::notify) fn answer(status: &str, headers: &str, body: &str) -> Act {
    let length = body.len();
    Act::Answer(format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    ))
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(in crate::notify) struct Request {
    pub(in crate::notify) head: String,
    pub(in crate::notify) body: String,
}

impl Request {
    /// Method and path.
    pub(in crate::notify) fn line(&self) -> &str {
        self.head.lines().next().unwrap().trim_end_matches(" HTTP/1.1")
    }

    /// The value of a header.
    pub(in crate::notify) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub(in crate::notify) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// The server; it ends with the runtime of the test.
pub(in crate::notify) struct Server {
    pub(in crate::notify) url: Url,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// One that does `acts` in order, and then what it did last.
    pub(in crate::notify) async fn start(acts: impl Into<Vec<Act>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let acts = acts.into();
        tokio::spawn(async move {
            for at in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                perform(stream, &acts[at.min(acts.len() - 1)], &seen).await;
            }
        });
        Self { url, requests }
    }

    /// What it was sent.
    pub(in crate::notify) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

async fn perform(mut stream: TcpStream, act: &Act, seen: &Mutex<Vec<Request>>) {
    if let Act::Reset = act {
        // To close with something unread is a reset.
        return stream.readable().await.unwrap();
    }
    let Some(request) = read(&mut stream).await else { return };
    seen.lock().unwrap().push(request);
    match act {
        Act::Answer(answer) => stream.write_all(answer.as_bytes()).await.unwrap(),
        Act::Hang => sleep(Duration::from_mins(1)).await,
        Act::Reset => {}
    }
}

async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let request = Request { head: head.into(), body: body.into() };
        let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
        if request.body.len() >= length {
            return Some(request);
        }
    }
}

/// A moment far enough away for what is not to fail.
pub(in crate::notify) fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}
