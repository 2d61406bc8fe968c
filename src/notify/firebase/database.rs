//! A Firebase Realtime Database over REST: where it is, and who may write there.

use std::path::Path;

use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{RequestBuilder, StatusCode, Url};
use tokio::time::Instant;

use super::account::Account;
use super::token::Tokens;
use crate::notify::Error;
use crate::notify::address::{Secrecy, under, url};
use crate::notify::http::{Failure, Http, Reply};
use crate::settings::{Environment, Settings};

/// Where a key file is looked for that nothing names.
const KEY_FILE: &str = "service-key.json";

/// What the emulator takes for a token of the owner.
const OWNER: HeaderValue = HeaderValue::from_static("Bearer owner");

/// A database, and how to be let in.
pub(super) struct Database {
    pub(super) http: Http,
    pub(super) base: Url,
    /// None for the emulator.
    tokens: Option<Tokens>,
}

/// The service-account key that is read where the settings name a database.
#[must_use]
pub fn key_file<'a>(settings: &'a Settings, environment: &'a Environment) -> &'a Path {
    let named = settings.firebase_key_file.as_deref();
    named.or_else(|| environment.google_credentials()).unwrap_or_else(|| KEY_FILE.as_ref())
}

impl Database {
    /// The database that the settings name, if they name one.
    ///
    /// With the emulator's variable set it is that emulator's, under the name of the one set.
    pub(super) fn new(
        settings: &Settings,
        environment: &Environment,
    ) -> Result<Option<Self>, Error> {
        if settings.firebase_url.is_empty() {
            return Ok(None);
        }
        let http = Http::new()?;
        let base = url(&settings.firebase_url, "firebase-url", Secrecy::Needed)?;
        if let Some(emulator) = environment.firebase_emulator() {
            let namespace = base.host_str().and_then(|host| host.split('.').next());
            let at = format!("http://{emulator}");
            let mut emulator = url(&at, "FIREBASE_DATABASE_EMULATOR_HOST", Secrecy::Chosen)?;
            emulator.query_pairs_mut().append_pair("ns", namespace.unwrap_or_default());
            return Ok(Some(Self { http, base: emulator, tokens: None }));
        }
        let account = Account::read(key_file(settings, environment))?;
        Ok(Some(Self { http, base, tokens: Some(Tokens::new(account)) }))
    }

    /// The URL of what is at `path`.
    pub(super) fn at(&self, path: &str) -> Url {
        under(&self.base, &format!("{path}.json"))
    }

    /// Sends what `request` makes, and again with another token where the one sent is refused.
    pub(super) async fn send(
        &self,
        request: impl Fn() -> RequestBuilder,
        deadline: Instant,
        largest: usize,
    ) -> Result<Reply, Failure> {
        let mut refused = None;
        loop {
            let bearer = match &self.tokens {
                Some(tokens) => tokens.bearer(&self.http, refused.as_ref(), deadline).await?,
                None => OWNER,
            };
            let request = request().header(AUTHORIZATION, bearer.clone());
            let reply = self.http.read(request, deadline, largest).await?;
            if reply.status() != StatusCode::UNAUTHORIZED
                || refused.is_some()
                || self.tokens.is_none()
            {
                return reply.successful();
            }
            refused = Some(bearer);
        }
    }
}
