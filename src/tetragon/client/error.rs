//! Why an agent was not asked, or did not do what it was asked.

use std::io;
use std::time::Duration;

use tonic::{Code, ConnectError, Status};

use super::socket::trouble;
use super::{LARGEST, is_too_long};
use crate::cluster::said;
use crate::tetragon::Endpoint;

/// What the library of gRPC says by itself of an answer that is none.
const NO_STATUS: &str = "grpc-status header missing, mapped from HTTP status code ";
const LIBRARY: [&str; 3] =
    ["protocol error: ", "Missing response message", "Unexpected EOF decoding stream"];

/// Why an agent was not asked, or did not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// What is heard there is no service that could be asked.
    #[error(
        "ask the agent at {endpoint}: only its gRPC service can be asked; name that as unix://PATH, \
         HOST:PORT or cluster:PORT"
    )]
    NotAsked {
        /// Where it is heard.
        endpoint: Endpoint,
    },
    /// It was not reached, or did not answer.
    #[error("{action} at the agent {endpoint}: {why}")]
    Unreachable {
        /// What was to be done.
        action: &'static str,
        /// Where it is heard.
        endpoint: Endpoint,
        /// Why not, and how to mend it.
        why: String,
        /// Whether the question may have reached it.
        may_be_asked: bool,
    },
    /// It does not know what it was asked for.
    #[error(
        "{action} at the agent {endpoint}: it does not know how ({message}); it is of an older \
         version, or no Tetragon"
    )]
    Unsupported {
        /// What was to be done.
        action: &'static str,
        /// Where it is heard.
        endpoint: Endpoint,
        /// Its own words.
        message: String,
    },
    /// It refused.
    #[error("{action}: the agent {endpoint} says: {message}")]
    Refused {
        /// What was to be done.
        action: &'static str,
        /// Where it is heard.
        endpoint: Endpoint,
        /// Its own words.
        message: String,
    },
    /// Its answer cannot be read.
    #[error("{action}: the answer of the agent {endpoint} cannot be read: {why}")]
    Senseless {
        /// What was to be done.
        action: &'static str,
        /// Where it is heard.
        endpoint: Endpoint,
        /// Why not.
        why: String,
    },
}

impl Error {
    /// What `status` says about `action`.
    pub(in crate::tetragon) fn of(
        action: &'static str,
        endpoint: &Endpoint,
        status: &Status,
    ) -> Self {
        // What the agent sent has no cause on this side.
        if let Some(cause) = std::error::Error::source(status) {
            return Self::unreachable(action, endpoint, cause);
        }
        let endpoint = endpoint.clone();
        if let Some(why) = own_words(status) {
            return Self::Senseless { action, endpoint, why };
        }
        let message = match status.message() {
            "" => status.code().description().to_owned(),
            message => said(message),
        };
        match status.code() {
            Code::Unimplemented => Self::Unsupported { action, endpoint, message },
            _ => Self::Refused { action, endpoint, message },
        }
    }

    /// The agent was not reached because of `error`.
    pub(super) fn unreachable(
        action: &'static str,
        endpoint: &Endpoint,
        error: &(dyn std::error::Error + 'static),
    ) -> Self {
        let (mut innermost, mut is_connected, mut why) = (error, true, None);
        while why.is_none() {
            is_connected &= !innermost.is::<ConnectError>();
            why = innermost.downcast_ref::<io::Error>().map(|error| trouble(endpoint, error));
            match innermost.source() {
                Some(source) => innermost = source,
                None => break,
            }
        }
        let why = why.unwrap_or_else(|| said(&innermost.to_string()));
        Self::Unreachable { action, endpoint: endpoint.clone(), why, may_be_asked: is_connected }
    }

    /// The agent did not answer in time.
    pub(super) fn silent(action: &'static str, endpoint: &Endpoint, within: Duration) -> Self {
        let why = format!(
            "no answer within {} s: it hangs, nothing gets through to it, or what listens there is no \
             gRPC service",
            within.as_secs()
        );
        Self::Unreachable { action, endpoint: endpoint.clone(), why, may_be_asked: true }
    }

    /// The agent has ended what it was to go on with for ever.
    pub(in crate::tetragon) fn ended(action: &'static str, endpoint: &Endpoint) -> Self {
        let why = "it has ended the stream".to_owned();
        Self::Unreachable { action, endpoint: endpoint.clone(), why, may_be_asked: true }
    }

    /// What went wrong, without what was to be done and at whom.
    pub(in crate::tetragon) fn why(&self) -> String {
        match self {
            Self::Unreachable { why, .. } => why.clone(),
            Self::Unsupported { message, .. } => {
                format!(
                    "it does not know how to send events ({message}): this is no Tetragon, or an old one"
                )
            }
            Self::Refused { message, .. } => format!("it says: {message}"),
            Self::Senseless { why, .. } => format!("its answer cannot be read: {why}"),
            Self::NotAsked { .. } => self.to_string(),
        }
    }

    /// Whether the agent may have done what it was asked all the same.
    #[must_use]
    pub const fn may_be_done(&self) -> bool {
        match self {
            Self::Unreachable { may_be_asked, .. } => *may_be_asked,
            Self::Senseless { .. } => true,
            Self::NotAsked { .. } | Self::Unsupported { .. } | Self::Refused { .. } => false,
        }
    }
}

/// What is wrong with an answer for which `status` stands, where not the agent made that but the library
/// that has read its answer.
fn own_words(status: &Status) -> Option<String> {
    let message = status.message();
    if is_too_long(status) {
        return Some(format!("a message of more than {} MiB", LARGEST >> 20));
    }
    if let Some(http) = message.strip_prefix(NO_STATUS) {
        return Some(format!("HTTP status {}: what listens there is no gRPC service", said(http)));
    }
    LIBRARY.iter().any(|words| message.starts_with(words)).then(|| said(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(status: &Status) -> String {
        let endpoint = Endpoint::Tcp("n1:54321".into());
        Error::of("follow events", &endpoint, status).why()
    }

    #[test]
    fn only_what_an_agent_has_said_itself_is_told_as_its_words() {
        assert_eq!(why(&Status::unavailable("too many clients")), "it says: too many clients");
        let read =
            "Error, decoded message length too large: found 17 bytes, the limit is: 16 bytes";
        let read = why(&Status::out_of_range(read));
        assert_eq!(read, "its answer cannot be read: a message of more than 16 MiB");
        let http = why(&Status::unknown(format!("{NO_STATUS}404")));
        assert!(http.contains("no gRPC service") && !http.contains("says"), "{http}");
        let ended = Error::ended("follow events", &Endpoint::Tcp("n1:54321".into())).why();
        assert_eq!(ended, "it has ended the stream");
    }
}
