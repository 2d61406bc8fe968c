//! `/api/scan-image` and `/api/images`: what is known to be wrong with images.
//!
//! Images are scanned by the engine's one task; nothing here calls Trivy.

mod problem;

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Deserialize;
use tracing::info;
use utoipa::{IntoParams, ToSchema};

use super::alerts::{next_page, taken};
use super::auth::{Caller, Operator};
use super::error::Problem;
use super::extract::{Body, Parameters};
use super::shape::{ImageShape, ScanShape};
use super::{Api, off_the_runtime};
use crate::engine::ScansStatus;
use crate::posture::image::{ImageName, NotAnImage};
use crate::trivy::Freshness;

/// Where an image is scanned.
pub(super) const PATH: &str = "/api/scan-image";

/// How long the answer there may take: a connection lasts little longer, counted from when it was made.
/// The scan goes on without it.
pub(super) const ANSWER: Duration = Duration::from_mins(9);

/// Images of an answer where nothing else is asked for, and at most.
const USUAL: usize = 100;
const MOST: usize = 1_000;

/// An image to scan.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ScanRequest)]
pub(super) struct Wanted {
    /// Its name: `[REGISTRY/]REPOSITORY[:TAG][@DIGEST]`.
    #[schema(example = "nginx:1.25")]
    image_name: String,
    /// Whether a report of the last 24 hours will not do.
    #[serde(default)]
    fresh: bool,
}

/// Scan an image
///
/// Of an image that runs in the cluster, that is scanned which its node says that it runs. A report on
/// this digest of the last 24 hours is answered with at once, and so is that on a tag alone if this Weir
/// has scanned the same tag within the last 15 min; otherwise, and with `fresh`, Weir has Trivy fetch the
/// image from its registry, which is why it takes an operator, one image at a time. The answer takes as
/// long as that, and at most 9 min: then, and where whoever asks goes away, the scan goes on. Whoever asks
/// again without `fresh` while it does shares its result, and once it has found something gets that as
/// said above. A connection lasts 10 min from when it was made, whatever was asked on it: ask on a new one.
#[utoipa::path(
    post,
    path = "/api/scan-image",
    operation_id = "scanImage",
    request_body = Wanted,
    security(("bearer" = [])),
    responses(
        (status = OK, description = "What was found", body = ScanShape),
        (status = BAD_REQUEST, description = "The body is no JSON"),
        (status = UNAUTHORIZED, description = "No token, or one that is void"),
        (status = FORBIDDEN, description = "The user is no operator"),
        (status = NOT_FOUND, description = "The registry does not have it"),
        (status = REQUEST_TIMEOUT, description = "The body did not come in time"),
        (status = PAYLOAD_TOO_LARGE, description = "The body is too large"),
        (status = UNSUPPORTED_MEDIA_TYPE, description = "The body has another type"),
        (status = UNPROCESSABLE_ENTITY, description = "It is no name of an image, or the JSON is not what it should be"),
        (status = BAD_GATEWAY, description = "The registry refuses it or does not answer, the Trivy server does not do its part, or Trivy fails otherwise"),
        (status = SERVICE_UNAVAILABLE, description = "There is no Trivy, or none with a database, and how to mend that; too many wait, or it is not done within 9 min"),
        (status = GATEWAY_TIMEOUT, description = "Trivy was not done within `trivy-timeout`"),
    ),
)]
pub(super) async fn post(
    State(api): State<Arc<Api>>,
    operator: Operator,
    Body(Wanted { image_name, fresh }): Body<Wanted>,
) -> Result<Response, Problem> {
    let image: ImageName = image_name.parse().map_err(|error: NotAnImage| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, format!("image_name: {error}"))
    })?;
    info!(user = %operator.0.name, %image, fresh, "a scan was asked for");
    let freshness = if fresh { Freshness::New } else { Freshness::Kept };
    let scan = api.handle.scans().scan(image.clone(), freshness).await?;
    let snapshot = api.handle.snapshot();
    let now_us = Timestamp::now().as_microsecond();
    let json = move || ScanShape::new(&image, &scan, &snapshot.scans, now_us).json(&scan.text);
    let json = off_the_runtime(json).await??;
    Ok(([(header::CONTENT_TYPE, "application/json")], json).into_response())
}

/// Which images are asked for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// At most so many, 1 to 1000; 100 where it is not said.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 1000, default = 100)]
    limit: Option<String>,
    /// Where the next page begins, as the `Link` header said.
    cursor: Option<String>,
}

/// List images and what is known to be wrong with them, the worst first
///
/// Those that run in the cluster, and those that somebody has asked for since the start. After those in
/// which something was found come those of which the scan failed, then the others by name. What was found
/// last stands beside the state, also while the image is scanned again or where that failed. The next
/// page, if there is one, is named by the `Link` header with `rel="next"`; it begins so many images
/// later, however they stand by then.
#[utoipa::path(
    get,
    path = "/api/images",
    operation_id = "listImages",
    params(Asked),
    security(("bearer" = [])),
    responses(
        (
            status = OK,
            description = "Images",
            body = Vec<ImageShape>,
            headers(("Link" = String, description = "The next page: `<URL>; rel=\"next\"`")),
        ),
        (status = BAD_REQUEST, description = "A parameter cannot be taken"),
        (status = UNAUTHORIZED, description = "No token, or one that is void"),
        (status = SERVICE_UNAVAILABLE, description = "No image can be scanned, and why"),
    ),
)]
pub(super) async fn get(
    State(api): State<Arc<Api>>,
    _caller: Caller,
    uri: Uri,
    Parameters(Asked { limit, cursor }): Parameters<Asked>,
) -> Result<Response, Problem> {
    let limit = taken("limit", limit, "expected a whole number from 1 to 1000", |text| {
        text.parse().ok().filter(|limit| (1..=MOST).contains(limit))
    })?
    .unwrap_or(USUAL);
    let from = taken("cursor", cursor, "expected one of a Link header", |text| text.parse().ok())?;
    let from: usize = from.unwrap_or(0);
    let snapshot = api.handle.snapshot();
    let ScansStatus { absent, images, .. } = &snapshot.scans;
    if let Some(why) = absent {
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, why));
    }
    let rest = images.get(from..).unwrap_or_default();
    let now_us = Timestamp::now().as_microsecond();
    let page = rest.iter().take(limit).map(|image| ImageShape::new(image, now_us));
    let page: Vec<_> = page.collect();
    let next = (rest.len() > limit).then_some(from + page.len());
    let mut response = Json(page).into_response();
    if let Some(next) = next {
        let link = HeaderValue::try_from(next_page(uri.path(), uri.query(), &next));
        response.headers_mut().extend(link.ok().map(|link| (header::LINK, link)));
    }
    Ok(response)
}
