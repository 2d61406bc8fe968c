//! `GET /api/events/stream`: events as they come, as server-sent events.
//!
//! A stream reads from what is remembered, at the pace of its client: a slow one holds up nobody, and is
//! told how many events it has missed. Each event has an id by which a client that comes back goes on
//! (`Last-Event-ID`). A stream ends in order before its connection has to, so that who reads has to show
//! a token again.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use hyper::StatusCode;
use serde::Deserialize;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::{Sender, channel};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use utoipa::IntoParams;

use super::Spot;
use super::wanted::{Wanted, Which};
use crate::api::auth::Caller;
use crate::api::error::Problem;
use crate::api::extract::Parameters;
use crate::api::sent::Sent;
use crate::api::{Api, off_the_runtime};
use crate::engine::{After, EventId, Events};

/// Streams at once.
pub(in crate::api) const AT_ONCE: usize = 16;

/// When somebody for whom there is no place may come back.
const BUSY: Duration = Duration::from_secs(30);

/// How long a stream lasts: less than its connection.
const LASTING: Duration = Duration::from_mins(9);

/// How often a stream on which nothing comes shows that it is there.
const QUIET: Duration = Duration::from_secs(15);

/// How long more is gathered once something has come.
const GATHERING: Duration = Duration::from_millis(50);

/// How long a client may take nothing at all.
const PATIENCE: Duration = Duration::from_mins(1);

/// Bytes with which a part of a stream ends, and parts that wait for the client.
const PART: usize = 64 << 10;
const PARTS: usize = 4;

/// Comes first: a client that is cut off is back after a second.
const HELLO: &str = "retry: 1000\n\n";

/// By which a client goes on.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// A proxy is not to wait until a part is large.
const UNBUFFERED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));

/// Which events are asked for: those that fit everything said.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::api) struct Asked {
    /// First those that are remembered from this time on; where it is not said, what comes from now on.
    #[param(example = "2026-11-25T08:00:00Z", format = DateTime)]
    since: Option<String>,
    /// As `/api/events` takes it; so are all that follow.
    #[param(example = "exec,kprobe")]
    r#type: Option<String>,
    /// Namespace of the pod of the process.
    namespace: Option<String>,
    /// Name of that pod.
    #[param(example = "web-*")]
    pod: Option<String>,
    /// What the process runs.
    #[param(example = "/usr/bin/curl")]
    binary: Option<String>,
    /// The policy that asked for the event.
    policy: Option<String>,
    /// The node.
    node: Option<String>,
    /// What an event must be, in the filter language of the console.
    #[param(example = "type:exec namespace:shop")]
    filter: Option<String>,
}

/// Follow what processes do
///
/// Server-sent events: `data` is an event as Tetragon's JSON export has it, `id` names it. A client that
/// comes back with `Last-Event-ID` goes on after that event. Where events were not sent because the
/// client was too slow, or away for too long, an event of the type `lost` says so: its `data` has
/// `events`, their number before any filter, or null where that is not known because Weir was started
/// again. A stream ends after nine minutes.
#[utoipa::path(
    get,
    path = "/api/events/stream",
    operation_id = "followEvents",
    params(
        Asked,
        ("Last-Event-ID" = Option<String>, Header, description = "The last `id` that was received"),
    ),
    security(("bearer" = [])),
    responses(
        (status = OK, description = "Events", body = String, content_type = "text/event-stream"),
        (status = BAD_REQUEST, description = "A parameter cannot be taken"),
        (status = UNAUTHORIZED, description = "No token, or one that is void"),
        (status = SERVICE_UNAVAILABLE, description = "No agent of Tetragon is listened to, and why; or too many streams are open"),
    ),
)]
pub(in crate::api) async fn get(
    State(api): State<Arc<Api>>,
    _caller: Caller,
    headers: HeaderMap,
    Parameters(asked): Parameters<Asked>,
) -> Result<Response, Problem> {
    let Asked { since, r#type, namespace, pod, binary, policy, node, filter } = asked;
    let is_past = since.is_some();
    let until = None;
    let which = Which { since, until, r#type, namespace, pod, binary, policy, node, filter };
    let wanted = Wanted::try_from(which)?;
    let spot = headers.get(LAST_EVENT_ID).map(spot).transpose()?;
    let events = api.events()?;
    let place = Arc::clone(&api.streams).try_acquire_owned().map_err(|_| {
        let detail = format!("{AT_ONCE} streams are open, and there is no place for one more");
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).retry_after(BUSY)
    })?;
    let (run, newest) = (events.run(), *events.newest().borrow());
    let (last, hello) = match spot {
        Some(spot) if spot.run != run => {
            let id = EventId(0);
            (id, missed(None, Spot { run, id }))
        }
        // What it has not seen yet it cannot have seen.
        Some(spot) => (spot.id.min(newest), String::new()),
        // What left the memory before is not asked for.
        None if is_past => (EventId(events.after(EventId(0)).lost), String::new()),
        None => (newest, String::new()),
    };
    let (sender, parts) = channel(PARTS);
    // Into an empty channel goes one part at once.
    sender.try_send(Ok(Bytes::from(format!("{HELLO}{hello}")))).ok();
    let stream = Stream { events, last, wanted, sender, stop: api.ending.clone(), _place: place };
    tokio::spawn(stream.run());
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    Ok(([kind, UNBUFFERED], Body::new(Sent(parts))).into_response())
}

fn spot(value: &HeaderValue) -> Result<Spot, Problem> {
    let spot = value.to_str().ok().and_then(|text| text.parse().ok());
    spot.ok_or_else(|| Problem::parameter("Last-Event-ID", "expected an id of this stream"))
}

/// That a client has missed events before `at`: so many, if it is known.
fn missed(events: Option<u64>, at: Spot) -> String {
    let events = events.map_or_else(|| "null".to_owned(), |events| events.to_string());
    format!("id: {at}\nevent: lost\ndata: {{\"events\":{events}}}\n\n")
}

/// An event as it is sent. Where a line ends within JSON, no text does.
fn sent(json: &str, id: Spot) -> String {
    let json = json.replace(['\r', '\n'], " ");
    format!("id: {id}\ndata: {json}\n\n")
}

/// One client and what it gets.
struct Stream {
    events: Events,
    /// The last event that was looked at.
    last: EventId,
    wanted: Wanted,
    sender: Sender<io::Result<Bytes>>,
    stop: CancellationToken,
    _place: OwnedSemaphorePermit,
}

impl Stream {
    /// Until the client leaves or takes nothing, the engine or the API ends, or it is time to.
    async fn run(mut self) {
        let stop = self.stop.clone();
        tokio::select! {
            () = stop.cancelled() => {}
            () = sleep_until(Instant::now() + LASTING) => {}
            () = self.follow() => {}
        }
    }

    async fn follow(&mut self) {
        let mut newest = self.events.newest();
        let mut quiet = Instant::now() + QUIET;
        loop {
            newest.borrow_and_update();
            let Ok(mut part) = self.next().await else { return };
            if part.is_empty() && Instant::now() >= quiet {
                // What was looked at need not be again.
                part = format!(":\nid: {}\n\n", self.spot());
            }
            if part.is_empty() {
                tokio::select! {
                    changed = newest.changed() => match changed {
                        Ok(()) => sleep(GATHERING).await,
                        Err(_) => return,
                    },
                    () = sleep_until(quiet) => {}
                    () = self.sender.closed() => return,
                }
                continue;
            }
            quiet = Instant::now() + QUIET;
            let sent = timeout(PATIENCE, self.sender.send(Ok(Bytes::from(part)))).await;
            if !matches!(sent, Ok(Ok(()))) {
                return;
            }
        }
    }

    fn spot(&self) -> Spot {
        Spot { run: self.events.run(), id: self.last }
    }

    /// What comes next of what is wanted; empty once all has been looked at.
    async fn next(&mut self) -> Result<String, Problem> {
        loop {
            let After { lost, events } = self.events.after(self.last);
            let mut part = String::new();
            if lost > 0 {
                self.last = EventId(self.last.0 + lost);
                part = missed(Some(lost), self.spot());
            }
            if events.is_empty() {
                return Ok(part);
            }
            let (run, mut wanted) = (self.events.run(), self.wanted.clone());
            let looked_at = off_the_runtime(move || {
                wanted.now();
                let mut last = None;
                for kept in events {
                    last = Some(kept.id);
                    if wanted.fits(&kept) {
                        part.push_str(&sent(&kept.event.json(), Spot { run, id: kept.id }));
                    }
                    if part.len() >= PART {
                        break;
                    }
                }
                (part, last)
            });
            let (part, last) = looked_at.await?;
            self.last = last.unwrap_or(self.last);
            if !part.is_empty() {
                return Ok(part);
            }
        }
    }
}
