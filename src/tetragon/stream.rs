//! Events over gRPC.
//!
//! The agent is asked for all of them but those of namespaces that nobody wants, which it need not send
//! then. Weir joins flows with processes of any pod and any type of event, so there is no other filter
//! that leaves out only what is never wanted.
//!
//! An agent keeps no event for who was not there: whenever a stream ends, however it does, there is a
//! gap up to the next, which is counted.

use std::time::Duration;

use futures_util::StreamExt;
use prost::bytes::Bytes;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep, timeout};
use tonic::{Status, Streaming};
use tracing::debug;

use super::Event;
use super::client::{ANSWER, Client, EVENTS, Error, HEALTH, VERSION, is_too_long};
use super::follow::Ear;
use super::pause::Pause;
use super::wire::{
    Filter, GetEventsRequest, GetHealthStatusRequest, GetHealthStatusResponse, GetVersionRequest,
    GetVersionResponse,
};
use crate::cluster::said;

/// How long a stream may be silent before the agent is asked whether it lives.
const SILENT: Duration = Duration::from_secs(5);

/// An agent that has not refused a stream for so long sends it.
const REFUSED: Duration = Duration::from_secs(1);

/// A stream that lasted so long was not a failure, however it ended.
const WORTH: Duration = Duration::from_secs(10);

/// Events after which others get their turn.
const TURN: u32 = 256;

/// Follows the agent at the endpoint of `ear` for ever.
pub(super) async fn follow(ear: &Ear) {
    let mut pause = Pause::default();
    loop {
        let began = Instant::now();
        let error = listen(ear).await;
        if began.elapsed() >= WORTH {
            pause.reset();
        }
        ear.down(error.why());
        sleep(pause.next()).await;
    }
}

/// Follows one stream; returns why it ended.
async fn listen(ear: &Ear) -> Error {
    let client = match reach(ear).await {
        Ok(client) => client,
        Err(error) => return error,
    };
    let ended = tokio::select! {
        error = take(ear, &client) => error,
        error = watch_over(ear, &client) => error,
    };
    // Nothing is known of what was before there was a stream.
    if ear.is_up() {
        ear.gap();
    }
    ended
}

/// Connects to the agent, which must say something.
async fn reach(ear: &Ear) -> Result<Client, Error> {
    let client = Client::new(ear.endpoint())?;
    let version = client.ask::<GetVersionResponse>(VERSION, &GetVersionRequest {}).await;
    match version {
        Ok(version) => ear.version(&said(&version.version)),
        // One that does not say may still have events.
        Err(Error::Unsupported { .. }) => {}
        Err(error) => return Err(error),
    }
    Ok(client)
}

/// Takes in events until there are no more; returns why.
async fn take(ear: &Ear, client: &Client) -> Error {
    let failed = |status: &Status| client.failed(EVENTS, status);
    let mut events = match open(ear, client).await {
        Ok(events) => events,
        Err(status) => return failed(&status),
    };
    ear.up();
    let mut taken = 0_u32;
    loop {
        match events.next().await {
            Some(Ok(bytes)) => match Event::from_protobuf(&bytes) {
                Ok(event) => ear.take(event),
                Err(error) => {
                    debug!(agent = %ear.endpoint(), %error, "a message that cannot be read");
                    ear.unreadable();
                }
            },
            Some(Err(status)) => {
                if is_too_long(&status) {
                    ear.unreadable();
                }
                return failed(&status);
            }
            None => return client.ended(EVENTS),
        }
        taken = taken.wrapping_add(1);
        if taken.is_multiple_of(TURN) {
            yield_now().await;
        }
    }
}

/// Asks for the stream. An agent refuses at once, but where it does not it may answer only with the
/// first event.
async fn open(ear: &Ear, client: &Client) -> Result<Streaming<Bytes>, Status> {
    let question = wanted(ear.denied_namespaces());
    let mut opening = std::pin::pin!(client.events(&question));
    if let Ok(opened) = timeout(REFUSED, &mut opening).await {
        return opened;
    }
    ear.up();
    opening.await
}

/// All events but those of `denied` namespaces.
fn wanted(denied: &[String]) -> GetEventsRequest {
    // A filter that names none would fit every event.
    let deny =
        (!denied.is_empty()).then(|| Filter { namespace: denied.to_vec(), ..Filter::default() });
    GetEventsRequest { deny_list: deny.into_iter().collect(), ..GetEventsRequest::default() }
}

/// Asks an agent that is silent whether it lives, for as long as it does; returns why that is in doubt.
async fn watch_over(ear: &Ear, client: &Client) -> Error {
    loop {
        ear.is_silent_for(SILENT).await;
        let question = GetHealthStatusRequest::default();
        let asking = client.ask::<GetHealthStatusResponse>(HEALTH, &question);
        let error = match asking.await {
            Ok(_) | Err(Error::Unsupported { .. } | Error::Refused { .. }) => {
                ear.alive();
                continue;
            }
            Err(error) => error,
        };
        // Whoever sends events lives.
        if timeout(Duration::ZERO, ear.is_silent_for(ANSWER)).await.is_ok() {
            return error;
        }
    }
}
