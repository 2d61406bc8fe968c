//! An incoming webhook: a message a notice, and `ok` for an answer.

use reqwest::{StatusCode, Url};
use serde_json::Value;
use tokio::time::Instant;

use super::{digest_payload, payload, test};
use crate::incident::Digest;
use crate::notify::Notice;
use crate::notify::http::{Failure, Http, Reply, host};

/// What it says when it has taken a message.
const TAKEN: &[u8] = b"ok";

/// What it says of a message, or of itself, that will not change.
const FINAL: [&str; 15] = [
    "action_prohibited",
    "channel_is_archived",
    "channel_not_found",
    "invalid_blocks",
    "invalid_blocks_format",
    "invalid_payload",
    "invalid_token",
    "no_active_hooks",
    "no_service",
    "no_service_id",
    "no_team",
    "no_text",
    "posting_to_general_channel_denied",
    "team_disabled",
    "user_not_found",
];

/// An incoming webhook.
pub(in crate::notify) struct Webhook {
    http: Http,
    /// Its path is a secret.
    url: Url,
}

impl Webhook {
    pub(in crate::notify) const fn new(http: Http, url: Url) -> Self {
        Self { http, url }
    }

    /// Host and port of Slack.
    pub(in crate::notify) fn host(&self) -> String {
        host(&self.url)
    }

    pub(in crate::notify) async fn tell(
        &self,
        notice: &Notice<'_>,
        deadline: Instant,
    ) -> Result<(), Failure> {
        self.post(&payload(notice), deadline).await
    }

    pub(in crate::notify) async fn digest(
        &self,
        digest: &Digest,
        deadline: Instant,
    ) -> Result<(), Failure> {
        self.post(&digest_payload(digest), deadline).await
    }

    pub(in crate::notify) async fn test(&self, deadline: Instant) -> Result<(), Failure> {
        self.post(&test(), deadline).await
    }

    async fn post(&self, message: &Value, deadline: Instant) -> Result<(), Failure> {
        let request = self.http.post(self.url.clone()).json(message);
        taken(&self.http.send(request, deadline).await?.successful()?)
    }
}

/// A status of success is not enough: what stands between Weir and Slack may have sent it, and Slack
/// itself has answered errors with it.
fn taken(reply: &Reply) -> Result<(), Failure> {
    let said = reply.body().trim_ascii();
    if reply.status() == StatusCode::OK && said == TAKEN {
        return Ok(());
    }
    let is_final = FINAL.iter().any(|error| error.as_bytes() == said);
    Err(if is_final { Failure::refused(reply.said()) } else { Failure::later(reply.said()) })
}
