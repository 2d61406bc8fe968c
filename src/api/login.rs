//! `POST /api/login`: a name and a password for a token.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout};
use tracing::{error, info, warn};
use utoipa::ToSchema;

use super::auth::LIFETIME;
use super::error::Problem;
use super::extract::Body;
use super::{Api, locked, off_the_runtime};
use crate::store::{self, PasswordHash, User, UserName};

/// Passwords checked at once: each takes a core for some ten milliseconds, and 19 MiB.
pub(super) const CHECKS_AT_ONCE: usize = 2;

/// How long an attempt waits for its turn to be checked.
const TURN: Duration = Duration::from_secs(3);

/// Who wants a token.
#[derive(Deserialize, ToSchema)]
pub(super) struct Credentials {
    /// As it was added by `weir user add`.
    #[schema(example = "ops")]
    username: String,
    /// In plain text: keep the connection to this machine, or put TLS before it.
    #[schema(format = Password)]
    password: String,
}

/// A token for the `Authorization` header.
#[expect(clippy::struct_field_names, reason = "the members are those of RFC 6749, 5.1")]
#[derive(Serialize, ToSchema)]
pub(super) struct Token {
    /// The token; what is in it is nobody's business.
    access_token: String,
    /// How it is sent: `Authorization: Bearer TOKEN`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// For how many seconds it lasts.
    #[schema(example = 3600)]
    expires_in: u64,
}

/// Get a token
///
/// Wrong passwords are slowed down by address and by name. An unknown name is answered as a wrong
/// password is, and takes as long.
#[utoipa::path(
    post,
    path = "/api/login",
    operation_id = "logIn",
    request_body = Credentials,
    responses(
        (status = OK, description = "A token", body = Token),
        (status = BAD_REQUEST, description = "The body is no JSON"),
        (status = UNAUTHORIZED, description = "Wrong name or password"),
        (status = REQUEST_TIMEOUT, description = "The body did not come in time"),
        (status = PAYLOAD_TOO_LARGE, description = "The body is too large"),
        (status = UNSUPPORTED_MEDIA_TYPE, description = "The body has another type"),
        (status = UNPROCESSABLE_ENTITY, description = "The JSON is not of this form"),
        (status = TOO_MANY_REQUESTS, description = "Too many wrong passwords; `Retry-After` says when to come again"),
        (status = SERVICE_UNAVAILABLE, description = "Busy, or the database fails"),
    ),
)]
pub(super) async fn post(
    State(api): State<Arc<Api>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    Body(Credentials { username, password }): Body<Credentials>,
) -> Result<Json<Token>, Problem> {
    let name = username.parse::<UserName>().ok();
    // Names that nobody can have share one limit.
    let key = name.as_ref().map(|name| name.to_string().to_lowercase()).unwrap_or_default();
    let paid = locked(&api.throttle).pay(from.ip(), &key, Instant::now());
    paid.map_err(|wait| {
        warn!(from = %from.ip(), user = key, "too many wrong passwords");
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "too many wrong passwords").retry_after(wait)
    })?;
    let found = check_in_turn(&api, name, password).await;
    // Only a wrong password costs something.
    if !matches!(found, Ok(None)) {
        locked(&api.throttle).pay_back(from.ip(), &key);
    }
    let Some(user) = found? else {
        warn!(from = %from.ip(), user = key, "wrong name or password");
        return Err(Problem::unauthorized("wrong name or password", "Bearer"));
    };
    info!(from = %from.ip(), user = %user.name, role = user.role.name(), "logged in");
    token(&api, &user).map(Json)
}

/// Checks a password once fewer than [`CHECKS_AT_ONCE`] are being checked.
async fn check_in_turn(
    api: &Arc<Api>,
    name: Option<UserName>,
    password: String,
) -> Result<Option<User>, Problem> {
    let turn = timeout(TURN, Arc::clone(&api.checks).acquire_owned()).await;
    let Ok(Ok(turn)) = turn else {
        let busy = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too many logins at once");
        return Err(busy.retry_after(TURN));
    };
    let api = Arc::clone(api);
    let checked = off_the_runtime(move || {
        // The turn ends with the check, even where nobody waits for its outcome any more.
        let _turn = turn;
        check(&api, name.as_ref(), &password)
    });
    Ok(checked.await??)
}

/// The user with this name and password. To find none takes as long as to find one.
fn check(api: &Api, name: Option<&UserName>, password: &str) -> Result<Option<User>, store::Error> {
    let user = name.map(|name| locked(&api.accounts).find(name)).transpose()?.flatten();
    let hash = user.as_ref().map_or(&api.decoy, |user| &user.password);
    let is_right = password.chars().count() <= PasswordHash::LONGEST && hash.matches(password);
    Ok(user.filter(|_| is_right))
}

fn token(api: &Api, user: &User) -> Result<Token, Problem> {
    let access_token = api.tokens.issue(user).map_err(|error| {
        error!(%error, "a token could not be signed");
        Problem::of(StatusCode::INTERNAL_SERVER_ERROR)
    })?;
    Ok(Token { access_token, token_type: "Bearer", expires_in: LIFETIME.as_secs() })
}
