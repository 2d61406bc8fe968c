//! `/cluster-info`: what is in the cluster and how it is doing.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use super::Api;
use super::auth::Caller;
use super::error::Problem;
use crate::cluster::Link;
use crate::cluster::info::ClusterInfo;

/// Read what is in the cluster and how it is doing
///
/// What is not known is null, with the reason beside it. While the API server does not answer this is
/// what was known last, with when that was.
#[utoipa::path(
    get,
    path = "/cluster-info",
    operation_id = "readCluster",
    security(("bearer" = [])),
    responses(
        (status = OK, description = "The cluster", body = ClusterInfo),
        (status = UNAUTHORIZED, description = "No token, or one that is void"),
        (status = SERVICE_UNAVAILABLE, description = "There is no cluster, and why"),
    ),
)]
pub(super) async fn get(
    State(api): State<Arc<Api>>,
    _caller: Caller,
) -> Result<Json<ClusterInfo>, Problem> {
    if let Link::Absent(why) = &api.handle.snapshot().cluster.link {
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, why));
    }
    let unwatched = || Problem::new(StatusCode::SERVICE_UNAVAILABLE, "no cluster is watched");
    api.handle.cluster_info().await.map(Json).ok_or_else(unwatched)
}
