//! Why an agent was not asked, or did not do what it was asked.

use std::io;
use std::time::Duration;

use tonic::{Code, Status};

use super::socket::trouble;
use crate::cluster::said;
use crate::tetragon::Endpoint;

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
        let endpoint = endpoint.clone();
        // What the agent sent has no cause on this side.
        if let Some(cause) = std::error::Error::source(status) {
            return Self::unreachable(action, &endpoint, cause);
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
        let mut innermost = error;
        let mut why = None;
        while why.is_none() {
            why = innermost.downcast_ref::<io::Error>().map(|error| trouble(endpoint, error));
            match innermost.source() {
                Some(source) => innermost = source,
                None => break,
            }
        }
        let why = why.unwrap_or_else(|| said(&innermost.to_string()));
        Self::Unreachable { action, endpoint: endpoint.clone(), why }
    }

    /// The agent did not answer in time.
    pub(in crate::tetragon) fn silent(
        action: &'static str,
        endpoint: &Endpoint,
        within: Duration,
    ) -> Self {
        let why = format!(
            "no answer within {} s: it hangs, nothing gets through to it, or what listens there is no \
             gRPC service",
            within.as_secs()
        );
        Self::Unreachable { action, endpoint: endpoint.clone(), why }
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

    /// Whether another try may do: nobody was reached, or the agent did not answer.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }
}
