//! `/api/outbox` and `/api/sinks`: what is to be told, to whom, and how that goes.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::alerts::{next_page, taken};
use super::auth::{Caller, Operator};
use super::error::Problem;
use super::extract::{Body, Parameters};
use super::{Api, locked, off_the_runtime};
use crate::engine::{Command, Done, SinkStatus};
use crate::incident::{SinkName, rfc3339};
use crate::store::{Entry, EntryState, Which};

/// Entries of an answer where nothing else is asked for, and at most.
const USUAL: usize = 100;
const MOST: usize = 1_000;

/// One change of an incident that a sink is to be told of.
#[derive(Serialize, ToSchema)]
#[schema(as = OutboxEntry)]
pub(super) struct Told {
    /// Its place in the order of all entries.
    entry: i64,
    /// Who is to be told.
    #[schema(example = "slack")]
    sink: &'static str,
    /// `opened`, `reopened`, `changed`, `acknowledged`, `resolved` or `grown`.
    news: &'static str,
    /// Id of the incident.
    alert: String,
    /// What the incident is.
    class: &'static str,
    /// How urgent it is.
    severity: &'static str,
    /// `waiting`, or `parked` where the sink has refused it or an earlier one of the incident.
    state: &'static str,
    /// Changes that it stands for.
    stands_for: u64,
    /// How often it was tried.
    attempts: u32,
    /// What the sink said last.
    #[schema(required = true, nullable)]
    error: Option<String>,
    /// When it was put in.
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<Entry> for Told {
    fn from(entry: Entry) -> Self {
        Self {
            entry: entry.seq,
            sink: entry.sink.name(),
            news: entry.news.name(),
            alert: entry.incident.id.to_string(),
            class: entry.incident.class.name(),
            severity: entry.incident.severity.name(),
            state: match entry.state {
                EntryState::Waiting => "waiting",
                EntryState::Parked => "parked",
            },
            stands_for: entry.stands_for,
            attempts: entry.attempts,
            error: entry.error,
            created_at: rfc3339(entry.created_us),
        }
    }
}

/// How a sink is doing.
#[derive(Serialize, ToSchema)]
#[schema(as = Sink)]
pub(super) struct Status {
    /// Which.
    #[schema(example = "slack")]
    sink: &'static str,
    /// Entries that wait.
    waiting: u64,
    /// Entries that it has refused, and those behind them.
    parked: u64,
    /// When the oldest of those that wait was put in.
    #[schema(format = DateTime, required = true, nullable)]
    oldest_at: Option<String>,
    /// Entries it has taken, ever.
    delivered: u64,
    /// Entries that a digest stood for, ever.
    digested: u64,
    /// When it last took something.
    #[schema(format = DateTime, required = true, nullable)]
    last_success_at: Option<String>,
    /// What it says as long as it takes nothing.
    #[schema(required = true, nullable)]
    failure: Option<String>,
}

impl From<&SinkStatus> for Status {
    fn from(status: &SinkStatus) -> Self {
        let SinkStatus { sink, depth, failure } = status;
        Self {
            sink: sink.name(),
            waiting: depth.waiting,
            parked: depth.parked,
            oldest_at: depth.oldest_us.map(rfc3339),
            delivered: depth.delivered,
            digested: depth.digested,
            last_success_at: depth.last_success_us.map(rfc3339),
            failure: failure.clone(),
        }
    }
}

/// Which entries are asked for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// At most so many, 1 to 1000; 100 where it is not said.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 1000, default = 100)]
    limit: Option<String>,
    /// Where the next page begins, as the `Link` header said.
    cursor: Option<String>,
}

/// List what is to be told, oldest first
#[utoipa::path(
    get,
    path = "/api/outbox",
    operation_id = "listOutbox",
    params(Asked),
    security(("bearer" = [])),
    responses(
        (
            status = OK,
            description = "Entries",
            body = Vec<Told>,
            headers(("Link" = String, description = "The next page: `<URL>; rel=\"next\"`")),
        ),
        (status = BAD_REQUEST, description = "A parameter cannot be taken"),
        (status = UNAUTHORIZED, description = "No token, or one that is void"),
    ),
)]
pub(super) async fn get(
    State(api): State<Arc<Api>>,
    _caller: Caller,
    uri: Uri,
    Parameters(Asked { limit, cursor }): Parameters<Asked>,
) -> Result<Response, Problem> {
    let limit = taken("limit", limit, "expected a whole number from 1 to 1000", |text| {
        text.parse().ok().filter(|limit| (1..=MOST).contains(limit))
    })?
    .unwrap_or(USUAL);
    let after = taken("cursor", cursor, "expected one of a Link header", |text| text.parse().ok())?;
    let read = move || locked(&api.reader).outbox(after.unwrap_or(0), limit);
    let entries = off_the_runtime(read).await??;
    let last = entries.last().filter(|_| entries.len() == limit).map(|last| last.seq);
    let entries: Vec<_> = entries.into_iter().map(Told::from).collect();
    let mut response = Json(entries).into_response();
    if let Some(last) = last {
        let link = HeaderValue::try_from(next_page(uri.path(), uri.query(), &last));
        response.headers_mut().extend(link.ok().map(|link| (header::LINK, link)));
    }
    Ok(response)
}

/// List sinks, and how they are doing
#[utoipa::path(
    get,
    path = "/api/sinks",
    operation_id = "listSinks",
    security(("bearer" = [])),
    responses(
        (status = OK, description = "Sinks", body = Vec<Status>),
        (status = UNAUTHORIZED, description = "No token, or one that is void"),
    ),
)]
pub(super) async fn sinks(State(api): State<Arc<Api>>, _caller: Caller) -> Json<Vec<Status>> {
    Json(api.handle.snapshot().sinks.iter().map(Status::from).collect())
}

/// Which entries are to be tried again: those of a sink, those of the incident and sink of an entry,
/// or all.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Again {
    /// The name of a sink.
    #[schema(required = false, example = "slack")]
    sink: Option<String>,
    /// The number of an entry.
    #[schema(required = false)]
    entry: Option<i64>,
}

/// How many entries are tried again.
#[derive(Serialize, ToSchema)]
pub(super) struct Retried {
    /// So many.
    retried: u64,
}

/// Try again what sinks have refused
#[utoipa::path(
    post,
    path = "/api/outbox/retry",
    operation_id = "retryOutbox",
    request_body = Again,
    security(("bearer" = [])),
    responses(
        (status = OK, description = "They wait again, in order", body = Retried),
        (status = BAD_REQUEST, description = "There is no such sink, or the body is no JSON"),
        (status = UNAUTHORIZED, description = "No token, or one that is void"),
        (status = FORBIDDEN, description = "The user is no operator"),
        (status = NOT_FOUND, description = "There is no such entry that is parked"),
        (status = REQUEST_TIMEOUT, description = "The body did not come in time"),
        (status = PAYLOAD_TOO_LARGE, description = "The body is too large"),
        (status = UNSUPPORTED_MEDIA_TYPE, description = "The body has another type"),
        (status = UNPROCESSABLE_ENTITY, description = "The JSON is not what it should be"),
    ),
)]
pub(super) async fn retry(
    State(api): State<Arc<Api>>,
    operator: Operator,
    Body(again): Body<Again>,
) -> Result<Json<Retried>, Problem> {
    let which = match again {
        Again { sink: None, entry: None } => Which::All,
        Again { sink: None, entry: Some(entry) } => Which::Entry(entry),
        Again { sink: Some(name), entry: None } => {
            let names = SinkName::ALL.map(SinkName::name).join(", ");
            let expected = format!("expected one of {names}");
            let sink = SinkName::named(&name);
            Which::Of(sink.ok_or_else(|| Problem::parameter("sink", &expected))?)
        }
        Again { sink: Some(_), entry: Some(_) } => {
            return Err(Problem::new(StatusCode::BAD_REQUEST, "expected a sink or an entry"));
        }
    };
    match api.handle.act(Command::Retry(which), operator.0.by()).await? {
        Done::Retried(retried) => Ok(Json(Retried { retried })),
        Done::Incident(_) | Done::Mute(_) => Err(Problem::of(StatusCode::INTERNAL_SERVER_ERROR)),
    }
}
