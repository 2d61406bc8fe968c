//! Who calls: tokens as they are handed out, and as they come back.
//!
//! A token is signed by the database's own key and lasts an hour. It is void at once when its user
//! is removed or has another password, and the role that counts is the one kept, not the one in it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use super::error::Problem;
use super::{Api, locked, off_the_runtime};
use crate::store::{By, Role, User, UserName};

/// How long a token lasts.
pub(super) const LIFETIME: Duration = Duration::from_hours(1);

/// By how many seconds the clocks of two machines on one database may differ.
const LEEWAY_S: u64 = 5;

/// What a token says.
#[derive(Serialize, Deserialize)]
struct Claims {
    sub: String,
    /// For whoever holds the token; not believed when it comes back.
    role: String,
    iat: i64,
    exp: i64,
    /// [`User::stamp`].
    stamp: String,
}

/// Makes tokens and reads them.
#[derive(Debug)]
pub(super) struct Tokens {
    sign: EncodingKey,
    check: DecodingKey,
    rules: Validation,
}

impl Tokens {
    /// Tokens signed with `key`, and no others.
    pub(super) fn signed_with(key: &[u8]) -> Self {
        let mut rules = Validation::new(Algorithm::HS256);
        rules.leeway = LEEWAY_S;
        rules.set_required_spec_claims(&["exp", "sub"]);
        Self { sign: EncodingKey::from_secret(key), check: DecodingKey::from_secret(key), rules }
    }

    /// A token for `user`.
    pub(super) fn issue(&self, user: &User) -> Result<String, jsonwebtoken::errors::Error> {
        let now = Timestamp::now();
        let claims = Claims {
            sub: user.name.to_string(),
            role: user.role.name().to_owned(),
            iat: now.as_second(),
            exp: (now + LIFETIME).as_second(),
            stamp: user.stamp.clone(),
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.sign)
    }

    /// The user and the stamp that a token names, if it is one of these and still lasts.
    fn read(&self, token: &str) -> Option<(UserName, String)> {
        let claims = jsonwebtoken::decode::<Claims>(token, &self.check, &self.rules).ok()?.claims;
        Some((claims.sub.parse().ok()?, claims.stamp))
    }
}

/// The user that a request comes from.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) name: UserName,
    pub(super) role: Role,
    /// The address of its connection.
    from: IpAddr,
}

impl Caller {
    /// In whose name something is done.
    pub(super) fn by(&self) -> By {
        By { who: self.name.to_string(), from: self.from.to_string() }
    }

    /// The caller, if it may do what takes one of `roles`.
    fn with(self, roles: &[Role]) -> Result<Self, Problem> {
        if roles.contains(&self.role) {
            return Ok(self);
        }
        let needed: Vec<_> = roles.iter().map(|role| role.name()).collect();
        let (name, role) = (&self.name, self.role.name());
        let detail = format!("this takes the role {}; {name} is a {role}", needed.join(" or "));
        Err(Problem::new(StatusCode::FORBIDDEN, detail))
    }
}

/// A caller who may handle incidents.
#[derive(Debug)]
pub(super) struct Operator(pub(super) Caller);

impl FromRequestParts<Arc<Api>> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, api).await?;
        caller.with(&[Role::Operator, Role::Admin]).map(Self)
    }
}

/// A caller who may do everything.
#[derive(Debug)]
pub(super) struct Admin;

impl FromRequestParts<Arc<Api>> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, api).await?;
        caller.with(&[Role::Admin]).map(|_| Self)
    }
}

impl FromRequestParts<Arc<Api>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Problem> {
        let Some(token) = bearer(parts) else {
            return Err(Problem::unauthorized("a token of POST /api/login is needed", "Bearer"));
        };
        let void = || Problem::unauthorized("the token is void", "Bearer error=\"invalid_token\"");
        let (name, stamp) = api.tokens.read(token).ok_or_else(void)?;
        let unknown = || Problem::of(StatusCode::INTERNAL_SERVER_ERROR);
        let from = parts.extensions.get::<ConnectInfo<SocketAddr>>().ok_or_else(unknown)?.0.ip();
        let api = Arc::clone(api);
        let found = off_the_runtime(move || locked(&api.accounts).find(&name)).await??;
        let user = found.filter(|user| user.stamp == stamp).ok_or_else(void)?;
        Ok(Self { name: user.name, role: user.role, from: from.to_canonical() })
    }
}

/// The token of an `Authorization` header; the name of its scheme has no case.
fn bearer(parts: &Parts) -> Option<&str> {
    let (scheme, token) = parts.headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}
