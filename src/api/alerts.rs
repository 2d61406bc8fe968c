//! `GET /get-alerts`: the incidents, newest first.

use std::fmt::Display;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Deserialize;
use tracing::{debug, warn};
use utoipa::IntoParams;

use super::auth::Caller;
use super::error::Problem;
use super::extract::Parameters;
use super::listing::{Listing, Spot};
use super::shared::{self, Lacking};
use super::{Api, off_the_runtime};
use crate::detect::Class;
use crate::filter::Filter;
use crate::incident::{Alert, Severity, Status};
use crate::store::Query;

/// Incidents of an answer where nothing else is asked for, and at most.
const USUAL: usize = 100;
const MOST: usize = 1_000;

/// Says which list an answer is from, and why it is not the one that several share.
const SOURCE: HeaderName = HeaderName::from_static("x-weir-source");
const LOCAL: &str = "local";
const SHARED: &str = "firebase";

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
    /// `open`, `acknowledged` or `resolved`.
    status: Option<String>,
    /// This urgent or more: `low`, `medium`, `high` or `critical`.
    severity: Option<String>,
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
///
/// Where Firebase is set up, this is the list in it, which several Weirs and older clients share; where
/// it does not answer, that of this Weir alone. The header `X-Weir-Source` says which.
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
            headers(
                ("Link" = String, description = "The next page: `<URL>; rel=\"next\"`"),
                ("X-Weir-Source" = String, description = "`firebase`, or `local` and why"),
            ),
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
    let cursor = taken("cursor", asked.cursor.take(), "expected one of a Link header", |text| {
        text.parse::<Spot>().ok()
    })?;
    let query = Query::try_from(asked)?;
    let (listing, source) = read(&api, cursor, query, filter).await?;
    let Listing { json, alerts, next } = listing;
    debug!(user = %caller.name, role = caller.role.name(), alerts, "listed");
    let mut response = ([(header::CONTENT_TYPE, "application/json")], json).into_response();
    let headers = response.headers_mut();
    // What a server said may hold what a header cannot.
    let source = HeaderValue::try_from(source).unwrap_or(HeaderValue::from_static(LOCAL));
    headers.insert(SOURCE, source);
    if let Some(next) = next {
        // A query that came in holds nothing that a header could not.
        let link = HeaderValue::try_from(next_page(uri.path(), uri.query(), &next));
        headers.extend(link.ok().map(|link| (header::LINK, link)));
    }
    Ok(response)
}

/// Reads the list that several share where there is one; where it does not answer, that of the
/// database. Says which it was.
async fn read(
    api: &Arc<Api>,
    cursor: Option<Spot>,
    mut query: Query,
    filter: Filter,
) -> Result<(Listing, String), Problem> {
    let (after, shared_after) = match cursor {
        None => (None, None),
        Some(Spot::Local(cursor)) => (Some(cursor), None),
        Some(Spot::Shared(cursor)) => (None, Some(cursor)),
    };
    let mut source = LOCAL.to_owned();
    // Whoever has begun with one list goes on with it.
    if let Some(list) = api.shared.as_ref().filter(|_| after.is_none()) {
        match shared::read(list, shared_after.clone(), &query, &filter).await {
            Ok(listing) => return Ok((listing, SHARED.into())),
            Err(Lacking::Problem(problem)) => return Err(problem),
            Err(Lacking::List(why)) if shared_after.is_some() => {
                let detail = format!("the list that this page is of does not answer: {why}");
                return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail));
            }
            Err(Lacking::List(why)) => {
                warn!(why, "the shared list does not answer: the local one does");
                source = format!("{LOCAL}; reason=\"{}\"", why.replace(['"', '\\'], "'"));
            }
        }
    } else if shared_after.is_some() {
        return Err(Problem::parameter("cursor", "it is of a list that is not there"));
    }
    query.after = after;
    let shared = Arc::clone(api);
    let listing = off_the_runtime(move || Listing::read(&shared, &query, &filter)).await??;
    Ok((listing, source))
}

/// The same request from `next` on.
pub(super) fn next_page(path: &str, query: Option<&str>, next: &impl Display) -> String {
    let pairs = query.unwrap_or_default().split('&');
    let mut pairs =
        pairs.filter(|pair| !pair.is_empty() && !pair.starts_with("cursor=")).collect::<Vec<_>>();
    let cursor = format!("cursor={next}");
    pairs.push(&cursor);
    format!("<{path}?{}>; rel=\"next\"", pairs.join("&"))
}

/// What the parameter `filter` says.
pub(super) fn filter(text: Option<&str>) -> Result<Filter, Problem> {
    Filter::parse(text.unwrap_or_default()).map_err(|error| {
        let said = format!("{error} (at byte {})", error.span.start);
        Problem::parameter("filter", &said)
    })
}

impl TryFrom<Asked> for Query {
    type Error = Problem;

    fn try_from(
        Asked { limit, status, severity, class, since, .. }: Asked,
    ) -> Result<Self, Problem> {
        let classes = Class::ALL.map(Class::name).join(", ");
        Ok(Self {
            limit: taken("limit", limit, "expected a whole number from 1 to 1000", |text| {
                text.parse().ok().filter(|limit| (1..=MOST).contains(limit))
            })?
            .unwrap_or(USUAL),
            after: None,
            status: taken(
                "status",
                status,
                "expected open, acknowledged or resolved",
                Status::named,
            )?,
            severity: taken(
                "severity",
                severity,
                "expected low, medium, high or critical",
                Severity::named,
            )?,
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
pub(super) fn taken<T>(
    name: &str,
    text: Option<String>,
    expected: &str,
    take: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, Problem> {
    text.map(|text| take(&text).ok_or_else(|| Problem::parameter(name, expected))).transpose()
}
