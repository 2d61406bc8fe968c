//! What is said of a request that was not fulfilled: problem details (RFC 9457).

use std::error::Error;
use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tracing::warn;
use utoipa::ToSchema;

use super::readiness::Readiness;
use crate::engine::ActError;
use crate::store;

/// The media type of problem details.
pub(super) const MEDIA_TYPE: &str = "application/problem+json";

/// Why a request was not fulfilled.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Problem {
    /// `about:blank`: the status says it all (RFC 9457, 4.2.1).
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    kind: &'static str,
    /// The status in words.
    #[schema(example = "Bad Request")]
    title: &'static str,
    /// The status.
    #[schema(example = 400)]
    status: u16,
    /// What is wrong with this request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, example = "limit: expected a whole number from 1 to 1000")]
    detail: Option<String>,
    /// Why the engine is not ready; only where that was asked.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    readiness: Option<Box<Readiness>>,
    #[serde(skip)]
    #[schema(ignore)]
    hint: Option<Hint>,
}

/// What a header tells beside the problem.
#[derive(Debug, Clone, Copy)]
enum Hint {
    /// How to prove who calls (RFC 6750, 3).
    Challenge(&'static str),
    /// After how many seconds the problem may be gone.
    RetryAfter(u64),
}

impl Problem {
    /// A problem of which the status says everything.
    pub(super) fn of(status: StatusCode) -> Self {
        Self {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Unknown"),
            status: status.as_u16(),
            detail: None,
            readiness: None,
            hint: None,
        }
    }

    /// A problem with what is wrong with this request.
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..Self::of(status) }
    }

    /// A parameter of the query that cannot be taken.
    pub(super) fn parameter(name: &str, expected: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, format!("{name}: {expected}"))
    }

    /// Nobody is known by what was sent.
    pub(super) fn unauthorized(detail: &str, challenge: &'static str) -> Self {
        let hint = Some(Hint::Challenge(challenge));
        Self { hint, ..Self::new(StatusCode::UNAUTHORIZED, detail) }
    }

    /// The engine is not ready.
    pub(super) fn not_ready(readiness: Readiness) -> Self {
        let detail = readiness.reasons.join("; ");
        Self {
            readiness: Some(Box::new(readiness)),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
        }
    }

    /// The same problem, which may be gone after `wait`.
    pub(super) fn retry_after(mut self, wait: Duration) -> Self {
        let has_fraction = wait.subsec_nanos() > 0;
        self.hint = Some(Hint::RetryAfter(wait.as_secs() + u64::from(has_fraction)));
        self
    }
}

/// The caller learns what is wrong with what it wants; that the database failed, but the log why.
impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        let status = match error {
            store::Error::NoIncident(_) | store::Error::NoMute(_) | store::Error::NoEntry(_) => {
                Some(StatusCode::NOT_FOUND)
            }
            store::Error::Over(_)
            | store::Error::NoWeight(_)
            | store::Error::NoPlace(_)
            | store::Error::FullBaseline => Some(StatusCode::CONFLICT),
            store::Error::BadMute(_) => Some(StatusCode::BAD_REQUEST),
            _ => None,
        };
        if let Some(status) = status {
            return Self::new(status, error.to_string());
        }
        let cause = error.source().map(ToString::to_string);
        warn!(%error, cause, "a request failed");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "the database fails at the moment")
    }
}

impl From<ActError> for Problem {
    fn from(error: ActError) -> Self {
        match error {
            ActError::Store(error) => error.into(),
            ActError::NoStore => Self::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
        }
    }
}

/// What was to be sent could not be written; the log says why.
impl From<serde_json::Error> for Problem {
    fn from(error: serde_json::Error) -> Self {
        warn!(%error, "an answer could not be written");
        Self::of(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let hint = self.hint;
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        match hint {
            Some(Hint::Challenge(challenge)) => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
            }
            Some(Hint::RetryAfter(seconds)) => {
                headers.insert(header::RETRY_AFTER, seconds.into());
            }
            None => {}
        }
        response
    }
}
