//! What each sink said last, as its task knows it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::incident::SinkName;

/// What each sink said last that has been told something: why it did not take it, if it did not.
#[derive(Debug, Default)]
pub(in crate::engine) struct Words(Mutex<BTreeMap<SinkName, Option<String>>>);

impl Words {
    /// The last word on `sink`; none where all is well.
    pub(super) fn say(&self, sink: SinkName, word: Option<String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(sink, word);
    }

    /// The last word on each.
    pub(in crate::engine) fn all(&self) -> BTreeMap<SinkName, Option<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
