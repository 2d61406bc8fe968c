//! Why an image was not scanned, as the API says it.

use std::time::Duration;

use axum::http::StatusCode;

use super::super::error::Problem;
use crate::engine::ScanError;
use crate::trivy;

/// After how long somebody who was turned away may ask again.
const AGAIN: Duration = Duration::from_secs(30);

impl From<ScanError> for Problem {
    fn from(error: ScanError) -> Self {
        match &error {
            ScanError::Busy => {
                let status = StatusCode::SERVICE_UNAVAILABLE;
                Self::new(status, error.to_string()).retry_after(AGAIN)
            }
            ScanError::Absent(_) | ScanError::Ended => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string())
            }
            ScanError::Trivy(error) => Self::new(status(error), told(error)),
        }
    }
}

/// What this Weir lacks is its own fault, all else that of whoever it asks.
fn status(error: &trivy::Error) -> StatusCode {
    use trivy::Error;
    match error {
        Error::Missing { .. }
        | Error::Start { .. }
        | Error::Scratch { .. }
        | Error::Cache { .. }
        | Error::NoDatabase { .. } => StatusCode::SERVICE_UNAVAILABLE,
        Error::NotFound { .. } => StatusCode::NOT_FOUND,
        Error::TimedOut { .. } => StatusCode::GATEWAY_TIMEOUT,
        Error::Server { .. }
        | Error::Refused { .. }
        | Error::Limited { .. }
        | Error::Unreachable { .. }
        | Error::Long { .. }
        | Error::Failed { .. }
        | Error::Report(_) => StatusCode::BAD_GATEWAY,
    }
}

fn told(error: &trivy::Error) -> String {
    match error {
        trivy::Error::Start { source, .. } | trivy::Error::Scratch { source } => {
            format!("{error}: {source}")
        }
        trivy::Error::Report(source) => format!("{error}: {source}"),
        _ => error.to_string(),
    }
}
