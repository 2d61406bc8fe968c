//! `/api/detect-smells`: what manifests that somebody sends allow that they should not.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::multipart::{Multipart, MultipartError};
use axum::extract::{FromRequest, Request, State};
use axum::http::StatusCode;
use tokio::time::timeout;
use utoipa::ToSchema;

use super::auth::Caller;
use super::error::Problem;
use super::extract::late;
use super::shape::SmellsShape;
use super::{Api, off_the_runtime};
use crate::posture::{Manifests, Rules};

/// Requests at once: each may hold as much as the largest body and its objects.
pub(super) const AT_ONCE: usize = 2;

/// The largest body, in bytes: a file of the largest size, and what is around it.
pub(super) const LARGEST_BODY: usize = Manifests::MOST_BYTES + (64 << 10);

/// Files in a body.
const MOST_FILES: usize = 1_000;

/// After what time whoever was refused may try again.
const AGAIN: Duration = Duration::from_secs(1);

/// How long a body of the largest size may take to come.
const BODY: Duration = Duration::from_secs(8);

/// Manifests to look at.
#[derive(ToSchema)]
#[schema(as = ManifestsForm)]
#[expect(dead_code, reason = "it describes what `files` reads")]
struct Form {
    /// A file of YAML or JSON, of any number of documents; several may be sent.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Find smells in manifests
///
/// All objects of all files are looked at beside one another. What cannot be read is in `unread`, with its
/// line; where nothing can be read, that is a problem.
#[utoipa::path(
    post,
    path = "/api/detect-smells",
    operation_id = "detectSmells",
    request_body(content = Form, content_type = "multipart/form-data"),
    security(("bearer" = [])),
    responses(
        (status = OK, description = "What was found, or that nothing was", body = SmellsShape),
        (status = BAD_REQUEST, description = "There is no part `file`, or the form cannot be read"),
        (status = UNAUTHORIZED, description = "No token, or one that is void"),
        (status = REQUEST_TIMEOUT, description = "The files did not come in time"),
        (status = PAYLOAD_TOO_LARGE, description = "More than 32 MiB"),
        (status = UNPROCESSABLE_ENTITY, description = "Nothing of it is a manifest: why, and in which line"),
        (status = SERVICE_UNAVAILABLE, description = "Others are being looked at"),
    ),
)]
pub(super) async fn post(
    State(api): State<Arc<Api>>,
    _caller: Caller,
    request: Request,
) -> Result<Json<SmellsShape>, Problem> {
    let Ok(permit) = Arc::clone(&api.scans).try_acquire_owned() else {
        let detail = format!("{AT_ONCE} requests of this kind are being answered");
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).retry_after(AGAIN));
    };
    let form = Multipart::from_request(request, &()).await.map_err(|_| no_form())?;
    let files = timeout(BODY, files(form)).await.map_err(|_| late(BODY))??;
    // Who hangs up leaves the work behind, and its place is taken until it is done.
    let work = move || {
        let _permit = permit;
        smells(&files)
    };
    off_the_runtime(work).await?.map(Json)
}

fn no_form() -> Problem {
    let detail = "expected a body of type multipart/form-data with a part `file`";
    Problem::new(StatusCode::BAD_REQUEST, detail)
}

/// The files of a form, with their names.
async fn files(mut form: Multipart) -> Result<Vec<(String, Vec<u8>)>, Problem> {
    let refused = |error: MultipartError| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            let detail = format!("expected at most {} MiB", Manifests::MOST_BYTES >> 20);
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
        }
        status => Problem::new(status, "the form cannot be read"),
    };
    let mut files = Vec::new();
    while let Some(part) = form.next_field().await.map_err(refused)? {
        if part.name() != Some("file") {
            continue;
        }
        if files.len() == MOST_FILES {
            let detail = format!("expected at most {MOST_FILES} files");
            return Err(Problem::new(StatusCode::BAD_REQUEST, detail));
        }
        let name = part.file_name().unwrap_or("file").chars().take(255).collect();
        files.push((name, part.bytes().await.map_err(refused)?.to_vec()));
    }
    if files.is_empty() { Err(no_form()) } else { Ok(files) }
}

fn smells(files: &[(String, Vec<u8>)]) -> Result<SmellsShape, Problem> {
    let mut manifests = Manifests::default();
    for (name, bytes) in files {
        manifests.add(name, bytes);
    }
    let report = manifests.scan(&Rules::default());
    let mut sources = manifests.sources().iter();
    let fault = sources.find_map(|source| Some((&source.name, source.faults.first()?)));
    match fault {
        Some((name, fault)) if report.objects == 0 => {
            let detail = format!("{name}: {fault}");
            Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail))
        }
        _ => Ok(SmellsShape::new(&report, &manifests)),
    }
}
