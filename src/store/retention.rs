//! What is kept for how long.

use std::time::Duration;

use super::{Error, Store};

/// What is kept for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Since an incident was last written.
    pub age: Duration,
    /// Of the whole database, in bytes.
    pub bytes: u64,
}

/// What was removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Incidents.
    pub incidents: u64,
    /// Entries of the outbox that nobody had retried.
    pub entries: u64,
}

impl Store {
    /// Removes what is too old, and the oldest where the database is too large, a bounded part at a
    /// time: never an incident that is open, or of which something waits to be told.
    pub fn prune(&mut self, retention: &Retention) -> Result<Pruned, Error> {
        unimplemented!("{retention:?}")
    }
}
