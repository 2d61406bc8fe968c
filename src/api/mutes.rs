//! `/api/mutes`: of which incidents no sink is told.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderName, StatusCode, header};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::auth::{Caller, Operator};
use super::error::Problem;
use super::extract::{Body, Parameters};
use super::{Api, locked, off_the_runtime};
use crate::engine::{Command, Done};
use crate::incident::{MuteId, rfc3339};
use crate::store::{Mute, NewMute};

/// A mute.
#[derive(Serialize, ToSchema)]
#[schema(as = Mute)]
pub(super) struct Told {
    /// Its number.
    id: i64,
    /// Which incidents, in the filter language.
    #[schema(example = "class:scan src:10.0.0.9")]
    filter: String,
    /// Why.
    reason: String,
    /// Who wanted it.
    author: String,
    /// Since when.
    #[schema(format = DateTime)]
    created_at: String,
    /// Until when.
    #[schema(format = DateTime)]
    expires_at: String,
    /// Incidents that it has hidden.
    hidden: u64,
}

impl From<Mute> for Told {
    fn from(mute: Mute) -> Self {
        Self {
            id: mute.id.0,
            filter: mute.filter,
            reason: mute.reason,
            author: mute.author,
            created_at: rfc3339(mute.created_us),
            expires_at: rfc3339(mute.expires_us),
            hidden: mute.hidden,
        }
    }
}

/// A mute as somebody wants it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// Which incidents, in the filter language; not all.
    #[schema(example = "class:scan src:10.0.0.9")]
    filter: String,
    /// Why.
    #[schema(example = "our own scanner")]
    reason: String,
    /// Until when, within a year (RFC 3339).
    #[schema(format = DateTime)]
    expires_at: String,
}

/// Which mutes are asked for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// Whether those that have ended are listed too.
    #[serde(default)]
    all: bool,
}

/// List mutes, newest first
#[utoipa::path(
    get,
    path = "/api/mutes",
    operation_id = "listMutes",
    params(Asked),
    security(("bearer" = [])),
    responses(
        (status = OK, description = "Mutes", body = Vec<Told>),
        (status = BAD_REQUEST, description = "A parameter cannot be taken"),
        (status = UNAUTHORIZED, description = "No token, or one that is void"),
    ),
)]
pub(super) async fn get(
    State(api): State<Arc<Api>>,
    _caller: Caller,
    Parameters(Asked { all }): Parameters<Asked>,
) -> Result<Json<Vec<Told>>, Problem> {
    let mutes = off_the_runtime(move || locked(&api.reader).mutes(all)).await??;
    Ok(Json(mutes.into_iter().map(Told::from).collect()))
}

/// Keep incidents from the sinks
#[utoipa::path(
    post,
    path = "/api/mutes",
    operation_id = "addMute",
    request_body = Wanted,
    security(("bearer" = [])),
    responses(
        (
            status = CREATED,
            description = "The mute",
            body = Told,
            headers(("Location" = String, description = "Where it is ended")),
        ),
        (status = BAD_REQUEST, description = "The mute cannot be taken, or the body is no JSON"),
        (status = UNAUTHORIZED, description = "No token, or one that is void"),
        (status = FORBIDDEN, description = "The user is no operator"),
        (status = REQUEST_TIMEOUT, description = "The body did not come in time"),
        (status = PAYLOAD_TOO_LARGE, description = "The body is too large"),
        (status = UNSUPPORTED_MEDIA_TYPE, description = "The body has another type"),
        (status = UNPROCESSABLE_ENTITY, description = "The JSON is not what it should be"),
    ),
)]
pub(super) async fn post(
    State(api): State<Arc<Api>>,
    operator: Operator,
    Body(Wanted { filter, reason, expires_at }): Body<Wanted>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<Told>), Problem> {
    let expires_us = expires_at.parse::<Timestamp>().map(Timestamp::as_microsecond);
    let expected = "expected a time such as 2026-11-25T08:00:00Z";
    let expires_us = expires_us.map_err(|_| Problem::parameter("expires_at", expected))?;
    let mute = Command::Mute(NewMute { filter, reason, expires_us });
    let mute = act(&api, operator, mute).await?;
    let place = [(header::LOCATION, format!("/api/mutes/{}", mute.id))];
    Ok((StatusCode::CREATED, place, Json(mute)))
}

/// End a mute now
#[utoipa::path(
    delete,
    path = "/api/mutes/{id}",
    operation_id = "endMute",
    params(("id" = i64, Path, description = "Number of the mute")),
    security(("bearer" = [])),
    responses(
        (status = OK, description = "The mute as it is since", body = Told),
        (status = UNAUTHORIZED, description = "No token, or one that is void"),
        (status = FORBIDDEN, description = "The user is no operator"),
        (status = NOT_FOUND, description = "There is no such mute that goes on"),
    ),
)]
pub(super) async fn delete(
    State(api): State<Arc<Api>>,
    operator: Operator,
    Path(text): Path<String>,
) -> Result<Json<Told>, Problem> {
    let id = text.parse().map(MuteId).map_err(|_| Problem::of(StatusCode::NOT_FOUND))?;
    act(&api, operator, Command::Unmute(id)).await.map(Json)
}

async fn act(api: &Api, operator: Operator, command: Command) -> Result<Told, Problem> {
    match api.handle.act(command, operator.0.by()).await? {
        Done::Mute(mute) => Ok(mute.into()),
        Done::Incident(_) | Done::Retried(_) => Err(Problem::of(StatusCode::INTERNAL_SERVER_ERROR)),
    }
}
