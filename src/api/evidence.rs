//! `GET /api/alerts/{id}/evidence`: the packets of an incident's flows, as far as they are kept.
//!
//! They are sent as they are found, so that however many there are no more than half a mebibyte waits
//! for a client that reads slowly.

use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::sync::mpsc::{Sender, channel};
use tokio::task::spawn_blocking;
use tracing::warn;

use super::acts::id;
use super::auth::Operator;
use super::error::Problem;
use super::sent::Sent;
use super::{Api, locked, off_the_runtime};
use crate::capture::evidence::extract;

/// What pcapng files are taken for.
const MEDIA_TYPE: &str = "application/x-pcapng";

/// Bytes of a part, and parts that wait for the client.
const PART: usize = 64 << 10;
const PARTS: usize = 8;

/// Downloads at once.
pub(super) const AT_ONCE: usize = 2;

/// Save the packets of an incident's flows
///
/// A pcapng file whose comment says what had already left the ring.
#[utoipa::path(
    get,
    path = "/api/alerts/{id}/evidence",
    operation_id = "readEvidence",
    params(("id" = String, Path, description = "Id of the incident")),
    security(("bearer" = [])),
    responses(
        (status = OK, description = "Packets", body = String, content_type = "application/x-pcapng"),
        (status = UNAUTHORIZED, description = "No token, or one that is void"),
        (status = FORBIDDEN, description = "The user is no operator"),
        (status = NOT_FOUND, description = "There is no such incident, or no packets are kept"),
    ),
)]
pub(super) async fn get(
    State(api): State<Arc<Api>>,
    _operator: Operator,
    Path(text): Path<String>,
) -> Result<Response, Problem> {
    let id = id(&text)?;
    let incident = api.incident(id).await?;
    let Some(folder) = api.evidence.clone() else {
        return Err(Problem::new(StatusCode::NOT_FOUND, "no packets are kept"));
    };
    let shared = Arc::clone(&api);
    let spans = off_the_runtime(move || locked(&shared.reader).spans(id)).await??;
    if spans.is_empty() {
        let detail = "none of its flows is remembered";
        return Err(Problem::new(StatusCode::NOT_FOUND, detail));
    }
    let busy = |_| Problem::of(StatusCode::SERVICE_UNAVAILABLE);
    let place = Arc::clone(&api.downloads).acquire_owned().await.map_err(busy)?;
    let (sender, parts) = channel(PARTS);
    spawn_blocking(move || {
        let mut out = BufWriter::with_capacity(PART, Parts(sender.clone()));
        let about = incident.caption(spans.len());
        let sent = extract(&folder, &spans, &about, &mut out).map_err(io::Error::other);
        if let Err(error) = sent.and_then(|_| out.flush()) {
            warn!(%error, %id, "evidence was not sent whole");
            // Cut off, and not ended: the client can tell.
            sender.blocking_send(Err(error)).ok();
        }
        drop(place);
    });
    let name = format!("attachment; filename=\"weir-{id}.pcapng\"");
    let headers =
        [(header::CONTENT_TYPE, MEDIA_TYPE.to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, Body::new(Sent(parts))).into_response())
}

/// Hands parts of a file to a client.
struct Parts(Sender<io::Result<Bytes>>);

impl Write for Parts {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let part = Bytes::copy_from_slice(bytes);
        self.0.blocking_send(Ok(part)).map_err(|_| io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
