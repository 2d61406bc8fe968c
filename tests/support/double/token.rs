//! A token endpoint for service accounts (RFC 7523), which verifies what it is shown.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::account::ServiceAccount;
use super::http::{Answer, Request};
use super::server::Service;

/// What must be asked for.
pub const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// What a token for the database is good for.
pub const SCOPES: [&str; 2] = [
    "https://www.googleapis.com/auth/firebase.database",
    "https://www.googleapis.com/auth/userinfo.email",
];

/// The longest life of an assertion, in seconds.
const LONGEST_S: i64 = 3_600;

/// How far two clocks may be apart, in seconds.
const SKEW_S: i64 = 10;

/// Tokens that were handed out and not taken back.
#[derive(Debug, Clone, Default)]
pub struct Issued(Arc<Mutex<BTreeSet<String>>>);

impl Issued {
    /// Whether `token` lets its bearer in.
    pub fn holds(&self, token: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(token)
    }

    /// Takes all tokens back.
    pub fn revoke(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn issue(&self) -> String {
        let token = format!("ya29.{:032x}", fastrand::u128(..));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(token.clone());
        token
    }
}

/// What an assertion says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claims {
    /// Who asks.
    pub iss: String,
    /// For what.
    pub scope: String,
    /// Whom.
    pub aud: String,
    /// When it was made, in seconds since the epoch.
    pub iat: i64,
    /// Until when it is good.
    pub exp: i64,
}

/// A token endpoint that knows one service account.
pub struct TokenEndpoint {
    account: ServiceAccount,
    key: DecodingKey,
    /// Its own URL, which assertions must name.
    pub url: String,
    /// For how long it says that a token is good, in seconds.
    pub expires_in: u64,
    /// What it has handed out.
    pub issued: Issued,
    /// The assertions that it has believed, in order.
    pub granted: Vec<String>,
    /// Why it did not, in order.
    pub refused: Vec<String>,
}

impl TokenEndpoint {
    /// One at `url` that knows `account`.
    pub fn new(account: &ServiceAccount, url: String) -> Self {
        let key = DecodingKey::from_rsa_pem(account.public_key.as_bytes()).expect("a public key");
        let (granted, refused, issued) = (Vec::new(), Vec::new(), Issued::default());
        Self { account: account.clone(), key, url, expires_in: 3_600, issued, granted, refused }
    }

    /// Why an assertion proves nothing at `now_s`.
    fn doubt(&self, assertion: &str, now_s: i64) -> Result<(), String> {
        let header = decode_header(assertion).map_err(|error| error.to_string())?;
        if header.kid.as_ref() != Some(&self.account.key_id) {
            return Err("kid".into());
        }
        let mut rules = Validation::new(Algorithm::RS256);
        rules.set_audience(&[&self.url]);
        rules.set_issuer(&[&self.account.email]);
        rules.set_required_spec_claims(&["exp", "aud", "iss"]);
        rules.leeway = 0;
        let claims = decode::<Claims>(assertion, &self.key, &rules)
            .map_err(|error| error.to_string())?
            .claims;
        if claims.iat > now_s + SKEW_S {
            return Err("iat is in the future".into());
        }
        if claims.exp - claims.iat > LONGEST_S {
            return Err("exp is more than an hour after iat".into());
        }
        let asked: BTreeSet<_> = claims.scope.split(' ').collect();
        if SCOPES.iter().all(|scope| asked.contains(scope)) { Ok(()) } else { Err("scope".into()) }
    }
}

impl Service for TokenEndpoint {
    fn answer(&mut self, request: &Request) -> Answer {
        let form = String::from_utf8_lossy(&request.body);
        let form = reqwest::Url::parse(&format!("http://form/?{form}")).expect("a query is free");
        let field = |name: &str| form.query_pairs().find(|(key, _)| key == name).map(|(_, v)| v);
        let grant = field("grant_type");
        if request.method != "POST" || grant.as_deref() != Some(GRANT) {
            return Answer::refused(400, r#"{"error":"unsupported_grant_type"}"#);
        }
        let assertion = field("assertion").unwrap_or_default();
        if let Err(why) = self.doubt(&assertion, Timestamp::now().as_second()) {
            let said = json!({ "error": "invalid_grant", "error_description": &why }).to_string();
            self.refused.push(why);
            return Answer::refused(400, said);
        }
        self.granted.push(assertion.into_owned());
        let said = json!({
            "access_token": self.issued.issue(),
            "expires_in": self.expires_in,
            "token_type": "Bearer",
        });
        Answer::refused(200, said.to_string()).with("content-type", "application/json")
    }

    fn error_body(&self) -> String {
        r#"{"error":"internal_failure"}"#.into()
    }
}
