//! The service-account key: who Weir is to Google, and with what it proves it.

use std::path::Path;

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::Url;
use serde::{Deserialize, Serialize};

use crate::notify::Error;
use crate::notify::address::{Secrecy, url};

/// What a token is asked for.
const SCOPE: &str = "https://www.googleapis.com/auth/firebase.database \
                     https://www.googleapis.com/auth/userinfo.email";

/// For how long an assertion is good, in seconds: the most that Google takes.
const LIFETIME_S: i64 = 3_600;

/// The largest file that is read.
const LARGEST: u64 = 64 << 10;

/// A service account, and its key.
pub(super) struct Account {
    email: String,
    key_id: String,
    key: EncodingKey,
    /// Where tokens are handed out.
    pub(super) token_url: Url,
    /// The same as it was written: it is compared letter by letter.
    audience: String,
}

/// The members of the file that are needed.
#[derive(Deserialize)]
struct KeyFile {
    client_email: Option<String>,
    private_key: Option<String>,
    private_key_id: Option<String>,
    token_uri: Option<String>,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    scope: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
}

impl Account {
    /// Reads the key file at `path`.
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let unread = |source| Error::KeyFile { path: path.into(), source };
        let wrong = |problem: String| Error::Key { path: path.into(), problem };
        let size = std::fs::metadata(path).map_err(unread)?.len();
        if size > LARGEST {
            return Err(wrong(format!("it has {size} bytes, more than a key file has")));
        }
        let text = std::fs::read(path).map_err(unread)?;
        let file: KeyFile =
            serde_json::from_slice(&text).map_err(|_| wrong("it is no JSON object".into()))?;
        let member = |name: &str, value: Option<String>| {
            let value = value.filter(|value| !value.is_empty());
            value.ok_or_else(|| wrong(format!("it has no `{name}`")))
        };
        let email = member("client_email", file.client_email)?;
        let key = member("private_key", file.private_key)?;
        let key_id = member("private_key_id", file.private_key_id)?;
        let audience = member("token_uri", file.token_uri)?;
        let key = EncodingKey::from_rsa_pem(key.as_bytes())
            .map_err(|_| wrong("its `private_key` is no RSA key in PEM".into()))?;
        let token_url = url(&audience, "token_uri", Secrecy::Needed)
            .map_err(|error| wrong(format!("its `token_uri` cannot be used: {error}")))?;
        Ok(Self { email, key_id, key, token_url, audience })
    }

    /// A signed word that it is this account that asks, at `now_s` after the epoch.
    pub(super) fn assertion(&self, now_s: i64) -> Result<String, jsonwebtoken::errors::Error> {
        let header = Header { kid: Some(self.key_id.clone()), ..Header::new(Algorithm::RS256) };
        let claims = Claims {
            iss: &self.email,
            scope: SCOPE,
            aud: &self.audience,
            iat: now_s,
            exp: now_s + LIFETIME_S,
        };
        encode(&header, &claims, &self.key)
    }
}
