//! Why the API server was not asked, or did not do what it was asked.

use std::path::PathBuf;

use super::credential::trouble;
use super::read_only;
use super::words::{cause, said};

/// Why the API server was not asked, or did not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The kubeconfig cannot be used.
    #[error(
        "use the kubeconfig {}: {why}; name another by --kubeconfig, or another context in it by \
         --context",
        path.display()
    )]
    Kubeconfig {
        /// Which; the first, where they are several.
        path: PathBuf,
        /// Why not. The error itself is left out: it says everything twice.
        why: String,
    },
    /// A context was asked for and there is no kubeconfig that could have it.
    #[error("use the context `{context}`: there is no kubeconfig; name one by --kubeconfig")]
    NoKubeconfig {
        /// Which.
        context: String,
    },
    /// The service account of this pod cannot be used.
    #[error(
        "use the service account of this pod: {why}; mount it (`automountServiceAccountToken`) or \
         name a kubeconfig by --kubeconfig"
    )]
    ServiceAccount {
        /// Why not.
        why: String,
    },
    /// What was read of the cluster cannot be made a client of.
    #[error("prepare to talk to the API server: {why}")]
    Client {
        /// Why not.
        why: String,
    },
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
    /// It is not known which objects there are.
    #[error("list {resource}: {why}")]
    Unlisted {
        /// As RBAC names them.
        resource: &'static str,
        /// The HTTP status with which the API server refused, where it did.
        status: Option<u16>,
        /// Why not.
        why: String,
    },
    /// The API server was not reached, or what it said could not be read.
    #[error("{action}: {why}")]
    Unreachable {
        /// What was to be done, to what.
        action: String,
        /// Why not, in one sentence. The error itself is left out: it says everything twice.
        why: String,
    },
}

impl Error {
    /// What the client says about `action`.
    pub(super) fn of(action: String, error: &kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => Self::Refused {
                action,
                status: meant(status.code, &status.reason, &status.message),
                reason: said(&status.reason),
                message: message(status.code, &status.message),
            },
            kube::Error::Service(error) if error.is::<read_only::Refusal>() => {
                Self::ReadOnly { action }
            }
            error => Self::Unreachable {
                action,
                why: trouble(error).unwrap_or_else(|| {
                    format!("the API server cannot be reached: {}", cause(error))
                }),
            },
        }
    }

    /// What went wrong, without what was to be done.
    pub(super) fn why(&self) -> String {
        match self {
            Self::Refused { status: status @ 401, message, .. } => format!("{message} ({status})"),
            Self::Refused { status, message, .. } => {
                format!("the API server says: {message} ({status})")
            }
            Self::Unreachable { why, .. } | Self::Unlisted { why, .. } => why.clone(),
            other => other.to_string(),
        }
    }

    /// The HTTP status with which the API server refused.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        match self {
            // That there is no such API at all does not mean that what is asked for is missing.
            Self::Refused { status, .. }
            | Self::Unlisted { status: Some(status @ (401 | 403)), .. } => Some(*status),
            _ => None,
        }
    }

    /// Whether another try may do: nobody was reached, something was changed in between, or the
    /// server was busy.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Unlisted { status, .. } => matches!(*status, None | Some(429 | 500..)),
            Self::Refused { status, .. } => matches!(*status, 409 | 429 | 500..),
            _ => false,
        }
    }
}

/// The status that the API server means: an object that does not fit its schema it does not apply with
/// 500 and no reason at all, as if it were in trouble itself.
fn meant(status: u16, reason: &str, message: &str) -> u16 {
    match status {
        500 if reason.is_empty() && message.starts_with("failed to create typed patch object") => {
            422
        }
        status => status,
    }
}

/// The API server's words; `Unauthorized` alone helps nobody.
fn message(status: u16, message: &str) -> String {
    match status {
        401 => "the credentials are not accepted, they may have expired: renew them".to_owned(),
        _ if message.is_empty() => "nothing but the status".to_owned(),
        _ => said(message),
    }
}
