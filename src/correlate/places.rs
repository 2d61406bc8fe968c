//! What is known of addresses.

use super::claim::Owner;
use crate::packet::Address;

/// What is known of addresses.
pub trait Places {
    /// Whether a connection that a process opened to one of these addresses may be seen in packets as
    /// one to the other: a service and what is behind it.
    fn is_same(&self, one: Address, other: Address) -> bool;

    /// Whether a process has `address`; none where it is not known.
    fn has(&self, owner: &Owner, address: Address) -> Option<bool>;
}

/// Nothing is known.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nowhere;

impl Places for Nowhere {
    fn is_same(&self, _: Address, _: Address) -> bool {
        false
    }

    fn has(&self, _: &Owner, _: Address) -> Option<bool> {
        None
    }
}
