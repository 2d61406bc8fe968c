//! The face for programs: HTTP with JSON, of a running engine and its database.
//!
//! Knows the engine's [`Handle`], through which people act, the database by a [`Reader`] and
//! [`Accounts`], and the list that several share; it cannot hold the engine up. Incidents are read
//! from the database, where they are accepted; all that is counted comes from the newest snapshot. It speaks plain HTTP and sets no header for other origins:
//! encryption, and pages of a browser that are to call it, are the business of a proxy before it.
//!
//! Everything that comes in is bounded: connections, bytes of a body, time for a head, a body and an
//! answer, passwords checked at once and guessed in a minute.

mod acts;
mod alerts;
mod audit;
mod auth;
mod cluster;
mod error;
mod events;
mod evidence;
mod extract;
mod health;
mod limits;
mod listing;
mod login;
mod map;
mod metrics;
mod mutes;
mod openapi;
mod outbox;
mod past;
mod policies;
mod readiness;
mod scans;
mod sent;
mod serve;
pub mod shape;
mod shared;
mod smells;
#[cfg(test)]
mod tests;
mod throttle;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, delete, get, post};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

pub use self::serve::serve;

use self::auth::Tokens;
use self::error::Problem;
use self::past::Past;
use self::throttle::Throttle;
use crate::engine::Handle;
use crate::notify::FirebaseList;
use crate::store::{self, Accounts, PasswordHash, Reader};

/// The largest body of a request, in bytes.
const LARGEST_BODY: usize = 64 << 10;

/// How long an answer may take, unless it says otherwise.
const ANSWER: Duration = Duration::from_secs(10);

/// What an API is made of.
#[derive(Debug)]
pub struct Parts {
    /// The engine, through which people act.
    pub handle: Handle,
    /// The database.
    pub database: PathBuf,
    /// The folder with the packets that are kept, if there is one.
    pub evidence: Option<PathBuf>,
    /// The list that several share, if there is one.
    pub shared: Option<FirebaseList>,
}

/// What the API answers from.
#[derive(Debug)]
pub struct Api {
    handle: Handle,
    database: PathBuf,
    evidence: Option<PathBuf>,
    shared: Option<FirebaseList>,
    /// One permit for each download of evidence at once.
    downloads: Arc<Semaphore>,
    /// One permit for each stream of events at once.
    streams: Arc<Semaphore>,
    /// One permit for each request at once that has manifests looked at.
    scans: Arc<Semaphore>,
    /// Cancelled once connections are to end.
    ending: CancellationToken,
    past: Past,
    reader: Mutex<Reader>,
    accounts: Mutex<Accounts>,
    tokens: Tokens,
    decoy: PasswordHash,
    throttle: Mutex<Throttle>,
    /// One permit for each password that may be checked at once.
    checks: Arc<Semaphore>,
}

impl Api {
    /// An API made of `parts`.
    pub fn new(parts: Parts) -> Result<Self, store::Error> {
        let Parts { handle, database, evidence, shared } = parts;
        let reader = Reader::open(&database)?;
        let mut accounts = Accounts::open(&database)?;
        Ok(Self {
            past: Past::since(handle.snapshot()),
            handle,
            database,
            evidence,
            shared,
            downloads: Arc::new(Semaphore::new(evidence::AT_ONCE)),
            streams: Arc::new(Semaphore::new(events::stream::AT_ONCE)),
            scans: Arc::new(Semaphore::new(smells::AT_ONCE)),
            ending: CancellationToken::new(),
            reader: Mutex::new(reader),
            tokens: Tokens::signed_with(&accounts.signing_key()?),
            accounts: Mutex::new(accounts),
            decoy: PasswordHash::decoy()?,
            throttle: Mutex::default(),
            checks: Arc::new(Semaphore::new(login::CHECKS_AT_ONCE)),
        })
    }
}

/// A connection outlives whoever panicked with it: `SQLite` undoes what was not committed.
fn locked<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs what waits for the disk or computes for long where that holds nobody up.
async fn off_the_runtime<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    // It ends early only by a panic, which was printed, or with the process.
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| Problem::of(StatusCode::INTERNAL_SERVER_ERROR))
}

/// Every path and what answers there.
fn routes() -> [(&'static str, MethodRouter<Arc<Api>>); 33] {
    [
        ("/api/login", post(login::post)),
        ("/get-alerts", get(alerts::get)),
        ("/api/alerts/{id}", get(acts::get)),
        ("/api/alerts/{id}/events", get(acts::events)),
        ("/api/alerts/{id}/ack", post(acts::acknowledge)),
        ("/api/alerts/{id}/resolve", post(acts::resolve)),
        ("/api/alerts/{id}/feedback", post(acts::judge)),
        ("/api/alerts/{id}/evidence", get(evidence::get)),
        ("/api/mutes", get(mutes::get).post(mutes::post)),
        ("/api/mutes/{id}", delete(mutes::delete)),
        ("/api/outbox", get(outbox::get)),
        ("/api/outbox/retry", post(outbox::retry)),
        ("/api/sinks", get(outbox::sinks)),
        ("/api/events", get(events::get)),
        ("/api/events/stream", get(events::stream::get)),
        ("/cluster-info", get(cluster::get)),
        ("/api/service-map", get(map::get)),
        ("/apply_rate_limit", post(limits::apply)),
        ("/revert_rate_limit", post(limits::revert)),
        ("/check_rate_limit", get(limits::check)),
        ("/api/decisions", get(limits::decisions)),
        ("/api/get-policies", get(policies::get)),
        ("/api/enforce-policy", post(policies::apply)),
        ("/api/delete-policy", delete(policies::delete)),
        (
            "/api/detect-smells",
            post(smells::post).layer(DefaultBodyLimit::max(smells::LARGEST_BODY)),
        ),
        (scans::PATH, post(scans::post)),
        ("/api/images", get(scans::get)),
        ("/api/audit", get(audit::get)),
        ("/api/audit/verify", get(audit::verify)),
        ("/healthz", get(health::alive)),
        ("/readyz", get(health::ready)),
        ("/metrics", get(metrics::get)),
        ("/openapi.json", get(openapi::get)),
    ]
}

fn router(api: Arc<Api>) -> Router {
    routes()
        .into_iter()
        .fold(Router::new(), |router, (path, methods)| {
            let bound = middleware::from_fn_with_state(longest(path), in_time);
            router.route(path, methods.layer(bound))
        })
        .fallback(|| async { Problem::of(StatusCode::NOT_FOUND) })
        .method_not_allowed_fallback(|| async { Problem::of(StatusCode::METHOD_NOT_ALLOWED) })
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(middleware::map_response(guarded))
        .with_state(api)
}

/// How long an answer at `path` may take.
fn longest(path: &str) -> Duration {
    if path == scans::PATH { scans::ANSWER } else { ANSWER }
}

/// Answers within this time, if only with an apology.
async fn in_time(State(within): State<Duration>, request: Request, next: Next) -> Response {
    timeout(within, next.run(request)).await.unwrap_or_else(|_| {
        let detail = format!("no answer within {} s", within.as_secs());
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).retry_after(ANSWER).into_response()
    })
}

/// Answers are for whom they were given to, and are what their type says: nobody is to keep them or
/// to take them for a page.
async fn guarded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    );
    response
}
