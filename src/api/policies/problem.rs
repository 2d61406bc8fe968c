//! Why a policy was not applied, deleted or read, as the API says it.

use std::time::Duration;

use axum::http::StatusCode;

use super::super::error::Problem;
use crate::engine::PolicyError;

/// After how long somebody who was turned away may ask again.
const AGAIN: Duration = Duration::from_secs(5);

impl From<PolicyError> for Problem {
    fn from(error: PolicyError) -> Self {
        let status = match error {
            PolicyError::Cluster(error) => return error.into(),
            PolicyError::Dangerous(why) => {
                let detail = format!("{why}; `?force=true` applies it all the same");
                return Self::new(StatusCode::CONFLICT, detail);
            }
            PolicyError::Busy | PolicyError::Silent(_) | PolicyError::Unsure { .. } => {
                let status = StatusCode::SERVICE_UNAVAILABLE;
                return Self::new(status, error.to_string()).retry_after(AGAIN);
            }
            PolicyError::Invalid(_) => StatusCode::BAD_REQUEST,
            PolicyError::NoPolicy(_) => StatusCode::NOT_FOUND,
            PolicyError::Agent(_) => StatusCode::BAD_GATEWAY,
            PolicyError::Nowhere(_) | PolicyError::NotInstalled | PolicyError::Ended => {
                StatusCode::SERVICE_UNAVAILABLE
            }
        };
        Self::new(status, error.to_string())
    }
}
