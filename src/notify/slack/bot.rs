//! A bot that keeps one message an incident: changed in place, with details and turns in its thread.
//!
//! The message is what must arrive. What belongs in its thread is sent once; where that fails it is
//! logged, for to try all of it again would post the message twice.

use reqwest::Url;
use reqwest::header::HeaderValue;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;
use tracing::warn;

use super::message::{details, turn};
use super::{digest_payload, payload, test};
use crate::incident::{Digest, News};
use crate::notify::Notice;
use crate::notify::address::under;
use crate::notify::http::{Failure, Http, host, said};

/// What Slack says when it may do better another time.
const PASSING: [&str; 7] = [
    "fatal_error",
    "internal_error",
    "rate_limited",
    "ratelimited",
    "request_timeout",
    "service_unavailable",
    "team_added_to_org",
];

/// What Slack says of a message that cannot be changed any more, so that a new one is needed.
const GONE: [&str; 4] =
    ["cant_update_message", "edit_window_closed", "message_not_found", "thread_not_found"];

/// A bot that writes to one channel.
pub(in crate::notify) struct Bot {
    http: Http,
    api: Url,
    /// `Bearer` and the token, marked as secret.
    authorization: HeaderValue,
    channel: String,
}

/// A message that Slack has taken.
struct Posted {
    channel: String,
    ts: String,
}

impl Posted {
    /// What [`Posted::handle`] has made.
    fn from_handle(handle: &str) -> Option<Self> {
        let (channel, ts) = handle.split_once(':')?;
        Some(Self { channel: channel.into(), ts: ts.into() })
    }

    fn handle(&self) -> String {
        format!("{}:{}", self.channel, self.ts)
    }
}

/// What Slack's methods answer, as far as it matters here.
#[derive(Deserialize)]
struct Answered {
    ok: bool,
    #[serde(default)]
    error: String,
    channel: Option<String>,
    ts: Option<String>,
}

/// Why a method did nothing.
enum Fault {
    /// The message that it is about is no more.
    Gone,
    /// Any other reason.
    Failure(Failure),
}

impl Bot {
    pub(in crate::notify) const fn new(
        http: Http,
        api: Url,
        authorization: HeaderValue,
        channel: String,
    ) -> Self {
        Self { http, api, authorization, channel }
    }

    /// Host and port of Slack, and the channel.
    pub(in crate::notify) fn place(&self) -> String {
        format!("{}, channel {}", host(&self.api), self.channel)
    }

    /// Tells of `notice` and returns the handle of its message.
    pub(in crate::notify) async fn tell(
        &self,
        notice: &Notice<'_>,
        deadline: Instant,
    ) -> Result<String, Failure> {
        let message = payload(notice);
        if let Some(known) = notice.handle.and_then(Posted::from_handle) {
            match self.update(&known, &message, deadline).await {
                Ok(()) => {
                    if notice.news != News::Grown {
                        let broadcast = notice.news == News::Reopened;
                        self.reply(&known, turn(notice), broadcast, deadline).await;
                    }
                    return Ok(known.handle());
                }
                Err(Fault::Failure(failure)) => return Err(failure),
                Err(Fault::Gone) => {}
            }
        }
        let posted = self.post(message, deadline).await?;
        self.reply(&posted, details(notice.incident), false, deadline).await;
        Ok(posted.handle())
    }

    pub(in crate::notify) async fn digest(
        &self,
        digest: &Digest,
        deadline: Instant,
    ) -> Result<(), Failure> {
        self.post(digest_payload(digest), deadline).await.map(drop)
    }

    pub(in crate::notify) async fn test(&self, deadline: Instant) -> Result<(), Failure> {
        self.post(test(), deadline).await.map(drop)
    }

    async fn post(&self, mut message: Value, deadline: Instant) -> Result<Posted, Failure> {
        message["channel"] = json!(self.channel);
        message["unfurl_links"] = json!(false);
        message["unfurl_media"] = json!(false);
        let answered = match self.call("chat.postMessage", &message, deadline).await {
            Ok(answered) => answered,
            Err(Fault::Failure(failure)) => return Err(failure),
            Err(Fault::Gone) => return Err(Failure::refused("there is nothing to post under")),
        };
        match (answered.channel, answered.ts) {
            (Some(channel), Some(ts)) => Ok(Posted { channel, ts }),
            _ => Err(Failure::later(format!("{} did not name its message", host(&self.api)))),
        }
    }

    async fn update(
        &self,
        posted: &Posted,
        message: &Value,
        deadline: Instant,
    ) -> Result<(), Fault> {
        let mut message = message.clone();
        message["channel"] = json!(posted.channel);
        message["ts"] = json!(posted.ts);
        self.call("chat.update", &message, deadline).await.map(drop)
    }

    /// Puts `message` in the thread of `posted`; if `broadcast`, the channel sees it too.
    async fn reply(&self, posted: &Posted, mut message: Value, broadcast: bool, deadline: Instant) {
        message["channel"] = json!(posted.channel);
        message["thread_ts"] = json!(posted.ts);
        message["reply_broadcast"] = json!(broadcast);
        match self.call("chat.postMessage", &message, deadline).await {
            Ok(_) => {}
            Err(Fault::Gone) => warn!("the thread of a message in Slack is gone"),
            Err(Fault::Failure(failure)) => {
                warn!(error = failure.why(), "the thread of a message in Slack lacks a line");
            }
        }
    }

    async fn call(
        &self,
        method: &str,
        arguments: &Value,
        deadline: Instant,
    ) -> Result<Answered, Fault> {
        let request = self
            .http
            .post(under(&self.api, method))
            .header("Authorization", self.authorization.clone())
            .json(arguments);
        let reply = self.http.send(request, deadline).await.map_err(Fault::Failure)?;
        let reply = reply.successful().map_err(Fault::Failure)?;
        let Ok(answered) = serde_json::from_slice::<Answered>(reply.body()) else {
            return Err(Fault::Failure(Failure::later(reply.said())));
        };
        let error = answered.error.as_str();
        if answered.ok {
            Ok(answered)
        } else if GONE.contains(&error) {
            Err(Fault::Gone)
        } else {
            let why = said(&host(&self.api), error);
            let is_passing = error.is_empty() || PASSING.contains(&error);
            Err(Fault::Failure(if is_passing {
                Failure::Later { after: reply.retry_after(), why }
            } else {
                Failure::Refused { why }
            }))
        }
    }
}
