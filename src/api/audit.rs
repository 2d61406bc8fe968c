//! `/api/audit`: who did what, from where.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::alerts::{next_page, taken};
use super::auth::Admin;
use super::error::Problem;
use super::extract::Parameters;
use super::{Api, locked, off_the_runtime};
use crate::incident::rfc3339;
use crate::store::{AuditRecord, Reader, Verified};

/// Records of an answer where nothing else is asked for, and at most.
const USUAL: usize = 100;
const MOST: usize = 1_000;

/// One record of the audit chain.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditRecord)]
pub(super) struct Told {
    /// Its place in the chain, from 1.
    record: u64,
    /// When, by the wall clock.
    #[schema(format = DateTime)]
    at: String,
    /// Who.
    who: String,
    /// From where: an address, `console` or `command line`.
    from: String,
    /// What was done.
    #[schema(example = "alert.ack")]
    what: String,
    /// To what.
    object: String,
    /// How it was before; null where it was not.
    before: Value,
    /// How it is since; null where it is no more.
    after: Value,
    /// Hash of this record and the one before.
    hash: String,
}

impl From<AuditRecord> for Told {
    fn from(record: AuditRecord) -> Self {
        let AuditRecord { seq, at_us, who, from, what, object, before, after, hash } = record;
        let at = rfc3339(at_us);
        Self { record: seq, at, who, from, what, object, before, after, hash }
    }
}

/// What a look at the whole chain has found.
#[derive(Serialize, ToSchema)]
pub(super) struct Chain {
    /// Whether no record was changed, removed or moved.
    whole: bool,
    /// Records in it.
    records: u64,
    /// Hash of the last one, to be noted elsewhere.
    head: String,
    /// The first fault, in words.
    #[schema(required = true, nullable)]
    fault: Option<String>,
}

/// Which records are asked for.
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

/// List audit records, newest first
#[utoipa::path(
    get,
    path = "/api/audit",
    operation_id = "listAudit",
    params(Asked),
    security(("bearer" = [])),
    responses(
        (
            status = OK,
            description = "Records",
            body = Vec<Told>,
            headers(("Link" = String, description = "The next page: `<URL>; rel=\"next\"`")),
        ),
        (status = BAD_REQUEST, description = "A parameter cannot be taken"),
        (status = UNAUTHORIZED, description = "No token, or one that is void"),
        (status = FORBIDDEN, description = "The user is no admin"),
    ),
)]
pub(super) async fn get(
    State(api): State<Arc<Api>>,
    _admin: Admin,
    uri: Uri,
    Parameters(Asked { limit, cursor }): Parameters<Asked>,
) -> Result<Response, Problem> {
    let limit = taken("limit", limit, "expected a whole number from 1 to 1000", |text| {
        text.parse().ok().filter(|limit| (1..=MOST).contains(limit))
    })?
    .unwrap_or(USUAL);
    let before =
        taken("cursor", cursor, "expected one of a Link header", |text| text.parse().ok())?;
    let records = off_the_runtime(move || locked(&api.reader).audit(before, limit)).await??;
    let last = records.last().filter(|last| records.len() == limit && last.seq > 1);
    let last = last.map(|last| last.seq);
    let records: Vec<_> = records.into_iter().map(Told::from).collect();
    let mut response = Json(records).into_response();
    if let Some(last) = last {
        let link = HeaderValue::try_from(next_page(uri.path(), uri.query(), &last));
        response.headers_mut().extend(link.ok().map(|link| (header::LINK, link)));
    }
    Ok(response)
}

/// Follow the whole audit chain
#[utoipa::path(
    get,
    path = "/api/audit/verify",
    operation_id = "verifyAudit",
    security(("bearer" = [])),
    responses(
        (status = OK, description = "What was found; a fault is no error", body = Chain),
        (status = UNAUTHORIZED, description = "No token, or one that is void"),
        (status = FORBIDDEN, description = "The user is no admin"),
    ),
)]
pub(super) async fn verify(
    State(api): State<Arc<Api>>,
    _admin: Admin,
) -> Result<Json<Chain>, Problem> {
    // Others read meanwhile: a long chain takes its time.
    let verify = move || Reader::open(&api.database)?.verify_audit();
    let Verified { records, head, fault } = off_the_runtime(verify).await??;
    Ok(Json(Chain { whole: fault.is_none(), records, head, fault }))
}
