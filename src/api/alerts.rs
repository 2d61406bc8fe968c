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
use super::{Api, locked, off_the_runtime};
use crate::detect::Class;
use crate::incident::Alert;
use crate::incident::Status;
use crate::store::{Cursor, Page, Query};

/// Incidents of an answer where nothing else is asked for, and at most.
const USUAL: usize = 100;
const MOST: usize = 1_000;

/// Bytes of JSON with which a page ends, however few incidents are in it, so that many clients that
/// read slowly do not hold much.
const LARGEST_PAGE: usize = 1 << 20;

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
}

/// List incidents, newest first
///
/// The next page, if there is one, is named by the `Link` header with `rel="next"`. A page begins
/// where the one before it ended, whatever has come in between, and ends early at 1 MiB.
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
    Parameters(asked): Parameters<Asked>,
) -> Result<Response, Problem> {
    let query = Query::try_from(asked)?;
    let shared = Arc::clone(&api);
    let listed = off_the_runtime(move || {
        let page = locked(&shared.reader).incidents(&query)?;
        Listing::of(&page).map_err(Problem::from)
    });
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

/// A page as it is sent.
struct Listing {
    json: Vec<u8>,
    alerts: usize,
    next: Option<Cursor>,
}

impl Listing {
    /// The incidents of `page`, up to the one with which the JSON is large enough.
    fn of(page: &Page) -> serde_json::Result<Self> {
        let mut json = vec![b'['];
        let mut alerts = 0;
        for incident in &page.incidents {
            if json.len() >= LARGEST_PAGE {
                break;
            }
            if alerts > 0 {
                json.push(b',');
            }
            serde_json::to_writer(&mut json, &Alert::from(incident))?;
            alerts += 1;
        }
        json.push(b']');
        let is_cut = alerts < page.incidents.len();
        let last = page.incidents.iter().take(alerts).next_back().map(Cursor::from);
        Ok(Self { json, alerts, next: if is_cut { last } else { page.next } })
    }
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

impl TryFrom<Asked> for Query {
    type Error = Problem;

    fn try_from(Asked { limit, cursor, status, class, since }: Asked) -> Result<Self, Problem> {
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
