//! Why a limit is not set, before anything was written.

use super::Limit;

/// Why a limit is not set, or not lifted; nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// That is no name.
    #[error(
        "`{text}` is no {what} that Kubernetes takes: lower-case letters, digits, `-` (and `.` \
         in the name of an Ingress)"
    )]
    Name {
        /// Of what.
        what: &'static str,
        /// As it was given.
        text: String,
    },
    /// It limits nothing.
    #[error("a limit needs `rps`, `rpm` or `connections`")]
    NoLimit,
    /// Nobody means that.
    #[error("`{name}` must be from 1 to {most}, and is {value}", most = Limit::MOST)]
    Absurd {
        /// Of what.
        name: &'static str,
        /// As it was given.
        value: u32,
    },
    /// There is no rate to exceed.
    #[error("a burst needs `rps` or `rpm`")]
    BurstOfNothing,
    /// So many networks fit no annotation.
    #[error("an allowlist holds at most {most} networks, not {networks}", most = Limit::MOST_ALLOWED)]
    ManyAllowed {
        /// As given.
        networks: usize,
    },
    /// The controller cannot do it.
    #[error("{controller} cannot limit by {what}: {why}")]
    Unable {
        /// Which.
        controller: &'static str,
        /// The part of the limit.
        what: &'static str,
        /// Why, and what to ask for instead.
        why: String,
    },
    /// Weir does not know how to set limits there.
    #[error("{controller} is not supported: {why}")]
    Unsupported {
        /// Its name, or what the class says.
        controller: String,
        /// What is known of it.
        why: String,
    },
    /// A guard holds it back.
    #[error("{0}")]
    Guarded(String),
}
