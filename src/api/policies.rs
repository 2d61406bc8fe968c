//! `/api/get-policies`, `/api/enforce-policy` and `/api/delete-policy`: policies of Tetragon, and what
//! agents make of them.
//!
//! Policies are applied, deleted and read by the engine's one task; nothing here talks to the cluster or
//! to agents.

mod problem;
mod wanted;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tracing::info;
use utoipa::{IntoParams, ToSchema};

use self::wanted::{ShortForm, Wanted};
use super::Api;
use super::alerts::taken;
use super::auth::{Caller, Operator};
use super::error::Problem;
use super::extract::{Body, Parameters};
use super::shape::{PolicyAppliedShape, PolicyDeletedShape, PolicyShape};
use crate::engine::{PolicyApplied, PolicyRequest};
use crate::policy::{PolicyMode, PolicyName};

/// The header that says what a list does not.
const NOTES: &str = "x-weir-notes";

/// Bytes of that header.
const LONGEST_NOTES: usize = 2_000;

/// List policies and what each agent makes of them, worst first
///
/// A policy that is applied and not loaded comes first. What is not known, such as agents that do not
/// answer, or that the cluster has no such policies at all, is said in the header `X-Weir-Notes`.
#[utoipa::path(
    get,
    path = "/api/get-policies",
    operation_id = "listPolicies",
    security(("bearer" = [])),
    responses(
        (status = OK, description = "Policies", body = Vec<PolicyShape>),
        (status = UNAUTHORIZED, description = "No token, or one that is void"),
        (status = FORBIDDEN, description = "The API server refuses it to Weir"),
        (status = SERVICE_UNAVAILABLE, description = "There is neither a cluster nor an agent that can be asked, or the cluster does not answer"),
    ),
)]
pub(super) async fn get(State(api): State<Arc<Api>>, _caller: Caller) -> Result<Response, Problem> {
    let list = api.handle.policies().list().await?;
    let shapes: Vec<_> = list.policies.iter().map(|status| PolicyShape::from(&**status)).collect();
    let mut response = Json(shapes).into_response();
    if let Some(notes) = header(&list.notes) {
        response.headers_mut().insert(NOTES, notes);
    }
    Ok(response)
}

/// Notes as a header may hold them: printable ASCII, and not endless.
fn header(notes: &[String]) -> Option<HeaderValue> {
    let plain = |c: char| if c == ' ' || c.is_ascii_graphic() { c } else { '?' };
    let text: String = notes.join("; ").chars().take(LONGEST_NOTES).map(plain).collect();
    if text.is_empty() { None } else { HeaderValue::from_str(&text).ok() }
}

/// How a policy is to be applied.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct How {
    /// The mode to put into it: `monitor` only tells, `enforce` acts.
    #[param(value_type = Option<String>, example = "monitor")]
    mode: Option<String>,
    /// Whether the API server only checks it.
    #[param(value_type = Option<bool>, default = false)]
    dry_run: Option<String>,
    /// Whether it is applied although Weir says that it would harm.
    #[param(value_type = Option<bool>, default = false)]
    force: Option<String>,
}

/// A policy as a whole object, or in short.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(as = PolicyRequest)]
#[expect(dead_code, reason = "it describes what `Wanted` reads")]
enum Described {
    /// A `TracingPolicy` or `TracingPolicyNamespaced`, as JSON; as YAML under its own media type.
    Whole(serde_json::Map<String, serde_json::Value>),
    /// Kills whatever is started from this file.
    Short(ShortForm),
}

/// Apply a policy
///
/// The API server checks it first and is quoted where it refuses; then it is written by server-side apply
/// under the field manager `weir`. Without a cluster each agent is given it. The answer waits up to three
/// seconds for what agents make of it. What would kill or fail calls where Weir, Kubernetes or the node
/// need them is refused with 409 unless `force` is set.
#[utoipa::path(
    post,
    path = "/api/enforce-policy",
    operation_id = "applyPolicy",
    params(How),
    request_body(content(
        (Described = "application/json"),
        (String = "application/yaml"),
    )),
    security(("bearer" = [])),
    responses(
        (status = OK, description = "What was written, and how the policy stands since", body = PolicyAppliedShape),
        (status = BAD_REQUEST, description = "It is no policy: what is wrong, and where"),
        (status = UNAUTHORIZED, description = "No token, or one that is void"),
        (status = FORBIDDEN, description = "The user is no operator, Weir changes nothing, or the API server refuses it to Weir"),
        (status = NOT_FOUND, description = "There is no such namespace"),
        (status = REQUEST_TIMEOUT, description = "The body did not come in time"),
        (status = CONFLICT, description = "It would harm, and `force` is not set"),
        (status = PAYLOAD_TOO_LARGE, description = "The body is too large"),
        (status = UNSUPPORTED_MEDIA_TYPE, description = "The body has another type"),
        (status = UNPROCESSABLE_ENTITY, description = "The API server does not take it"),
        (status = BAD_GATEWAY, description = "No agent took it"),
        (status = SERVICE_UNAVAILABLE, description = "There is neither a cluster nor an agent that can be asked, or they do not answer: it may have been written all the same, which is said then"),
    ),
)]
pub(super) async fn apply(
    State(api): State<Arc<Api>>,
    operator: Operator,
    Parameters(how): Parameters<How>,
    Wanted(policy): Wanted,
) -> Result<Json<PolicyAppliedShape>, Problem> {
    let How { mode, dry_run, force } = how;
    let request = PolicyRequest {
        manifest: policy.manifest().clone(),
        mode: taken("mode", mode, "expected monitor or enforce", PolicyMode::named)?,
        is_forced: flag("force", force)?,
        is_dry_run: flag("dry_run", dry_run)?,
    };
    let applied = api.handle.policies().apply(request, operator.0.by()).await?;
    let PolicyApplied { status, is_dry_run, .. } = &applied;
    info!(user = %operator.0.name, policy = %status.name, is_dry_run, "a policy was applied");
    Ok(Json((&applied).into()))
}

/// Which policy is to be deleted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DeletePolicyRequest)]
pub(super) struct Deleted {
    /// Its name.
    #[schema(example = "block-netcat")]
    policy_name: String,
    /// Its namespace, where it is a `TracingPolicyNamespaced`.
    #[schema(example = "shop")]
    namespace: Option<String>,
}

/// How it is to be deleted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct HowDeleted {
    /// Whether it is only said what would be deleted.
    #[param(value_type = Option<bool>, default = false)]
    dry_run: Option<String>,
}

/// Delete a policy
///
/// From the cluster, and where there is none from each agent. A policy that agents have and the cluster
/// does not know is deleted at the agents.
#[utoipa::path(
    delete,
    path = "/api/delete-policy",
    operation_id = "deletePolicy",
    params(HowDeleted),
    request_body = Deleted,
    security(("bearer" = [])),
    responses(
        (status = OK, description = "What was deleted", body = PolicyDeletedShape),
        (status = BAD_REQUEST, description = "The name cannot be taken, or the body is no JSON"),
        (status = UNAUTHORIZED, description = "No token, or one that is void"),
        (status = FORBIDDEN, description = "The user is no operator, Weir changes nothing, or the API server refuses it to Weir"),
        (status = NOT_FOUND, description = "There is no such policy"),
        (status = REQUEST_TIMEOUT, description = "The body did not come in time"),
        (status = CONFLICT, description = "It changes too fast"),
        (status = PAYLOAD_TOO_LARGE, description = "The body is too large"),
        (status = UNSUPPORTED_MEDIA_TYPE, description = "The body has another type"),
        (status = UNPROCESSABLE_ENTITY, description = "The JSON is not what it should be"),
        (status = BAD_GATEWAY, description = "No agent did it"),
        (status = SERVICE_UNAVAILABLE, description = "There is neither a cluster nor an agent that can be asked, or they do not answer: it may have been deleted all the same, which is said then"),
    ),
)]
pub(super) async fn delete(
    State(api): State<Arc<Api>>,
    operator: Operator,
    Parameters(HowDeleted { dry_run }): Parameters<HowDeleted>,
    Body(Deleted { policy_name, namespace }): Body<Deleted>,
) -> Result<Json<PolicyDeletedShape>, Problem> {
    let name = PolicyName::new(namespace.as_deref(), &policy_name)
        .map_err(|problem| wanted::refused(&[problem]))?;
    let is_dry_run = flag("dry_run", dry_run)?;
    let deleted = api.handle.policies().delete(name, operator.0.by(), is_dry_run).await?;
    info!(user = %operator.0.name, policy = %deleted.name, is_dry_run, "a policy was deleted");
    Ok(Json((&deleted).into()))
}

fn flag(name: &str, text: Option<String>) -> Result<bool, Problem> {
    let flag = taken(name, text, "expected true or false", |text| text.parse().ok())?;
    Ok(flag.unwrap_or_default())
}
