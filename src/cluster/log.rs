//! The log of a container, as it grows, and the pods that a label picks.

use std::pin::Pin;
use std::task::Poll;

use hyper::body::{Body as _, Bytes};
use jiff::Timestamp;
use kube::client::Body;
use serde::Deserialize;
use tokio::time::timeout;

use super::record::{Object, PodObject};
use super::request::{ANSWER, Ask, PAGE, encoded};
use super::words::said;
use super::{Cluster, Error, Pod};

/// Pods on one page of a list.
const ON_PAGE: usize = 500;

/// Pods that are looked at.
const MOST: usize = 5_000;

/// How much is read of a refusal, in bytes.
const REFUSAL: usize = 64 << 10;

/// Where a log is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFrom {
    /// From its start.
    Start,
    /// From its end.
    End,
    /// From so many seconds ago, by the clock of the node.
    Ago {
        /// How many.
        seconds: u64,
    },
    /// From the second of this moment on, by the clock of the node.
    Time(Timestamp),
}

/// A log that is followed, each line with its time before it.
#[derive(Debug)]
pub struct PodLog {
    action: String,
    body: Body,
}

impl Cluster {
    /// Pods of any namespace that carry `label` (`name=value`).
    pub async fn labelled_pods(&self, label: &str) -> Result<Vec<Pod>, Error> {
        #[derive(Deserialize)]
        struct Page {
            #[serde(default)]
            metadata: PageMeta,
            items: Option<Vec<PodObject>>,
        }
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct PageMeta {
            r#continue: String,
        }
        let action = format!("list the pods with the label {label}");
        let ask = Ask::get("/api/v1/pods")
            .with("labelSelector", label)
            .with("limit", &ON_PAGE.to_string());
        let (mut pods, mut next) = (Vec::new(), ask.clone());
        loop {
            let page: Page = self.ask(&action, &next, PAGE).await?;
            pods.extend(page.items.unwrap_or_default().into_iter().map(Object::record));
            if page.metadata.r#continue.is_empty() || pods.len() >= MOST {
                pods.truncate(MOST);
                return Ok(pods);
            }
            next = ask.clone().with("continue", &page.metadata.r#continue);
        }
    }

    /// Follows the log of a container. A log in which nothing is new may leave this without an answer
    /// for as long as the API server allows: whoever waits bounds it.
    pub async fn log(
        &self,
        [namespace, pod, container]: [&str; 3],
        from: LogFrom,
    ) -> Result<PodLog, Error> {
        let action = format!("follow the log of {container} in pods {namespace}/{pod}");
        let path = format!("/api/v1/namespaces/{}/pods/{}/log", encoded(namespace), encoded(pod));
        let ask = Ask::get(path)
            .with("container", container)
            .with("follow", "true")
            .with("timestamps", "true");
        let ask = match from {
            LogFrom::Start => ask,
            LogFrom::End => ask.with("tailLines", "0"),
            LogFrom::Ago { seconds } => ask.with("sinceSeconds", &seconds.to_string()),
            LogFrom::Time(time) => ask.with("sinceTime", &format!("{time:.0}")),
        };
        let request = ask.in_form("*/*").request(&action)?.map(Body::from);
        let answer = self.client().send(request).await;
        let answer = answer.map_err(|error| Error::of(action.clone(), &error))?;
        let status = answer.status();
        let mut log = PodLog { action, body: answer.into_body() };
        if status.is_success() {
            return Ok(log);
        }
        // What stands in it explains the status, which counts alone where it does not come.
        let words = timeout(ANSWER, log.refusal()).await.unwrap_or_default();
        Err(refused(log.action, status.as_u16(), &words))
    }
}

impl PodLog {
    /// What comes next of it, in pieces that need not end where lines do; none once it is at its end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            let frame = std::future::poll_fn(|context| match Pin::new(&mut self.body) {
                body if body.is_end_stream() => Poll::Ready(None),
                body => body.poll_frame(context),
            });
            match frame.await {
                None => return Ok(None),
                Some(Ok(frame)) => {
                    if let Ok(piece) = frame.into_data() {
                        return Ok(Some(piece));
                    }
                }
                Some(Err(error)) => return Err(Error::of(self.action.clone(), &error)),
            }
        }
    }

    async fn refusal(&mut self) -> Vec<u8> {
        let mut words = Vec::new();
        while words.len() < REFUSAL
            && let Ok(Some(piece)) = self.next().await
        {
            words.extend_from_slice(&piece);
        }
        words
    }
}

/// What the API server says with an error.
fn refused(action: String, status: u16, words: &[u8]) -> Error {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Said {
        reason: String,
        message: String,
    }
    let Said { reason, message } = serde_json::from_slice(words).unwrap_or_else(|_| Said {
        message: String::from_utf8_lossy(words).into_owned(),
        ..Said::default()
    });
    let message = match &*message {
        "" => "nothing but the status".to_owned(),
        message => said(message),
    };
    Error::Refused { action, status, reason: said(&reason), message }
}
