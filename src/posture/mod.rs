//! What manifests allow that they should not: smells, each found by a check with a way to mend it.
//!
//! [`Manifests`] are read from files, from what a program sends, or from a cluster; [`Manifests::scan`]
//! runs checks on all of their objects. A check is a file in `checks`: what it looks for, why that
//! matters, how to mend it, and a manifest with the smell and one without.
//!
//! [`image`] reads what Trivy says of images.
//!
//! Pure: bytes and objects come in as arguments. A manifest is text from outside: whatever it is, it is
//! objects, or a [`Fault`] with its line.

mod check;
mod checks;
mod cursor;
mod found;
mod ignore;
pub mod image;
mod manifests;
mod object;
mod pod;
mod reference;
mod scan;
mod set;
mod smell;
#[cfg(test)]
mod tests;

pub use check::{Category, Check, Severity};
pub use checks::{all, named};
pub use found::{Counts, Finding};
pub use ignore::{Ignore, Notice};
pub use manifests::{Manifests, Source};
pub use object::Name;
pub use reference::reference;
pub use scan::{Report, Rules, Version};
pub use smell::Smell;

pub use crate::document::Fault;
