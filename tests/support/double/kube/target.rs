//! What is written, by whom, and whether it stays.

use super::kinds::Kind;
use super::merge::Writer;
use super::store::Key;

/// What is written.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its kind.
    pub kind: &'static Kind,
    /// Empty for what has none.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Empty for the object itself, or `status`.
    pub subresource: String,
}

/// Whether a write stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Persist {
    Yes,
    No,
}

/// Who writes, and how.
#[derive(Debug, Clone)]
pub struct Hand {
    /// Its field manager.
    pub manager: String,
    /// Whether it stays.
    pub persist: Persist,
}

impl Target {
    /// Where it is kept.
    pub fn key(&self) -> Key {
        (self.namespace.clone(), self.name.clone())
    }

    /// What a writer cannot change here.
    pub fn ignored(&self) -> &'static [&'static str] {
        match (&*self.subresource, self.kind.has_status()) {
            ("", false) => &[],
            ("", true) => &["f:status"],
            _ => &["f:spec", "f:metadata"],
        }
    }

    /// Who `hand` is to the merge.
    pub fn writer<'a>(&'a self, hand: &'a Hand, api_version: &'a str, time: &'a str) -> Writer<'a> {
        Writer {
            manager: &hand.manager,
            subresource: &self.subresource,
            api_version,
            ignored: self.ignored(),
            time,
        }
    }
}
