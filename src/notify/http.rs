//! Requests over HTTP, and what their failures mean for the message: another time, or never.
//!
//! Bounded in time and size, follows no redirects, and uses no proxy. What it says of a failure names
//! the host alone: path and query of a webhook are secrets.

use std::error::Error as _;
use std::time::Duration;

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};
use tokio::time::{Instant, timeout_at};

use super::plain::line;
use super::{Answer, Error, retry_after};

/// How long a sink may take to be told, whatever that needs.
pub(super) const WHOLE: Duration = Duration::from_secs(15);

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);

/// The largest answer that is read; sinks say little.
const LARGEST: usize = 64 << 10;

/// How much is shown of what a sink said, in characters.
const SHOWN: usize = 200;

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// It may be another time.
    Later {
        /// How long to wait, if the other side said so.
        after: Option<Duration>,
        /// What went wrong.
        why: String,
    },
    /// It never will be.
    Refused {
        /// What the other side said.
        why: String,
    },
}

impl Failure {
    /// It may be another time, nobody said when.
    pub(super) fn later(why: impl Into<String>) -> Self {
        Self::Later { after: None, why: why.into() }
    }

    /// It never will be.
    pub(super) fn refused(why: impl Into<String>) -> Self {
        Self::Refused { why: why.into() }
    }

    /// What went wrong.
    pub(super) fn why(&self) -> &str {
        match self {
            Self::Later { why, .. } | Self::Refused { why } => why,
        }
    }
}

impl From<Failure> for Answer {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Later { after, why } => Self::Later { after, why },
            Failure::Refused { why } => Self::Refused { why },
        }
    }
}

/// An answer that has come whole.
#[derive(Debug)]
pub(super) struct Reply {
    host: String,
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Reply {
    /// What it says.
    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }

    /// Its status.
    pub(super) const fn status(&self) -> StatusCode {
        self.status
    }

    /// How long to wait, if it says so.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        let text = |name| self.headers.get(name)?.to_str().ok();
        retry_after::read(text(RETRY_AFTER)?, text(DATE))
    }

    /// The start of what it says, for people.
    pub(super) fn said(&self) -> String {
        said(&self.host, &String::from_utf8_lossy(&self.body))
    }

    /// The answer itself, where its status says that all is well.
    pub(super) fn successful(self) -> Result<Self, Failure> {
        if self.status.is_success() {
            return Ok(self);
        }
        let why = format!("{} answered {}: {}", self.host, self.status, self.shown());
        let why = why.trim_end_matches([':', ' ']).to_owned();
        let is_passing = self.status.is_server_error()
            || matches!(
                self.status,
                StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS
            );
        Err(if is_passing {
            Failure::Later { after: self.retry_after(), why }
        } else {
            Failure::Refused { why }
        })
    }

    fn shown(&self) -> String {
        line(&String::from_utf8_lossy(&self.body), SHOWN)
    }
}

/// What `host` said, for people.
pub(super) fn said(host: &str, text: &str) -> String {
    format!("{host} answered {:?}", line(text, SHOWN))
}

/// Makes requests and sends them.
#[derive(Debug, Clone)]
pub(super) struct Http(Client);

impl Http {
    /// A client with connections of its own.
    pub(super) fn new() -> Result<Self, Error> {
        super::prepare();
        let client = Client::builder()
            .user_agent(concat!("weir/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT)
            .build();
        client.map(Self).map_err(|source| Error::Client { source })
    }

    /// A request to read.
    pub(super) fn get(&self, url: Url) -> RequestBuilder {
        self.0.get(url)
    }

    /// A request to take.
    pub(super) fn post(&self, url: Url) -> RequestBuilder {
        self.0.post(url)
    }

    /// A request to replace.
    pub(super) fn put(&self, url: Url) -> RequestBuilder {
        self.0.put(url)
    }

    /// A request to change.
    pub(super) fn patch(&self, url: Url) -> RequestBuilder {
        self.0.patch(url)
    }

    /// Sends `request` and reads the answer, whatever its status.
    pub(super) async fn send(
        &self,
        request: RequestBuilder,
        deadline: Instant,
    ) -> Result<Reply, Failure> {
        self.read(request, deadline, LARGEST).await
    }

    /// As [`Http::send`], with an answer of at most `largest` bytes.
    pub(super) async fn read(
        &self,
        request: RequestBuilder,
        deadline: Instant,
        largest: usize,
    ) -> Result<Reply, Failure> {
        let request = request.build().map_err(|error| Failure::refused(cause(&error)))?;
        let host = host(request.url());
        let exchange = async {
            let answer = self.0.execute(request).await.map_err(|error| lost(&host, &error))?;
            whole(&host, answer, largest).await
        };
        let in_time = timeout_at(deadline, exchange).await;
        in_time.unwrap_or_else(|_| Err(Failure::later(format!("{host} did not answer in time"))))
    }
}

/// Reads the body of `answer`.
async fn whole(host: &str, mut answer: Response, largest: usize) -> Result<Reply, Failure> {
    let mut body = Vec::new();
    while let Some(part) = answer.chunk().await.map_err(|error| broken(host, &error))? {
        if body.len() + part.len() > largest {
            return Err(Failure::later(format!("{host} answered with more than {largest} bytes")));
        }
        body.extend_from_slice(&part);
    }
    let (status, headers) = (answer.status(), answer.headers().clone());
    Ok(Reply { host: host.to_owned(), status, headers, body })
}

/// No answer came.
fn lost(host: &str, error: &reqwest::Error) -> Failure {
    let what = if error.is_connect() { "cannot be reached" } else { "gave no answer" };
    Failure::later(format!("{host} {what}: {}", cause(error)))
}

/// An answer began.
fn broken(host: &str, error: &reqwest::Error) -> Failure {
    Failure::later(format!("{host} broke off its answer: {}", cause(error)))
}

/// The innermost cause: those around it may hold the URL.
fn cause(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    while let Some(inner) = cause.and_then(|error| error.source()) {
        cause = Some(inner);
    }
    cause.map_or_else(|| "it cannot be sent".into(), |cause| line(&cause.to_string(), SHOWN))
}

/// The host and port of a URL, which are no secret.
pub(super) fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}
