//! Why a limit was not set, lifted or read, as the API says it.

use std::time::Duration;

use axum::http::StatusCode;
use tracing::warn;

use super::super::error::Problem;
use crate::cluster;
use crate::engine::LimitError;
use crate::respond::Refusal;

/// After how long somebody who was turned away may ask again.
const AGAIN: Duration = Duration::from_secs(5);

/// What could not be meant is the request's fault; what the Ingress does not allow is not.
impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal {
            Refusal::Name { .. }
            | Refusal::NoLimit
            | Refusal::Absurd { .. }
            | Refusal::BurstOfNothing
            | Refusal::ManyAllowed { .. } => StatusCode::BAD_REQUEST,
            Refusal::Unable { .. } | Refusal::Unsupported { .. } | Refusal::Guarded(_) => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
        };
        Self::new(status, refusal.to_string())
    }
}

impl From<LimitError> for Problem {
    fn from(error: LimitError) -> Self {
        match error {
            LimitError::Refused(refusal) => refusal.into(),
            LimitError::Cluster(error) => error.into(),
            LimitError::NoIngress(_) | LimitError::NoLimit(_) => {
                Self::new(StatusCode::NOT_FOUND, error.to_string())
            }
            LimitError::Busy | LimitError::Unsure { .. } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string()).retry_after(AGAIN)
            }
            LimitError::NoCluster(_) | LimitError::Ended => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string())
            }
        }
    }
}

/// The words are the API server's own. That it does not know Weir is no reason for the caller to log
/// in again, which 401 would say.
impl From<cluster::Error> for Problem {
    fn from(error: cluster::Error) -> Self {
        warn!(%error, "the API server did not do what it was asked");
        let status = match (&error, error.status()) {
            (cluster::Error::ReadOnly { .. }, _) | (_, Some(401 | 403)) => StatusCode::FORBIDDEN,
            (_, Some(404)) => StatusCode::NOT_FOUND,
            (_, Some(409)) => StatusCode::CONFLICT,
            (_, Some(400 | 422)) => StatusCode::UNPROCESSABLE_ENTITY,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        let hint = match error.status() {
            Some(403) => "; `weir doctor` says which rights Weir lacks",
            _ => "",
        };
        let problem = Self::new(status, format!("{error}{hint}"));
        if error.is_passing() { problem.retry_after(AGAIN) } else { problem }
    }
}
