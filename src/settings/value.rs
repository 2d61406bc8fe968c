//! Settings that are one of a few words, or a word and a number.

use serde::de::{Deserializer, Error as _};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

/// How fast a capture file is replayed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Speed {
    /// As fast as it can be read.
    Max,
    /// So many times as fast as it was recorded: from 0.001 to 1 000 000, and 1 as recorded.
    Times(f64),
}

/// The speeds allowed, in words.
const SPEEDS: &str = "expected `max` or a number from 0.001 to 1000000";

/// The word for [`Speed::Max`].
const MAX: &str = "max";

impl Serialize for Speed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::Max => serializer.serialize_str(MAX),
            Self::Times(factor) => serializer.serialize_f64(factor),
        }
    }
}

impl<'de> Deserialize<'de> for Speed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(f64),
            Text(String),
        }
        let factor = match Written::deserialize(deserializer) {
            Ok(Written::Text(text)) if text == MAX => return Ok(Self::Max),
            Ok(Written::Text(text)) => text.trim().parse().ok(),
            Ok(Written::Number(factor)) => Some(factor),
            Err(_) => None,
        };
        factor
            .filter(|factor| (0.001..=1e6).contains(factor))
            .map(Self::Times)
            .ok_or_else(|| D::Error::custom(SPEEDS))
    }
}

/// How urgent a log line must be to be written, most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Something asked for was not done.
    Error,
    /// Something is wrong, but the work goes on.
    Warn,
    /// What is being done, in large steps.
    Info,
    /// What is being done, in small steps.
    Debug,
    /// Everything.
    Trace,
}

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Colours of the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// `mono` where `NO_COLOR` is set, else `dark`.
    Auto,
    /// For a dark background.
    Dark,
    /// For a light background.
    Light,
    /// None.
    Mono,
}

/// Which characters the console draws with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Glyphs {
    /// `ascii` where the locale is not UTF-8 or the terminal is `linux`, else `unicode`.
    Auto,
    /// Lines, blocks and Braille.
    Unicode,
    /// ASCII alone.
    Ascii,
}
