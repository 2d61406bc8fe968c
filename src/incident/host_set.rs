//! The different addresses at one end of an incident, in bounded memory.

use std::collections::HashSet;

use foldhash::fast::RandomState;

use super::record::Hosts;
use crate::packet::Address;

/// Addresses that are told apart at one end of one incident; beyond, they are only known to be more.
const EXACT: usize = 4_096;

/// How many addresses may still be remembered, over all incidents.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room(pub(super) usize);

/// Different addresses in the order in which they appeared.
#[derive(Debug, Default)]
pub(super) struct HostSet {
    order: Vec<Address>,
    known: HashSet<Address, RandomState>,
    /// A bit for every host: most of what is not in the set is known by it without a look.
    bits: u64,
    /// How many there were before a restart, of which only some were listed.
    least: u64,
}

impl HostSet {
    /// What was kept of a set when the program ended.
    pub(super) fn restored(hosts: &Hosts, room: &mut Room) -> Self {
        let mut set = Self { least: hosts.total, ..Self::default() };
        for host in &hosts.listed {
            set.insert(*host, room);
        }
        set
    }

    /// Adds `host`; true where it is new and could be remembered.
    pub(super) fn insert(&mut self, host: Address, room: &mut Room) -> bool {
        if self.order.len() >= EXACT || room.0 == 0 || !self.known.insert(host) {
            return false;
        }
        self.order.push(host);
        self.bits |= bit(host);
        room.0 -= 1;
        true
    }

    pub(super) fn contains(&self, host: Address) -> bool {
        self.bits & bit(host) != 0 && self.known.contains(&host)
    }

    /// The only address, if there is one only.
    pub(super) fn only(&self) -> Option<Address> {
        match self.order[..] {
            [host] if self.least <= 1 => Some(host),
            _ => None,
        }
    }

    /// The addresses that are remembered, in the order in which they appeared.
    pub(super) fn iter(&self) -> impl Iterator<Item = Address> {
        self.order.iter().copied()
    }

    /// How many addresses are remembered.
    pub(super) const fn len(&self) -> usize {
        self.order.len()
    }

    /// The first of those that are not in `others`, of which `shared` are.
    pub(super) fn without(&self, others: &Self, shared: usize) -> Hosts {
        let own = self.order.iter().copied().filter(|host| !others.contains(*host));
        let exact = self.order.len().saturating_sub(shared) as u64;
        Hosts { listed: own.take(Hosts::LISTED).collect(), total: exact.max(self.least) }
    }

    /// The first of them.
    pub(super) fn all(&self) -> Hosts {
        let listed = self.order.iter().copied().take(Hosts::LISTED).collect();
        Hosts { listed, total: (self.order.len() as u64).max(self.least) }
    }
}

/// One of 64 bits, chosen by all of the address (Fibonacci hashing).
#[expect(clippy::cast_possible_truncation, reason = "the upper half is folded into the lower")]
const fn bit(host: Address) -> u64 {
    let bits = host.bits();
    let folded = (bits >> 64) as u64 ^ bits as u64;
    1 << (folded.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58)
}
