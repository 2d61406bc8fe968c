//! A client that shows what came over the wire.

use std::io::{BufRead, BufReader, Read, Result, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use crate::support::double::kube::{ApiServer, TOKEN};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) const INGRESSES: &str = "/apis/networking.k8s.io/v1/namespaces/shop/ingresses";
pub(crate) const WEB: &str = "/apis/networking.k8s.io/v1/namespaces/shop/ingresses/web";

/// What was answered.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: String,
    pub(crate) body: Value,
}

impl Reply {
    /// Its sentence, where it is a refusal.
    pub(crate) fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }

    /// Status, reason and sentence.
    pub(crate) fn refusal(&self) -> (u16, &str, &str) {
        (self.status, self.body["reason"].as_str().unwrap_or_default(), self.message())
    }

    /// The version of what was answered.
    pub(crate) fn version(&self) -> &str {
        self.body["metadata"]["resourceVersion"].as_str().expect("a version")
    }
}

/// Sends a request as `weir`; what is wrong where no whole answer comes.
pub(crate) fn try_ask(
    api: &ApiServer,
    method: &str,
    target: &str,
    sent: (&str, &str),
) -> Result<Reply> {
    let mut reader = open(api, method, target, sent)?;
    let (status, headers) = head(&mut reader)?;
    let length = headers.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.and_then(|length| length.parse().ok()).unwrap_or_default()];
    reader.read_exact(&mut body)?;
    let body = serde_json::from_slice(&body).unwrap_or_default();
    Ok(Reply { status, headers, body })
}

/// Sends a request with a body of JSON.
#[track_caller]
pub(crate) fn ask(api: &ApiServer, method: &str, target: &str, body: &Value) -> Reply {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    try_ask(api, method, target, ("application/json", &body)).expect("an answer")
}

#[track_caller]
pub(crate) fn get(api: &ApiServer, target: &str) -> Reply {
    ask(api, "GET", target, &Value::Null)
}

/// Applies as `query` says: `fieldManager=weir&force=true`.
#[track_caller]
pub(crate) fn apply(api: &ApiServer, query: &str, body: &Value) -> Reply {
    let sent = ("application/apply-patch+yaml", &*body.to_string());
    try_ask(api, "PATCH", &format!("{WEB}?{query}"), sent).expect("an answer")
}

/// Merges a patch.
#[track_caller]
pub(crate) fn merge(api: &ApiServer, query: &str, patch: &Value) -> Reply {
    let sent = ("application/merge-patch+json", &*patch.to_string());
    try_ask(api, "PATCH", &format!("{WEB}?{query}"), sent).expect("an answer")
}

/// A watch that goes on.
pub(crate) struct Watching(BufReader<TcpStream>);

impl Watching {
    #[track_caller]
    pub(crate) fn open(api: &ApiServer, target: &str) -> Self {
        let mut reader = open(api, "GET", target, ("", "")).expect("it is there");
        let (status, headers) = head(&mut reader).expect("a head");
        assert_eq!(status, 200);
        assert!(headers.contains("transfer-encoding: chunked"), "{headers}");
        Self(reader)
    }

    /// The next thing that is told; none at the orderly end.
    pub(crate) fn next(&mut self) -> Result<Option<Value>> {
        let mut size = String::new();
        self.0.read_line(&mut size)?;
        let size = usize::from_str_radix(size.trim(), 16)
            .map_err(|_| std::io::Error::from(std::io::ErrorKind::UnexpectedEof))?;
        let mut chunk = vec![0; size + 2];
        self.0.read_exact(&mut chunk)?;
        Ok((size > 0).then(|| serde_json::from_slice(&chunk).expect("a line of JSON")))
    }

    /// The next thing that is told: its type and the name and version of its object.
    #[track_caller]
    pub(crate) fn told(&mut self) -> (String, String, String) {
        let told = self.next().expect("it goes on").expect("it goes on");
        let metadata = &told["object"]["metadata"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (text(&told["type"]), text(&metadata["name"]), text(&metadata["resourceVersion"]))
    }
}

fn open(
    api: &ApiServer,
    method: &str,
    target: &str,
    (media, body): (&str, &str),
) -> Result<BufReader<TcpStream>> {
    let mut stream = TcpStream::connect(api.address())?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let length = body.len();
    write!(
        stream,
        "{method} {target} HTTP/1.1\r\nhost: double\r\nauthorization: Bearer {TOKEN}\r\n\
         user-agent: caller/1.0 (test)\r\ncontent-type: {media}\r\ncontent-length: {length}\r\n\r\n{body}"
    )?;
    Ok(BufReader::new(stream))
}

fn head(reader: &mut BufReader<TcpStream>) -> Result<(u16, String)> {
    let (mut first, mut headers) = (String::new(), String::new());
    reader.read_line(&mut first)?;
    while !headers.ends_with("\r\n\r\n") {
        if reader.read_line(&mut headers)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if headers == "\r\n" {
            break;
        }
    }
    let status = first.split(' ').nth(1).and_then(|status| status.parse().ok());
    let headers = headers.replace("\r\n", "\n").to_lowercase();
    Ok((status.ok_or(std::io::ErrorKind::InvalidData)?, headers))
}
