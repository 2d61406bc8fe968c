//! Reads: objects, lists in pages, and watches.

use serde_json::{Value, json};

use super::kinds::Kind;
use super::select::Selector;
use super::status::Status;
use super::store::{Store, Wants};
use crate::support::double::http::{Answer, Request};

/// What is said of a list that cannot be gone on with.
const TOO_OLD: &str = "The provided continue parameter is too old to display a consistent list result. You can start \
     a new list without the continue parameter.";

/// Whether a watch may begin with all there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InitialEvents {
    /// As API servers since 1.32 do.
    Sent,
    /// As those before do.
    Refused,
}

/// The list that a request asks for.
pub fn list(
    store: &mut Store,
    kind: &Kind,
    namespace: &str,
    request: &Request,
) -> Result<Value, Status> {
    let text = |name: &str| request.parameter(name).unwrap_or_default();
    let selector = Selector::of(kind, namespace, &text("labelSelector"), &text("fieldSelector"))?;
    let (version, mut items) = match &*text("continue") {
        "" => (store.version(), store.list(kind, &selector)),
        token => store.rest(token).ok_or_else(|| Status::expired(TOO_OLD))?,
    };
    let mut metadata = json!({ "resourceVersion": version.to_string() });
    let limit = number(&text("limit"))?.unwrap_or_default();
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if limit > 0 && items.len() > limit {
        let rest = items.split_off(limit);
        metadata["remainingItemCount"] = rest.len().into();
        metadata["continue"] = store.keep_rest(version, rest).into();
    }
    Ok(json!({
        "kind": format!("{}List", kind.name),
        "apiVersion": kind.api_version(),
        "metadata": metadata,
        "items": items,
    }))
}

/// The watch that a request asks for.
pub fn watch(
    store: &mut Store,
    kind: &'static Kind,
    namespace: &str,
    request: &Request,
    initial: InitialEvents,
) -> Result<Answer, Status> {
    let text = |name: &str| request.parameter(name).unwrap_or_default();
    let selector = Selector::of(kind, namespace, &text("labelSelector"), &text("fieldSelector"))?;
    let is_true = |name: &str| matches!(&*text(name), "true" | "1");
    let version = number(&text("resourceVersion"))?.filter(|version| *version > 0);
    let wants = match (is_true("sendInitialEvents"), is_true("allowWatchBookmarks")) {
        (false, false) => Wants::Events,
        (false, true) => Wants::Bookmarks,
        (true, _) => {
            may_begin_with_all(&text("resourceVersionMatch"), initial)?;
            Wants::InitialEvents
        }
    };
    let version = if wants == Wants::InitialEvents { None } else { version };
    if version.is_some_and(|version| version > store.version()) {
        return Err(too_new(store.version(), version.unwrap_or_default()));
    }
    Ok(Answer::streamed(store.watch(kind, selector, version, wants)))
}

fn may_begin_with_all(matching: &str, initial: InitialEvents) -> Result<(), Status> {
    let refused = |field, message| Err(Status::bad_option("ListOptions", field, message));
    if initial == InitialEvents::Refused {
        let message = "Forbidden: sendInitialEvents is forbidden for watch unless the WatchList \
                       feature gate is enabled";
        return refused("sendInitialEvents", message);
    }
    if matching != "NotOlderThan" {
        let message =
            "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
        return refused("resourceVersionMatch", message);
    }
    Ok(())
}

/// A version that is still to come, as after the API server lost its data.
fn too_new(newest: u64, asked: u64) -> Status {
    let mut status = Status::trouble(504, Some(1));
    status.message = format!("Too large resource version: {asked}, current: {newest}");
    status
}

fn number(text: &str) -> Result<Option<u64>, Status> {
    match text {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| {
            Status::bad_request(format!("strconv.ParseUint: parsing {text:?}: invalid syntax"))
        }),
    }
}
