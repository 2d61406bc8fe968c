//! Tokens for the database: asked for by a signed assertion, and kept while they last.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::HeaderValue;
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::account::Account;
use crate::notify::http::{Failure, Http};

/// What is asked for (RFC 7523, 2.1).
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// How long before its end a token is renewed.
const EARLY: Duration = Duration::from_mins(5);

/// A token, and until when it is used: by the monotonic clock, which nobody sets.
struct Kept {
    bearer: HeaderValue,
    until: Instant,
}

/// Where tokens come from.
pub(super) struct Tokens {
    account: Account,
    kept: Mutex<Option<Kept>>,
}

/// What the token endpoint answers.
#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: u64,
}

impl Tokens {
    pub(super) fn new(account: Account) -> Self {
        Self { account, kept: Mutex::new(None) }
    }

    /// The value of an `Authorization` header. A token that equals `refused` is not used again.
    pub(super) async fn bearer(
        &self,
        http: &Http,
        refused: Option<&HeaderValue>,
        deadline: Instant,
    ) -> Result<HeaderValue, Failure> {
        let mut kept = self.kept.lock().await;
        let is_good = |kept: &&Kept| kept.until > Instant::now() && refused != Some(&kept.bearer);
        if let Some(kept) = kept.as_ref().filter(is_good) {
            return Ok(kept.bearer.clone());
        }
        let fresh = self.ask(http, deadline).await?;
        let bearer = fresh.bearer.clone();
        *kept = Some(fresh);
        Ok(bearer)
    }

    async fn ask(&self, http: &Http, deadline: Instant) -> Result<Kept, Failure> {
        let assertion = self.account.assertion(Timestamp::now().as_second());
        let assertion =
            assertion.map_err(|_| Failure::later("the service-account key signs nothing"))?;
        let form = [("grant_type", GRANT), ("assertion", &assertion)];
        let request = http.post(self.account.token_url.clone()).form(&form);
        let asked = Instant::now();
        let reply = http.send(request, deadline).await?;
        let reply = reply.successful().map_err(|failure| not_granted(&failure))?;
        let granted: Granted = serde_json::from_slice(reply.body())
            .map_err(|_| Failure::later("the token endpoint answered without a token"))?;
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", granted.access_token))
            .map_err(|_| Failure::later("the token endpoint answered with no token of one line"))?;
        bearer.set_sensitive(true);
        let lifetime = Duration::from_secs(granted.expires_in.min(86_400));
        // Of a token that lasts shorter than that, half its time is used.
        let used = lifetime.saturating_sub(EARLY).max(lifetime / 2);
        Ok(Kept { bearer, until: asked + used })
    }
}

/// It is not the message that was refused: it waits until the account is in order again.
fn not_granted(failure: &Failure) -> Failure {
    let hint = if failure.why().contains("invalid_grant") {
        "; is the clock right, and does the service-account key still exist?"
    } else {
        ""
    };
    let why = format!("no token: {}{hint}", failure.why());
    let after = match failure {
        Failure::Later { after, .. } => *after,
        Failure::Refused { .. } => None,
    };
    Failure::Later { after, why }
}
