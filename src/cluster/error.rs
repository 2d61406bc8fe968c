//! Why the API server was not asked, or did not do what it was asked.

use std::path::PathBuf;

/// Why the API server was not asked, or did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The kubeconfig that was asked for cannot be used.
    #[error("use the kubeconfig {path}")]
    Kubeconfig {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: kube::config::KubeconfigError,
    },
    /// What was read of the cluster cannot be made a client of.
    #[error("prepare to talk to the API server")]
    Client(#[source] Box<kube::Error>),
    /// Nothing is to be changed.
    #[error("{action}: Weir runs with `read-only`, which changes nothing in the cluster")]
    ReadOnly {
        /// What was to be done.
        action: String,
    },
    /// The API server refused.
    #[error("{action}: the API server says: {message}")]
    Refused {
        /// What was to be done, to what.
        action: String,
        /// HTTP status.
        status: u16,
        /// Its reason, one word: `Forbidden`, `Conflict`, `Invalid`.
        reason: String,
        /// Its own words.
        message: String,
    },
    /// The API server was not reached, or what it said could not be read.
    #[error("{action}")]
    Unreachable {
        /// What was to be done, to what.
        action: String,
        /// Why not.
        source: Box<kube::Error>,
    },
}

impl Error {
    /// The HTTP status with which the API server refused.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Whether another try may do: nobody was reached, something was changed in between, or the
    /// server was busy.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Refused { status, .. } => matches!(*status, 409 | 429 | 500..),
            _ => false,
        }
    }
}
