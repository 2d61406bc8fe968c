//! How the value of one key is written and what is allowed for it.

use std::path::PathBuf;

use serde::Deserialize;
use serde::de::{Deserializer, Error};

/// The longest name of an interface that Linux knows: an alternative name without its final zero.
const LONGEST_NAME: usize = 127;

/// A whole number from `MIN` to `MAX`, both of which `T` must be able to hold.
pub(super) fn whole<'de, D, T, const MIN: i64, const MAX: i64>(
    deserializer: D,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i64>,
{
    i64::deserialize(deserializer)
        .ok()
        .filter(|number| (MIN..=MAX).contains(number))
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| D::Error::custom(format!("expected a whole number from {MIN} to {MAX}")))
}

/// A list of interface names.
pub(super) fn names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Vec::<String>::deserialize(deserializer)
        .ok()
        .filter(|names| names.iter().all(|name| is_name(name)))
        .ok_or_else(|| {
            D::Error::custom(format!(
                "expected a list of interface names of 1 to {LONGEST_NAME} bytes without spaces \
                 and slashes, such as [\"eth0\"]"
            ))
        })
}

fn is_name(name: &str) -> bool {
    (1..=LONGEST_NAME).contains(&name.len())
        && is_whole_text(name)
        && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '/')
}

/// A list of namespaces of Kubernetes.
pub(super) fn namespaces<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<String>, D::Error> {
    Vec::<String>::deserialize(deserializer)
        .ok()
        .filter(|names| names.iter().all(|name| is_namespace(name)))
        .ok_or_else(|| {
            D::Error::custom(
                "expected a list of namespaces, each of 1 to 63 small letters, digits and `-`, such as \
                 [\"kube-system\"]",
            )
        })
}

/// A label of the DNS (RFC 1123).
fn is_namespace(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=63).contains(&name.len())
        && name.chars().all(is_plain)
        && !name.starts_with('-')
        && !name.ends_with('-')
}

/// A text that can be handed to the system as it was written.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    String::deserialize(deserializer)
        .ok()
        .filter(|text| is_whole_text(text))
        .ok_or_else(|| D::Error::custom("expected a text in UTF-8 without zero bytes"))
}

/// The replacement character stands where the environment was not UTF-8.
fn is_whole_text(text: &str) -> bool {
    !text.contains(['\0', char::REPLACEMENT_CHARACTER])
}

/// The name of a sensor.
pub(super) fn sensor<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    String::deserialize(deserializer)
        .ok()
        .filter(|name| (1..=63).contains(&name.len()) && name.chars().all(is_plain))
        .ok_or_else(|| {
            D::Error::custom("expected a name of 1 to 63 letters, digits, `-`, `_` and `.`")
        })
}

/// An address to listen on, or an empty text for none.
pub(super) mod optional_address {
    use std::net::SocketAddr;

    use serde::ser::Serializer;

    use super::{Deserialize, Deserializer, Error};

    /// Writes the address, or an empty text.
    #[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
    pub(in super::super) fn serialize<S: Serializer>(
        address: &Option<SocketAddr>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match address {
            Some(address) => serializer.collect_str(address),
            None => serializer.serialize_str(""),
        }
    }

    /// Reads an address; an empty text is none.
    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<SocketAddr>, D::Error> {
        let text = String::deserialize(deserializer).unwrap_or_else(|_| "?".into());
        if text.is_empty() {
            return Ok(None);
        }
        text.parse().map(Some).map_err(|_| {
            D::Error::custom("expected an address and a port, such as \"127.0.0.1:8080\"")
        })
    }
}

/// Where something is reached over HTTP, or an empty text for nowhere.
pub(super) fn url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = text(deserializer)?;
    let is_url = |text: &str| {
        let (scheme, rest) = text.split_once("://").unwrap_or_default();
        matches!(scheme, "http" | "https") && !rest.is_empty() && !rest.starts_with('/')
    };
    if text.is_empty() || is_url(&text) {
        Ok(text.trim_end_matches('/').to_owned())
    } else {
        Err(D::Error::custom("expected a URL that begins with https:// or http://"))
    }
}

/// A program: a path, or a name that is looked for in `PATH`.
pub(super) fn program<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
    let text = text(deserializer)?;
    if text.is_empty() {
        return Err(D::Error::custom("expected the name of a program, or a path to one"));
    }
    Ok(text.into())
}

/// A secret, or an empty text for none.
pub(super) mod optional_secret {
    use serde::ser::Serializer;

    use super::super::Secret;
    use super::{Deserializer, text};

    /// Writes the secret: what is shown of it is hidden later.
    #[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
    pub(in super::super) fn serialize<S: Serializer>(
        secret: &Option<Secret>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(secret.as_ref().map_or("", Secret::reveal))
    }

    /// Reads a secret; an empty text is none.
    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Secret>, D::Error> {
        text(deserializer).map(|text| (!text.is_empty()).then(|| text.into()))
    }
}

/// Where agents of Tetragon are heard.
pub(super) mod wishes {
    use serde::ser::Serializer;

    use super::{Deserialize, Deserializer, Error};
    use crate::tetragon::Wish;

    /// Writes them as a list of texts.
    pub(in super::super) fn serialize<S: Serializer>(
        wishes: &[Wish],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(wishes.iter().map(ToString::to_string))
    }

    /// Reads a list of texts. Who wants nobody heard wants nobody else heard either.
    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<Wish>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer).map_err(|_| {
            D::Error::custom("expected a list such as [\"auto\"] or [\"localhost:54321\"]")
        })?;
        let wishes = texts.iter().map(|text| text.parse()).collect::<Result<Vec<Wish>, _>>();
        let wishes = wishes.map_err(D::Error::custom)?;
        if wishes.len() > 1 && wishes.contains(&Wish::Nobody) {
            return Err(D::Error::custom("expected `none` alone, or no `none`"));
        }
        Ok(wishes)
    }
}

/// A path, or an empty text for none.
pub(super) mod optional_path {
    use serde::ser::{Error as _, Serializer};

    use super::{Deserializer, PathBuf, text};

    /// Writes the path, or an empty text.
    #[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
    pub(in super::super) fn serialize<S: Serializer>(
        path: &Option<PathBuf>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let text = path.as_deref().map_or(Some(""), |path| path.to_str());
        serializer.serialize_str(text.ok_or_else(|| S::Error::custom("the path is not UTF-8"))?)
    }

    /// Reads a path; an empty text is none.
    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<PathBuf>, D::Error> {
        text(deserializer).map(|path| (!path.is_empty()).then(|| path.into()))
    }
}

/// A span of time: `120s`, `2m`, `500ms`, or a bare number of seconds.
pub(super) mod duration {
    use std::time::Duration;

    use jiff::SignedDuration;
    use serde::ser::Serializer;

    use super::{Deserialize, Deserializer, Error};

    const LEAST: Duration = Duration::from_micros(1);
    const MOST: Duration = Duration::from_hours(24);

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Seconds(f64),
        Text(String),
    }

    /// Writes the span in the largest unit up to seconds that needs no fraction.
    pub(in super::super) fn serialize<S: Serializer>(
        span: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let nanoseconds = span.as_nanos();
        let (unit, name) = [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us")]
            .into_iter()
            .find(|(unit, _)| nanoseconds.is_multiple_of(*unit))
            .unwrap_or((1, "ns"));
        serializer.collect_str(&format_args!("{}{name}", nanoseconds / unit))
    }

    /// Reads a span from 1 µs to 24 h.
    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        let span = match Written::deserialize(deserializer) {
            Ok(Written::Seconds(seconds)) => seconds_of(seconds),
            Ok(Written::Text(text)) => parse(text.trim()),
            Err(_) => None,
        };
        span.filter(|span| (LEAST..=MOST).contains(span)).ok_or_else(|| {
            D::Error::custom(
                "expected a duration from 1us to 24h, such as \"120s\", \"2m\", \"500ms\" or a \
                 number of seconds",
            )
        })
    }

    fn parse(text: &str) -> Option<Duration> {
        match text.parse() {
            Ok(seconds) => seconds_of(seconds),
            Err(_) => text.parse::<SignedDuration>().ok()?.try_into().ok(),
        }
    }

    fn seconds_of(seconds: f64) -> Option<Duration> {
        Duration::try_from_secs_f64(seconds).ok()
    }
}
