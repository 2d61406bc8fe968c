//! What is written next, so that an Ingress comes to be limited, or as it was before.
//!
//! Each function looks at the objects as the API server shows them now and says one step: a write,
//! or that nothing is left to do. It keeps nothing between two steps. Whoever goes on, after whatever
//! crash, looks again and is told the next. Every write to the Ingress has its `resourceVersion`, so
//! that a step which others have overtaken is refused by the API server and planned anew.
//!
//! A value that Weir took is put back under the name of whoever had it, by the same kind of
//! operation, and only then let go. What somebody has changed since is left alone, and said.

mod clock;
#[cfg(test)]
pub(crate) mod double;
mod keep;
mod lift;
mod own;
mod owned;
mod set;
#[cfg(test)]
mod tests;
mod view;
mod write;

pub use clock::{corrected, timely};
pub use keep::keep;
pub use lift::lift;
pub use own::lift_own;
pub use owned::{Operation, Owner};
pub use set::{Wanted, set};
pub use view::View;

use serde_json::Value;

/// The name under which Weir owns fields.
pub const MANAGER: &str = "weir";

/// The label on objects that Weir has made, and its value.
pub const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", MANAGER);

/// What is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// The Ingress.
    Ingress,
    /// The Middleware of this name in its namespace.
    Middleware(String),
}

/// How it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// Server-side apply under this name, taking over what others own.
    Apply(String),
    /// JSON merge patch under this name.
    Merge(String),
    /// Removed, if it is still this one.
    Delete {
        /// Its UID.
        uid: String,
        /// Its `resourceVersion`.
        resource_version: String,
    },
}

/// One write.
#[derive(Debug, Clone, PartialEq)]
pub struct Write {
    /// What.
    pub target: Target,
    /// How.
    pub how: How,
    /// The body; null where it is removed.
    pub body: Value,
}

/// What is worth saying of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// Somebody has changed or removed what Weir had set; it is not set again.
    Overridden(String),
    /// Something is left as somebody else has it.
    Left(String),
    /// The ledger cannot be read, and nothing is touched.
    Unreadable(String),
    /// What a Weir that was stopped had left half done was brought to an end.
    Mended(String),
}

impl Word {
    /// What it says.
    #[must_use]
    pub fn into_text(self) -> String {
        match self {
            Self::Overridden(text)
            | Self::Left(text)
            | Self::Unreadable(text)
            | Self::Mended(text) => text,
        }
    }
}

/// What is next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// This is written, and then looked at again; what there is to say of it once it is.
    Write(Write, Vec<Word>),
    /// Nothing is left to do; what there is to say of it.
    Done(Vec<Word>),
}
