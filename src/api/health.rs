//! `/healthz` and `/readyz`: what an orchestrator asks.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use super::error::Problem;
use super::readiness::{self, Readiness};

/// The process lives.
#[derive(Serialize, ToSchema)]
pub(super) struct Alive {
    /// Always true.
    alive: bool,
}

/// Ask whether the process lives
#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "isAlive",
    responses((status = OK, description = "It does", body = Alive)),
)]
pub(super) async fn alive() -> Json<Alive> {
    Json(Alive { alive: true })
}

/// Ask whether the engine guards what it is to guard
///
/// It does not where capture is dead or loses packets, where flows go unscored, where incidents cannot be
/// kept, and where an agent of Tetragon that was named is not heard.
#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "isReady",
    responses(
        (status = OK, description = "It does", body = Readiness),
        (status = SERVICE_UNAVAILABLE, description = "It does not; the problem has the members of `Readiness` too"),
    ),
)]
pub(super) async fn ready(State(api): State<Arc<Api>>) -> Result<Json<Readiness>, Problem> {
    let readiness = api.readiness();
    if readiness.ready { Ok(Json(readiness)) } else { Err(Problem::not_ready(readiness)) }
}

impl Api {
    /// Whether the engine guards, by its newest snapshot and one from seconds ago.
    pub(super) fn readiness(&self) -> Readiness {
        let now = self.handle.snapshot();
        let before = self.past.oldest().unwrap_or_else(|| Arc::clone(&now));
        let mut reasons = readiness::reasons(&before, &now);
        if self.past.has_ended() {
            reasons.push("the engine has ended".into());
        }
        Readiness::new(reasons, readiness::notes(&before, &now))
    }
}
