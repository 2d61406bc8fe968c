//! What is known of each client address, of the latest of them.

use std::fmt;
use std::num::NonZeroUsize;

use lru::LruCache;

use super::Asker;
use crate::packet::Address;

/// Addresses that a model knows: about what a zone of nginx of 5 MB holds.
const KNOWN: NonZeroUsize = NonZeroUsize::new(65_536).expect("not 0");

/// A value for each address at each replica.
pub(super) struct Clients<T>(LruCache<(Address, u32), T, foldhash::fast::RandomState>);

impl<T> Clients<T> {
    pub(super) fn new() -> Self {
        Self(LruCache::with_hasher(KNOWN, foldhash::fast::RandomState::default()))
    }

    /// What is known of `asker`; the one heard of last makes room for one that is new.
    pub(super) fn entry(&mut self, asker: Asker, new: impl FnOnce() -> T) -> &mut T {
        self.0.get_or_insert_mut((asker.client, asker.replica), new)
    }

    /// What is known of `asker`, if anything is.
    pub(super) fn known(&mut self, asker: Asker) -> Option<&mut T> {
        self.0.get_mut(&(asker.client, asker.replica))
    }

    /// Knows this of `asker` from now on.
    pub(super) fn put(&mut self, asker: Asker, value: T) {
        self.0.put((asker.client, asker.replica), value);
    }
}

impl<T> fmt::Debug for Clients<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clients").field("known", &self.0.len()).finish()
    }
}
