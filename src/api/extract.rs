//! Bodies and queries of requests, refused in the API's own words: those of the parser may repeat
//! what was sent, which may be a password.

use std::time::Duration;

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::error::Problem;

/// How long a body may take to come.
pub(super) const BODY: Duration = Duration::from_secs(5);

/// A body in JSON.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match timeout(BODY, Json::from_request(request, state)).await {
            Ok(Ok(Json(value))) => Ok(Self(value)),
            Ok(Err(rejection)) => Err(refused(&rejection)),
            Err(_) => Err(late(BODY)),
        }
    }
}

/// A body that did not come in time.
pub(super) fn late(within: Duration) -> Problem {
    let detail = format!("the body did not come within {} s", within.as_secs());
    Problem::new(StatusCode::REQUEST_TIMEOUT, detail)
}

fn refused(rejection: &JsonRejection) -> Problem {
    let status = rejection.status();
    match status {
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            Problem::new(status, "expected a body of type application/json")
        }
        StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::new(status, format!("expected at most {} bytes", super::LARGEST_BODY))
        }
        StatusCode::UNPROCESSABLE_ENTITY => Problem::new(
            status,
            "the JSON lacks a field that is needed, or has one that is not known or of another type",
        ),
        _ => Problem::new(status, "the body is no JSON"),
    }
}

/// The parameters of a query.
pub(super) struct Parameters<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = Query::from_request_parts(parts, state).await;
        let told =
            |rejection: QueryRejection| Problem::new(rejection.status(), rejection.body_text());
        query.map(|Query(parameters)| Self(parameters)).map_err(told)
    }
}
