//! A policy as somebody sends it: a whole object in JSON or YAML, or in short.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::timeout;
use utoipa::ToSchema;

use super::super::LARGEST_BODY;
use super::super::error::Problem;
use super::super::extract::{BODY, late};
use crate::policy::{self, Policy};

/// The types that YAML has.
const YAML: [&str; 4] = ["application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"];

/// Kills whatever is started from a file of this name, as the older API took it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ShortPolicy)]
pub(super) struct ShortForm {
    /// Name of the policy.
    #[schema(example = "block-netcat")]
    policy_name: String,
    /// Name of the file, or its whole path.
    #[schema(example = "nc")]
    command_name: String,
}

/// What is wanted.
pub(in crate::api) struct Wanted(pub(super) Policy);

impl<S: Send + Sync> FromRequest<S> for Wanted {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let media = request.headers().get(header::CONTENT_TYPE);
        let media = media.and_then(|media| media.to_str().ok()).unwrap_or_default();
        let media = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let is_yaml = YAML.contains(&&*media);
        if !(is_yaml || media == "application/json") {
            let detail = "expected a body of type application/json or application/yaml";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
        }
        let body = match timeout(BODY, Bytes::from_request(request, state)).await {
            Ok(Ok(body)) => body,
            Ok(Err(rejection)) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                let detail = format!("expected at most {LARGEST_BODY} bytes");
                return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
            }
            Ok(Err(rejection)) => return Err(Problem::of(rejection.status())),
            Err(_) => return Err(late(BODY)),
        };
        let text = std::str::from_utf8(&body)
            .map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "the body is not UTF-8"))?;
        if is_yaml { of_yaml(text) } else { of_json(text) }.map(Self)
    }
}

fn of_yaml(text: &str) -> Result<Policy, Problem> {
    Policy::from_yaml(text).map_err(|problems| refused(&problems))
}

/// A whole object has what every object of Kubernetes has; all else is meant in short.
fn of_json(text: &str) -> Result<Policy, Problem> {
    let object: Value = serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let detail = format!("the body is no JSON: line {line}, column {column}");
        Problem::new(StatusCode::BAD_REQUEST, detail)
    })?;
    let is_whole = ["apiVersion", "kind", "metadata", "spec"]
        .iter()
        .any(|member| object.get(member).is_some());
    if is_whole {
        return Policy::from_json(object).map_err(|problems| refused(&problems));
    }
    let ShortForm { policy_name, command_name } = serde_json::from_value(object).map_err(|_| {
        let detail = "expected a whole policy (`apiVersion`, `kind`, `metadata`, `spec`), or \
                          `policy_name` and `command_name` alone";
        Problem::new(StatusCode::BAD_REQUEST, detail)
    })?;
    Policy::killing(&policy_name, &command_name).map_err(|problem| refused(&[problem]))
}

/// What is wrong with a policy, each fault with its place.
pub(super) fn refused(problems: &[policy::Problem]) -> Problem {
    let all: Vec<_> = problems.iter().map(ToString::to_string).collect();
    Problem::new(StatusCode::BAD_REQUEST, all.join("; "))
}
