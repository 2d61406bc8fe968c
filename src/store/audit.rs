//! Who did what, from where, and how it was before and after: a chain of records of which none can
//! be changed, removed or moved without the chain telling.

use serde_json::Value;

use super::{Error, Reader};

/// One record.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditRecord {
    /// Its place in the chain, from 1.
    pub seq: u64,
    /// When, by the wall clock, in µs since the epoch.
    pub at_us: i64,
    /// Who.
    pub who: String,
    /// From where.
    pub from: String,
    /// What was done, such as `alert.ack`.
    pub what: String,
    /// To what, such as the id of an incident.
    pub object: String,
    /// How it was before; null where it was not.
    pub before: Value,
    /// How it is since; null where it is no more.
    pub after: Value,
    /// Hash of this record and the one before, 64 hexadecimal digits.
    pub hash: String,
}

/// What a look at the whole chain has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Records.
    pub records: u64,
    /// Hash of the last; of none, 64 zeros.
    pub head: String,
    /// The first fault, in words, if there is one.
    pub fault: Option<String>,
}

impl Reader {
    /// Records before `before` (all where it is none), newest first, at most `limit`.
    pub fn audit(&self, before: Option<u64>, limit: usize) -> Result<Vec<AuditRecord>, Error> {
        unimplemented!("{before:?} {limit}")
    }

    /// Follows the whole chain.
    pub fn verify_audit(&self) -> Result<Verified, Error> {
        unimplemented!()
    }
}
