//! `/api/service-map`: what leads where, and what flows along it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::auth::Caller;
use super::error::Problem;
use super::{Api, off_the_runtime};
use crate::engine::map::ServiceMap;

/// Read what leads where, and what flows along it
///
/// Without a cluster it is of traffic alone, and `unknown` says why.
#[utoipa::path(
    get,
    path = "/api/service-map",
    operation_id = "readServiceMap",
    security(("bearer" = [])),
    responses(
        (status = OK, description = "The map", body = ServiceMap),
        (status = UNAUTHORIZED, description = "No token, or one that is void"),
    ),
)]
pub(super) async fn get(
    State(api): State<Arc<Api>>,
    _caller: Caller,
) -> Result<Json<ServiceMap>, Problem> {
    let snapshot = api.handle.snapshot();
    Ok(Json(off_the_runtime(move || ServiceMap::of(&snapshot)).await?))
}
