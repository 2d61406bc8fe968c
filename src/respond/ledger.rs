//! What Weir writes down beside a limit, so that any Weir can undo it: one annotation of the Ingress,
//! in the same write as the limit itself.
//!
//! Whoever may edit the Ingress may write here too, so nothing that is read is believed further than
//! it must be: fields that the controller has not, or more of anything than Weir writes, are refused
//! as a whole, and then nothing is touched.

#[cfg(test)]
mod tests;
mod text;

use serde::{Deserialize, Serialize};

use super::plan::Owner;
use super::{Controller, Limit};
use crate::incident::IncidentId;

/// The annotation.
pub const LEDGER: &str = "weir.dev/limit";

/// Bytes of it that are read; the API server takes 256 KiB of annotations in all.
const LONGEST: usize = 128 * 1024;

/// How a value that Weir has set is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ValueState {
    /// It is Weir's.
    Held,
    /// Somebody has changed or removed it since, and it was said.
    Lost,
    /// It is on its way back to whoever had it before.
    Leaving,
}

/// A value that Weir has set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerValue {
    /// The annotation.
    pub field: String,
    /// What Weir set.
    pub wanted: String,
    /// What it was before; none where it was not there.
    pub previous: Option<String>,
    /// Whose it was before; who updates stands before who applies.
    pub owners: Vec<Owner>,
    /// How it is doing.
    pub state: ValueState,
}

/// A limit as it is written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    /// What serves the Ingress.
    pub controller: Controller,
    /// What was asked for.
    pub limit: Limit,
    /// Who asked.
    pub by: String,
    /// Why.
    pub reason: String,
    /// The incident it answers.
    pub incident: Option<IncidentId>,
    /// Since when by the wall clock of who wrote it, in µs since the epoch.
    pub since_us: i64,
    /// Until when, by the same clock.
    pub until_us: i64,
    /// Value by value.
    pub values: Vec<LedgerValue>,
}

/// What the annotation holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// It is not there.
    Absent,
    /// A limit.
    Held(Box<Ledger>),
    /// Something that Weir did not write, or that a newer Weir did: why it is left alone.
    Unreadable(String),
}

impl Ledger {
    /// Reads what the annotation holds.
    #[must_use]
    pub fn read(annotation: Option<&str>) -> Reading {
        match annotation.map(text::read) {
            None => Reading::Absent,
            Some(Ok(ledger)) => Reading::Held(Box::new(ledger)),
            Some(Err(why)) => Reading::Unreadable(why),
        }
    }

    /// What the annotation is to hold.
    #[must_use]
    pub fn write(&self) -> String {
        text::write(self)
    }

    /// Whether it is short enough to be read again.
    #[must_use]
    pub fn fits(&self) -> bool {
        self.write().len() <= LONGEST
    }
}
