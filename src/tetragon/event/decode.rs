//! From what an agent sends to an event, and back to its JSON form.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use prost::Message;
use prost_types::Timestamp;
use serde_json::{Value, json};

use super::reading::Reading;
use super::{Body, Event, bound, salvage};
use crate::tetragon::file::trimmed;
use crate::tetragon::wire::{EventType, GetEventsResponse};

/// Why something is no event at all.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It is too long to be kept.
    #[error("an event of {bytes} bytes: at most {} are read", Event::LARGEST_BYTES)]
    TooLong {
        /// How long it is.
        bytes: usize,
    },
    /// It has more parts than any event has: as many would take many times its length in memory.
    #[error("an event of too many parts")]
    TooManyParts,
    /// The line is not JSON.
    #[error("a line that is not JSON")]
    NotJson(#[source] serde_json::Error),
    /// It is JSON, but no object.
    #[error("a line of JSON that is not an object")]
    NotAnObject,
    /// It is no message of protobuf.
    #[error("bytes that are not a message of protobuf")]
    NotProtobuf(#[source] prost::DecodeError),
}

/// What every message has, whatever event is in it.
#[derive(Clone, PartialEq, Message)]
struct Envelope {
    #[prost(bytes = "vec", tag = "1000")]
    node_name: Vec<u8>,
    #[prost(bytes = "vec", tag = "1001")]
    time: Vec<u8>,
}

/// The numbers of the fields of every message.
const ENVELOPE: RangeInclusive<usize> = 1_000..=1_004;

impl Event {
    /// The longest message or line that is read, in bytes.
    pub const LARGEST_BYTES: usize = 4 << 20;

    /// Reads a `GetEventsResponse` as it comes over gRPC. An event of a type that this version does not
    /// know is [`Other`](super::EventKind::Other).
    ///
    /// # Errors
    /// [`Unreadable`] if the bytes are too many or are no message.
    pub fn from_protobuf(message: &[u8]) -> Result<Self, Unreadable> {
        check_len(message.len())?;
        bound::check_protobuf(message)?;
        let reading = read_protobuf(message)?;
        Ok(Self::new(reading, Body::Protobuf(message.into())))
    }

    /// Reads a line of the JSON export. Blanks and NULs around it, as a file that was cut has them, are
    /// left out; bytes that are not UTF-8 are replaced. What of the line cannot be understood costs no
    /// more than itself: the rest of the event is there, and so is the line.
    ///
    /// # Errors
    /// [`Unreadable`] if the line is too long or is no JSON object.
    pub fn from_json(line: &[u8]) -> Result<Self, Unreadable> {
        let line = trimmed(line);
        check_len(line.len())?;
        let line = String::from_utf8_lossy(line);
        // A byte that is replaced becomes three.
        check_len(line.len())?;
        bound::check_json(&line)?;
        let reading = read_json(&line)?;
        Ok(Self::new(reading, Body::Json(line.into())))
    }
}

impl Body {
    /// Reads it once more.
    pub(super) fn read(&self) -> Result<Reading, Unreadable> {
        match self {
            Self::Json(line) => read_json(line),
            Self::Protobuf(message) => read_protobuf(message),
        }
    }

    /// As Tetragon's JSON export has it, in one line.
    pub(super) fn json(&self) -> Cow<'_, str> {
        match self {
            Self::Json(line) => Cow::Borrowed(line),
            Self::Protobuf(message) => Cow::Owned(rendered(message)),
        }
    }

    pub(super) const fn len(&self) -> usize {
        match self {
            Self::Json(line) => line.len(),
            Self::Protobuf(message) => message.len(),
        }
    }
}

const fn check_len(bytes: usize) -> Result<(), Unreadable> {
    if bytes > Event::LARGEST_BYTES { Err(Unreadable::TooLong { bytes }) } else { Ok(()) }
}

fn read_json(line: &str) -> Result<Reading, Unreadable> {
    match serde_json::from_str::<GetEventsResponse>(line) {
        Ok(response) if response.event.is_some() => Ok(response.into()),
        _ => match serde_json::from_str(line).map_err(Unreadable::NotJson)? {
            Value::Object(members) => Ok(salvage::read(members)),
            _ => Err(Unreadable::NotAnObject),
        },
    }
}

fn read_protobuf(message: &[u8]) -> Result<Reading, Unreadable> {
    match GetEventsResponse::decode(message) {
        Ok(response) if response.event.is_some() => Ok(response.into()),
        // Of another version, or with something in it that cannot be read: what is around it can be.
        _ => Envelope::decode(message).map_err(Unreadable::NotProtobuf).map(|envelope| Reading {
            node: String::from_utf8_lossy(&envelope.node_name).into_owned(),
            time: Timestamp::decode(envelope.time.as_slice())
                .ok()
                .filter(|_| !envelope.time.is_empty()),
            type_name: event_number(message).map(type_called).unwrap_or_default(),
            ..Reading::default()
        }),
    }
}

/// The number of the first field of `message` that is an event.
fn event_number(message: &[u8]) -> Option<usize> {
    let mut numbers = bound::Fields(message).filter(|field| field.content.is_some());
    numbers.find(|field| !ENVELOPE.contains(&field.number)).map(|field| field.number)
}

/// What is called of an event of this number: its name where that is known.
fn type_called(number: usize) -> String {
    let known = i32::try_from(number).ok().and_then(|number| EventType::try_from(number).ok());
    match known {
        Some(known) => known.as_str_name().to_ascii_lowercase(),
        None => format!("field {number}"),
    }
}

/// `message` in JSON. One that cannot be read stands there as it came.
fn rendered(message: &[u8]) -> String {
    let rendered = GetEventsResponse::decode(message)
        .ok()
        .filter(|response| response.event.is_some())
        .and_then(|response| serde_json::to_string(&response).ok());
    rendered.unwrap_or_else(|| {
        let reading = read_protobuf(message).unwrap_or_default();
        let undecoded = json!({
            "type": reading.type_name,
            "protobuf": STANDARD.encode(message),
        });
        let time = reading.time.map(|time| time.to_string());
        json!({ "undecoded": undecoded, "node_name": reading.node, "time": time }).to_string()
    })
}
