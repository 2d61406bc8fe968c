//! `GET /api/events`: what processes did lately, as Tetragon tells it, newest first.

pub(super) mod stream;
mod wanted;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tokio::time::Instant;
use utoipa::IntoParams;

use self::wanted::{Wanted, Which};
use super::alerts::{next_page, taken};
use super::auth::Caller;
use super::error::Problem;
use super::extract::Parameters;
use super::listing::LARGEST;
use super::{Api, off_the_runtime};
use crate::engine::{EventId, Events};

/// Events of an answer where nothing else is asked for, and at most.
const USUAL: usize = 100;
const MOST: usize = 1_000;

/// Events looked at with which a page ends, however few of them fit.
pub(super) const MOST_LOOKED_AT: usize = 50_000;

/// How long it is looked for events of a page: what is compared with a long pattern may itself be long.
const LONGEST_LOOK: Duration = Duration::from_secs(3);

/// Where a page or a stream goes on: an event of a run of Weir.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Spot {
    run: u64,
    id: EventId,
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{}", self.run, self.id)
    }
}

impl FromStr for Spot {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let is_plain = |text: &str| text.bytes().all(|digit| digit.is_ascii_hexdigit());
        let (run, id) = text.split_once('-').ok_or(())?;
        let run = u64::from_str_radix(run, 16).ok().filter(|_| is_plain(run)).ok_or(())?;
        let id = id.parse().ok().filter(|_| is_plain(id)).ok_or(())?;
        Ok(Self { run, id: EventId(id) })
    }
}

/// Which events are asked for: those that fit everything said.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// At most so many, 1 to 1000; 100 where it is not said.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 1000, default = 100)]
    limit: Option<String>,
    /// Where the next page begins, as the `Link` header said.
    cursor: Option<String>,
    /// At or after this time by the clock of the node (RFC 3339, `+` written as `%2B`).
    #[param(example = "2026-11-25T08:00:00Z", format = DateTime)]
    since: Option<String>,
    /// Before this time.
    #[param(example = "2026-11-25T09:00:00Z", format = DateTime)]
    until: Option<String>,
    /// What it is about: `exec`, `exit`, `kprobe`, `tracepoint`, `uprobe`, `lsm`, `usdt`, `loader`,
    /// `throttle`, `rate-limit`, `other`. As in all that follow, several with commas between them, and
    /// `*` for any text.
    #[param(example = "exec,kprobe")]
    r#type: Option<String>,
    /// Namespace of the pod of the process.
    namespace: Option<String>,
    /// Name of that pod.
    #[param(example = "web-*")]
    pod: Option<String>,
    /// What the process runs: the path, or the last part of it.
    #[param(example = "/usr/bin/curl")]
    binary: Option<String>,
    /// The policy that asked for the event.
    policy: Option<String>,
    /// The node.
    node: Option<String>,
    /// What an event must be, in the filter language of the console.
    #[param(example = "type:exec namespace:shop !parent:containerd-shim*")]
    filter: Option<String>,
}

/// List what processes did lately, newest first
///
/// Each event is an object as Tetragon's JSON export has it. As many are remembered as there is memory
/// for. The next page, if there may be one, is named by the `Link` header with `rel="next"`; a page ends
/// early at 1 MiB, and after 50,000 events or 3 s of looking.
#[utoipa::path(
    get,
    path = "/api/events",
    operation_id = "listEvents",
    params(Asked),
    security(("bearer" = [])),
    responses(
        (
            status = OK,
            description = "Events",
            body = Vec<Object>,
            headers(("Link" = String, description = "The next page: `<URL>; rel=\"next\"`")),
        ),
        (status = BAD_REQUEST, description = "A parameter cannot be taken"),
        (status = UNAUTHORIZED, description = "No token, or one that is void"),
        (status = GONE, description = "The cursor is of an earlier run, of which no event is remembered"),
        (status = SERVICE_UNAVAILABLE, description = "No agent of Tetragon is listened to, and why"),
    ),
)]
pub(super) async fn get(
    State(api): State<Arc<Api>>,
    _caller: Caller,
    uri: Uri,
    Parameters(asked): Parameters<Asked>,
) -> Result<Response, Problem> {
    let Asked { limit, cursor, since, until, r#type, namespace, pod, binary, policy, node, filter } =
        asked;
    let limit = taken("limit", limit, "expected a whole number from 1 to 1000", |text| {
        text.parse().ok().filter(|limit| (1..=MOST).contains(limit))
    })?
    .unwrap_or(USUAL);
    let which = Which { since, until, r#type, namespace, pod, binary, policy, node, filter };
    let wanted = Wanted::try_from(which)?;
    let cursor =
        taken("cursor", cursor, "expected one of a Link header", |text| text.parse::<Spot>().ok())?;
    let events = api.events()?;
    if cursor.is_some_and(|spot| spot.run != events.run()) {
        let detail = "cursor: it is of an earlier run of Weir, of which no event is remembered; begin \
                      without one";
        return Err(Problem::new(StatusCode::GONE, detail));
    }
    let before = cursor.map(|spot| spot.id);
    let run = events.run();
    let page = off_the_runtime(move || Page::read(&events, before, limit, &wanted)).await?;
    let mut response = ([(header::CONTENT_TYPE, "application/json")], page.json).into_response();
    if let Some(id) = page.next {
        let link = HeaderValue::try_from(next_page(uri.path(), uri.query(), &Spot { run, id }));
        response.headers_mut().extend(link.ok().map(|link| (header::LINK, link)));
    }
    Ok(response)
}

impl Api {
    /// The door to events, or why there are none.
    fn events(&self) -> Result<Events, Problem> {
        let snapshot = self.handle.snapshot();
        match &snapshot.tetragon.absent {
            Some(why) if snapshot.tetragon.kept == 0 => {
                Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, why.as_str()))
            }
            _ => Ok(self.handle.events().clone()),
        }
    }
}

/// A page of events.
#[derive(Debug)]
struct Page {
    /// The events, a JSON array.
    json: Vec<u8>,
    /// Before which event the next page begins, if there may be one.
    next: Option<EventId>,
}

impl Page {
    /// The newest events from before `before` that are wanted.
    fn read(events: &Events, before: Option<EventId>, limit: usize, wanted: &Wanted) -> Self {
        let mut json = vec![b'['];
        let (mut found, mut next) = (0, None);
        let mut rest = events.before(before).peekable();
        let (mut looked_at, begun) = (0, Instant::now());
        while let Some(kept) = rest.next() {
            looked_at += 1;
            if wanted.fits(&kept) {
                if found > 0 {
                    json.push(b',');
                }
                found += 1;
                json.extend_from_slice(kept.event.json().as_bytes());
            }
            let is_full = found == limit || json.len() >= LARGEST;
            if is_full || looked_at == MOST_LOOKED_AT || begun.elapsed() >= LONGEST_LOOK {
                next = rest.peek().map(|_| kept.id);
                break;
            }
        }
        json.push(b']');
        Self { json, next }
    }
}
