//! `/apply_rate_limit`, `/revert_rate_limit`, `/check_rate_limit` and `/api/decisions`: limits at
//! Ingresses, and what was decided about them.
//!
//! Limits are set, lifted and read by the engine's one task; nothing here talks to the cluster.

mod problem;
mod wanted;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use tracing::info;
use utoipa::{IntoParams, ToSchema};

use self::wanted::Wanted;
use super::Api;
use super::acts;
use super::alerts::taken;
use super::auth::{Caller, Operator};
use super::error::Problem;
use super::extract::{Body, Parameters};
use super::shape::{AppliedShape, DecisionShape, LimitStatusShape, RevertedShape};
use crate::engine::{LimitError, ResponseStatus};
use crate::respond::IngressName;

/// Set a limit at an Ingress
///
/// It is written by server-side apply under the field manager `weir`, with what it takes to undo it,
/// and is undone when its time is over. To ask for the same again only moves its end; another limit
/// takes its place. `dry_run` has the API server check it and says what would be written.
#[utoipa::path(
    post,
    path = "/apply_rate_limit",
    operation_id = "applyRateLimit",
    request_body = Wanted,
    security(("bearer" = [])),
    responses(
        (status = OK, description = "What was written, and how the Ingress stands since", body = AppliedShape),
        (status = BAD_REQUEST, description = "A name or a number cannot be taken, or the body is no JSON"),
        (status = UNAUTHORIZED, description = "No token, or one that is void"),
        (status = FORBIDDEN, description = "The user is no operator, Weir changes nothing, or the API server refuses it to Weir"),
        (status = NOT_FOUND, description = "There is no such Ingress or incident"),
        (status = REQUEST_TIMEOUT, description = "The body did not come in time"),
        (status = CONFLICT, description = "The Ingress changes too fast"),
        (status = PAYLOAD_TOO_LARGE, description = "The body is too large"),
        (status = UNSUPPORTED_MEDIA_TYPE, description = "The body has another type"),
        (status = UNPROCESSABLE_ENTITY, description = "The controller cannot do it, a guard holds it back, or the JSON is not what it should be"),
        (status = SERVICE_UNAVAILABLE, description = "There is no cluster, or it does not answer"),
    ),
)]
pub(super) async fn apply(
    State(api): State<Arc<Api>>,
    operator: Operator,
    Body(wanted): Body<Wanted>,
) -> Result<Json<AppliedShape>, Problem> {
    let by = operator.0.by();
    let request = wanted.request(&format!("{} via api", by.who))?;
    if let Some(id) = request.incident {
        api.incident(id).await?;
    }
    let applied = api.handle.limits().apply(request, by).await?;
    let (ingress, objects) = (&applied.status.ingress, applied.written.len());
    info!(user = %operator.0.name, %ingress, objects, "a limit was asked for");
    Ok(Json((&applied).into()))
}

/// Which limit is to be lifted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RevertRequest)]
pub(super) struct Lifted {
    /// Name of the Ingress.
    #[schema(example = "web")]
    ingress_name: String,
    /// Its namespace.
    #[schema(example = "shop")]
    namespace: String,
    /// Whether it is only said what would be written.
    #[serde(default)]
    dry_run: bool,
}

/// Lift the limit that Weir holds at an Ingress
///
/// Every value is as it was before, and whose it was before. What somebody has changed since is left
/// alone and told.
#[utoipa::path(
    post,
    path = "/revert_rate_limit",
    operation_id = "revertRateLimit",
    request_body = Lifted,
    security(("bearer" = [])),
    responses(
        (status = OK, description = "What was written, and how the Ingress stands since", body = RevertedShape),
        (status = BAD_REQUEST, description = "A name cannot be taken, or the body is no JSON"),
        (status = UNAUTHORIZED, description = "No token, or one that is void"),
        (status = FORBIDDEN, description = "The user is no operator, Weir changes nothing, or the API server refuses it to Weir"),
        (status = NOT_FOUND, description = "There is no such Ingress, or Weir holds no limit there"),
        (status = REQUEST_TIMEOUT, description = "The body did not come in time"),
        (status = CONFLICT, description = "The Ingress changes too fast"),
        (status = PAYLOAD_TOO_LARGE, description = "The body is too large"),
        (status = UNSUPPORTED_MEDIA_TYPE, description = "The body has another type"),
        (status = UNPROCESSABLE_ENTITY, description = "The JSON is not what it should be"),
        (status = SERVICE_UNAVAILABLE, description = "There is no cluster, or it does not answer"),
    ),
)]
pub(super) async fn revert(
    State(api): State<Arc<Api>>,
    operator: Operator,
    Body(Lifted { ingress_name, namespace, dry_run }): Body<Lifted>,
) -> Result<Json<RevertedShape>, Problem> {
    let ingress = name(&namespace, &ingress_name)?;
    let reverted = api.handle.limits().revert(ingress, operator.0.by(), dry_run).await?;
    let (ingress, objects) = (&reverted.status.ingress, reverted.written.len());
    info!(user = %operator.0.name, %ingress, objects, "a limit was to be lifted");
    Ok(Json((&reverted).into()))
}

/// Which Ingresses are asked for; all where nothing is said.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// Name of one Ingress, with its namespace.
    #[param(example = "web")]
    ingress_name: Option<String>,
    /// A namespace.
    #[param(example = "shop")]
    namespace: Option<String>,
}

/// What is asked for.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = CheckedLimits)]
pub(super) enum Checked {
    /// One Ingress.
    One(Box<LimitStatusShape>),
    /// Ingresses in order of their names.
    Many(Vec<LimitStatusShape>),
}

/// Read what is set at an Ingress, by whom, since when, until when, and what it was before
///
/// With both parameters one Ingress, else a list in order of names. Where it is not known which
/// Ingresses there are, that is said and no list is given.
#[utoipa::path(
    get,
    path = "/check_rate_limit",
    operation_id = "checkRateLimit",
    params(Asked),
    security(("bearer" = [])),
    responses(
        (status = OK, description = "How it stands", body = Checked),
        (status = BAD_REQUEST, description = "A parameter cannot be taken"),
        (status = UNAUTHORIZED, description = "No token, or one that is void"),
        (status = FORBIDDEN, description = "The API server refuses it to Weir"),
        (status = NOT_FOUND, description = "There is no such Ingress"),
        (status = SERVICE_UNAVAILABLE, description = "There is no cluster, or it does not answer"),
    ),
)]
pub(super) async fn check(
    State(api): State<Arc<Api>>,
    _caller: Caller,
    Parameters(asked): Parameters<Asked>,
) -> Result<Json<Checked>, Problem> {
    let limits = api.handle.limits();
    let Asked { ingress_name, namespace } = asked;
    let Some(ingress_name) = ingress_name else {
        let statuses = limits.list(None).await?;
        if statuses.is_empty() {
            // Where Ingresses may not be listed, none being known does not mean that there is none.
            api.handle.snapshot().cluster.listed("ingresses")?;
        }
        let is_asked = |of: &str| namespace.as_ref().is_none_or(|namespace| namespace == of);
        let statuses = statuses.iter().filter(|status| is_asked(status.ingress.namespace()));
        return Ok(Json(Checked::Many(statuses.map(LimitStatusShape::from).collect())));
    };
    let needed = || Problem::parameter("namespace", "expected that of the Ingress");
    let ingress = name(&namespace.ok_or_else(needed)?, &ingress_name)?;
    let statuses = limits.list(Some(ingress.clone())).await?;
    let status = statuses.first().ok_or(LimitError::NoIngress(ingress))?;
    Ok(Json(Checked::One(Box::new(status.into()))))
}

/// Which decisions are asked for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// At most so many, 1 to 200; all that are remembered where it is not said.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, default = 200)]
    limit: Option<String>,
    /// About this incident.
    incident: Option<String>,
}

/// List what was decided about incidents and limits, newest first
///
/// The last 200 are remembered as long as the engine runs; the audit holds all that was done.
#[utoipa::path(
    get,
    path = "/api/decisions",
    operation_id = "listDecisions",
    params(Which),
    security(("bearer" = [])),
    responses(
        (status = OK, description = "Decisions", body = Vec<DecisionShape>),
        (status = BAD_REQUEST, description = "A parameter cannot be taken"),
        (status = UNAUTHORIZED, description = "No token, or one that is void"),
    ),
)]
pub(super) async fn decisions(
    State(api): State<Arc<Api>>,
    _caller: Caller,
    Parameters(Which { limit, incident }): Parameters<Which>,
) -> Result<Json<Vec<DecisionShape>>, Problem> {
    let limit = taken("limit", limit, "expected a whole number from 1 to 200", |text| {
        text.parse().ok().filter(|limit| (1..=ResponseStatus::DECISIONS).contains(limit))
    })?;
    let incident = taken("incident", incident, wanted::INCIDENT, |text| acts::id(text).ok())?;
    let snapshot = api.handle.snapshot();
    let decisions = snapshot.response.decisions.iter();
    let decisions = decisions.filter(|one| incident.is_none() || one.incident == incident);
    let decisions = decisions.take(limit.unwrap_or(ResponseStatus::DECISIONS));
    Ok(Json(decisions.map(|decision| DecisionShape::from(&**decision)).collect()))
}

fn name(namespace: &str, name: &str) -> Result<IngressName, Problem> {
    Ok(IngressName::new(namespace, name)?)
}
