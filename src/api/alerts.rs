//! `GET /get-alerts`: the incidents, newest first.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Deserialize;
use tracing::debug;
use utoipa::IntoParams;

use super::auth::Caller;
use super::error::Problem;
use super::extract::Parameters;
use super::listing::Listing;
use super::{Api, off_the_runtime};
use crate::detect::Class;
use crate::filter::Filter;
use crate::incident::Alert;
use crate::incident::Status;
use crate::store::{Cursor, Query};

/// Incidents of an answer where nothing else is asked for, and at most.
const USUAL: usize = 100;
const MOST: usize = 1_000;

/// Which incidents are asked for: those that fit everything said.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// At most so many, 1 to 1000; 100 where it is not said.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 1000, default = 100)]
    limit: Option<String>,
    /// Where the next page begins, as the `Link` header said.
    cursor: Option<String>,
    /// `open` or `resolved`.
    status: Option<String>,
    /// A class, such as `dos-flood`.
    class: Option<String>,
    /// With a packet at or after this time (RFC 3339, `+` written as `%2B`).
    #[param(example = "2026-11-25T08:00:00Z", format = DateTime)]
    since: Option<String>,
    /// What an incident must be, in the filter language of the console.
    #[param(example = "class:dos* score>=0.9 dst:192.0.2.0/24")]
    filter: Option<String>,
}

/// List incidents, newest first
///
/// The next page, if there is one, is named by the `Link` header with `rel="next"`. A page begins
/// where the one before it ended, whatever has come in between. It ends early at 1 MiB,
/// and after 10,000 incidents that a filter was tried on.
#[utoipa::path(
    get,
    path = "/get-alerts",
    operation_id = "listAlerts",
    params(Asked),
    security(("bearer" = [])),
    responses(
        (
            status = OK,
            description = "Incidents",
            body = Vec<Alert>,
            headers(("Link" = String, description = "The next page: `<URL>; rel=\"next\"`")),
        ),
        (status = BAD_REQUEST, description = "A parameter cannot be taken"),
        (status = UNAUTHORIZED, description = "No token, or one that is void"),
        (status = SERVICE_UNAVAILABLE, description = "The database fails"),
    ),
)]
pub(super) async fn get(
    State(api): State<Arc<Api>>,
    caller: Caller,
    uri: Uri,
    Parameters(mut asked): Parameters<Asked>,
) -> Result<Response, Problem> {
    let filter = filter(asked.filter.take().as_deref())?;
    let query = Query::try_from(asked)?;
    let shared = Arc::clone(&api);
    let listed = off_the_runtime(move || Listing::read(&shared, &query, &filter));
    let Listing { json, alerts, next } = listed.await??;
    debug!(user = %caller.name, role = caller.role.name(), alerts, "listed");
    let mut response = ([(header::CONTENT_TYPE, "application/json")], json).into_response();
    if let Some(next) = next {
        // A query that came in holds nothing that a header could not.
        let link = HeaderValue::try_from(next_page(uri.path(), uri.query(), &next));
        response.headers_mut().extend(link.ok().map(|link| (header::LINK, link)));
    }
    Ok(response)
}

/// The same request from `next` on.
fn next_page(path: &str, query: Option<&str>, next: &Cursor) -> String {
    let pairs = query.unwrap_or_default().split('&');
    let mut pairs =
        pairs.filter(|pair| !pair.is_empty() && !pair.starts_with("cursor=")).collect::<Vec<_>>();
    let cursor = format!("cursor={next}");
    pairs.push(&cursor);
    format!("<{path}?{}>; rel=\"next\"", pairs.join("&"))
}

fn filter(text: Option<&str>) -> Result<Filter, Problem> {
    Filter::parse(text.unwrap_or_default()).map_err(|error| {
        let said = format!("{error} (at byte {})", error.span.start);
        Problem::parameter("filter", &said)
    })
}

impl TryFrom<Asked> for Query {
    type Error = Problem;

    fn try_from(Asked { limit, cursor, status, class, since, .. }: Asked) -> Result<Self, Problem> {
        let classes = Class::ALL.map(Class::name).join(", ");
        Ok(Self {
            limit: taken("limit", limit, "expected a whole number from 1 to 1000", |text| {
                text.parse().ok().filter(|limit| (1..=MOST).contains(limit))
            })?
            .unwrap_or(USUAL),
            after: taken("cursor", cursor, "expected one of a Link header", |text| {
                text.parse().ok()
            })?,
            status: taken("status", status, "expected open or resolved", Status::named)?,
            severity: None,
            class: taken("class", class, &format!("expected one of {classes}"), Class::named)?,
            since_us: taken(
                "since",
                since,
                "expected a time such as 2026-11-25T08:00:00Z",
                |text| Some(text.parse::<Timestamp>().ok()?.as_microsecond()),
            )?,
        })
    }
}

/// What a parameter stands for, if it is there.
fn taken<T>(
    name: &str,
    text: Option<String>,
    expected: &str,
    take: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, Problem> {
    text.map(|text| take(&text).ok_or_else(|| Problem::parameter(name, expected))).transpose()
}
