//! `/api/alerts/{id}`: one incident, and what people do about it.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::{Caller, Operator};
use super::error::Problem;
use super::extract::Body;
use super::shape::AlertImageShape;
use super::{Api, locked, off_the_runtime};
use crate::engine::{Command, Done};
use crate::incident::{Alert, Feedback, Incident, IncidentId};
use crate::store;

/// The incident of an id as it is written: all of its sixteen digits.
pub(super) fn id(text: &str) -> Result<IncidentId, Problem> {
    let is_whole = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let bits = is_whole.then(|| u64::from_str_radix(text, 16).ok()).flatten();
    bits.map(IncidentId).ok_or_else(|| Problem::of(StatusCode::NOT_FOUND))
}

impl Api {
    /// The incident of this id.
    pub(super) async fn incident(self: &Arc<Self>, id: IncidentId) -> Result<Incident, Problem> {
        let api = Arc::clone(self);
        let found = off_the_runtime(move || locked(&api.reader).incident(id)).await??;
        found.ok_or_else(|| Problem::from(store::Error::NoIncident(id)))
    }
}

/// An incident, and what is known to be wrong with the images of its pods.
#[derive(Serialize, ToSchema)]
#[schema(as = AlertWithImages)]
pub(super) struct Detail {
    #[serde(flatten)]
    alert: Alert,
    /// Images of the pods that it names, as what runs now under their names, as far as Trivy has looked;
    /// the worst first, empty where nothing is known.
    images: Vec<AlertImageShape>,
}

/// Read one incident
#[utoipa::path(
    get,
    path = "/api/alerts/{id}",
    operation_id = "readAlert",
    params(("id" = String, Path, description = "Id of the incident")),
    security(("bearer" = [])),
    responses(
        (status = OK, description = "The incident", body = Detail),
        (status = UNAUTHORIZED, description = "No token, or one that is void"),
        (status = NOT_FOUND, description = "There is no such incident"),
    ),
)]
pub(super) async fn get(
    State(api): State<Arc<Api>>,
    _caller: Caller,
    Path(text): Path<String>,
) -> Result<Json<Detail>, Problem> {
    let incident = api.incident(id(&text)?).await?;
    let now_us = Timestamp::now().as_microsecond();
    let images = AlertImageShape::of(&incident, &api.handle.snapshot().scans, now_us);
    Ok(Json(Detail { alert: Alert::from(&incident), images }))
}

/// Read what Tetragon said of an incident
///
/// Events of the processes that are part of it, oldest first, at most 32, each as Tetragon's JSON export
/// has it: how they were started, and their connections. They are kept as long as the incident.
#[utoipa::path(
    get,
    path = "/api/alerts/{id}/events",
    operation_id = "readAlertEvents",
    params(("id" = String, Path, description = "Id of the incident")),
    security(("bearer" = [])),
    responses(
        (status = OK, description = "The events", body = Vec<Object>),
        (status = UNAUTHORIZED, description = "No token, or one that is void"),
        (status = NOT_FOUND, description = "There is no such incident"),
    ),
)]
pub(super) async fn events(
    State(api): State<Arc<Api>>,
    _caller: Caller,
    Path(text): Path<String>,
) -> Result<Response, Problem> {
    let id = api.incident(id(&text)?).await?.id;
    let events = off_the_runtime(move || locked(&api.reader).events(id)).await??;
    // What is no JSON was written by somebody else.
    let is_json = |event: &String| serde_json::from_str::<IgnoredAny>(event).is_ok();
    let events: Vec<_> = events.into_iter().filter(is_json).collect();
    let json = format!("[{}]", events.join(","));
    Ok(([(header::CONTENT_TYPE, "application/json")], json).into_response())
}

/// Take an incident on
///
/// It stays acknowledged until it is over. To do it again changes nothing.
#[utoipa::path(
    post,
    path = "/api/alerts/{id}/ack",
    operation_id = "acknowledgeAlert",
    params(("id" = String, Path, description = "Id of the incident")),
    security(("bearer" = [])),
    responses(
        (status = OK, description = "The incident as it is since", body = Alert),
        (status = UNAUTHORIZED, description = "No token, or one that is void"),
        (status = FORBIDDEN, description = "The user is no operator"),
        (status = NOT_FOUND, description = "There is no such incident"),
        (status = CONFLICT, description = "It is resolved"),
    ),
)]
pub(super) async fn acknowledge(
    State(api): State<Arc<Api>>,
    operator: Operator,
    Path(text): Path<String>,
) -> Result<Json<Alert>, Problem> {
    act(&api, operator, Command::Acknowledge(id(&text)?)).await
}

/// Say that an incident is over
///
/// What alarms after that is a new life of it. To do it again changes nothing.
#[utoipa::path(
    post,
    path = "/api/alerts/{id}/resolve",
    operation_id = "resolveAlert",
    params(("id" = String, Path, description = "Id of the incident")),
    security(("bearer" = [])),
    responses(
        (status = OK, description = "The incident as it is since", body = Alert),
        (status = UNAUTHORIZED, description = "No token, or one that is void"),
        (status = FORBIDDEN, description = "The user is no operator"),
        (status = NOT_FOUND, description = "There is no such incident"),
    ),
)]
pub(super) async fn resolve(
    State(api): State<Arc<Api>>,
    operator: Operator,
    Path(text): Path<String>,
) -> Result<Json<Alert>, Problem> {
    act(&api, operator, Command::Resolve(id(&text)?)).await
}

/// What somebody says of an incident who has looked.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AlertFeedback)]
pub(super) struct Opinion {
    /// `false` where nothing was wrong, `true` where it was an attack.
    #[schema(example = "false")]
    feedback: String,
}

/// Say whether an incident was an attack
///
/// Where nothing was wrong, as much evidence as it has now is accepted where it is: more than half as much
/// again makes the next incident of that class there. Where it was an attack, that is taken back. It is
/// not over by that.
#[utoipa::path(
    post,
    path = "/api/alerts/{id}/feedback",
    operation_id = "judgeAlert",
    params(("id" = String, Path, description = "Id of the incident")),
    request_body = Opinion,
    security(("bearer" = [])),
    responses(
        (status = OK, description = "The incident as it is since", body = Alert),
        (status = BAD_REQUEST, description = "The feedback cannot be taken, or the body is no JSON"),
        (status = UNAUTHORIZED, description = "No token, or one that is void"),
        (status = FORBIDDEN, description = "The user is no operator"),
        (status = NOT_FOUND, description = "There is no such incident"),
        (status = REQUEST_TIMEOUT, description = "The body did not come in time"),
        (status = CONFLICT, description = "It is not known how much evidence it had, or where; or too much is accepted"),
        (status = PAYLOAD_TOO_LARGE, description = "The body is too large"),
        (status = UNSUPPORTED_MEDIA_TYPE, description = "The body has another type"),
        (status = UNPROCESSABLE_ENTITY, description = "The JSON is not what it should be"),
    ),
)]
pub(super) async fn judge(
    State(api): State<Arc<Api>>,
    operator: Operator,
    Path(text): Path<String>,
    Body(Opinion { feedback }): Body<Opinion>,
) -> Result<Json<Alert>, Problem> {
    let expected = || Problem::parameter("feedback", "expected \"false\" or \"true\"");
    let feedback = Feedback::named(&feedback).ok_or_else(expected)?;
    act(&api, operator, Command::Feedback(id(&text)?, feedback)).await
}

async fn act(api: &Api, operator: Operator, command: Command) -> Result<Json<Alert>, Problem> {
    match api.handle.act(command, operator.0.by()).await? {
        Done::Incident(incident) => Ok(Json(Alert::from(&*incident))),
        Done::Mute(_) | Done::Retried(_) => Err(Problem::of(StatusCode::INTERNAL_SERVER_ERROR)),
    }
}
