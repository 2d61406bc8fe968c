//! Ports at which processes get and send datagrams.
//!
//! A socket that is not connected tells of no other end, so that what is sent from it may be of any flow of
//! its port. It counts for a flow only while that goes on: later the port may be another's. Where several
//! processes were heard of at a port at that time, none is believed.

use std::hash::BuildHasher;
use std::num::NonZeroUsize;
use std::sync::Arc;

use foldhash::fast::RandomState;
use lru::LruCache;

use super::claim::{End, Owner};
use super::pick::Pick;
use super::places::Places;
use super::skew::Skew;

/// Processes at one port that are remembered, and times of each at which it sent.
const AT_A_PORT: usize = 256;
const TIMES: usize = 8;

/// How far apart two times are at most that count as one, in µs.
const APART_US: i64 = 1_000_000;

/// Ports and addresses of places that are remembered.
const PLACES: NonZeroUsize = NonZeroUsize::new(16_384).expect("more than none");

#[derive(Debug)]
struct Listener {
    local: End,
    node: u64,
    owner: Arc<Owner>,
    /// From when to when it was heard of again and again, in the order of time.
    times_us: Vec<(i64, i64)>,
}

impl Listener {
    fn heard(&mut self, at_us: i64) {
        let near = self.times_us.iter_mut().find(|(from_us, until_us)| {
            from_us.saturating_sub(APART_US) <= at_us && at_us <= until_us.saturating_add(APART_US)
        });
        if let Some((from_us, until_us)) = near {
            (*from_us, *until_us) = ((*from_us).min(at_us), (*until_us).max(at_us));
            return;
        }
        let at = self.times_us.partition_point(|(from_us, _)| *from_us <= at_us);
        self.times_us.insert(at, (at_us, at_us));
        if self.times_us.len() > TIMES {
            self.times_us.remove(0);
        }
    }

    const fn bytes() -> usize {
        size_of::<Self>() + TIMES * size_of::<(i64, i64)>()
    }
}

/// What came of hearing of a process at a port.
#[derive(Debug)]
pub(super) enum Heard {
    /// It was heard of there before.
    Known,
    /// It was not; who is forgotten for it.
    New(Option<Arc<Owner>>),
}

/// Ports of datagrams and who was heard of there, bounded.
#[derive(Debug)]
pub(super) struct Listeners {
    ports: LruCache<u16, Vec<Listener>, RandomState>,
    processes: usize,
    /// Addresses of places.
    addresses: LruCache<(u64, u128), (), RandomState>,
    hasher: RandomState,
}

impl Default for Listeners {
    fn default() -> Self {
        Self {
            ports: LruCache::unbounded_with_hasher(RandomState::default()),
            processes: 0,
            addresses: LruCache::with_hasher(PLACES, RandomState::default()),
            hasher: RandomState::default(),
        }
    }
}

impl Listeners {
    /// A process sends or waits at a port.
    pub(super) fn heard(&mut self, local: End, at_us: i64, node: u64, owner: &Arc<Owner>) -> Heard {
        let at_port = self.ports.get_or_insert_mut(local.port, Vec::new);
        let known = at_port.iter_mut().find(|one| one.owner.id == owner.id && one.local == local);
        if let Some(known) = known {
            known.heard(at_us);
            return Heard::Known;
        }
        let (owner, times_us) = (Arc::clone(owner), vec![(at_us, at_us)]);
        at_port.push(Listener { local, node, owner, times_us });
        let gone = (at_port.len() > AT_A_PORT).then(|| at_port.remove(0).owner);
        self.processes += usize::from(gone.is_none());
        Heard::New(gone)
    }

    /// Forgets the port that nobody was heard of at for the longest time; who was there.
    pub(super) fn forget(&mut self) -> Vec<Arc<Owner>> {
        let gone = self.ports.pop_lru().map_or_else(Vec::new, |(_, gone)| gone);
        self.processes -= gone.len();
        gone.into_iter().map(|one| one.owner).collect()
    }

    /// Bytes that they take, without their owners.
    pub(super) fn bytes(&self) -> usize {
        self.processes * Listener::bytes() + self.ports.len() * 64
    }

    /// A process has a socket with this address.
    pub(super) fn seen(&mut self, local: End, owner: &Owner) {
        let place = self.hasher.hash_one(owner.scope());
        self.addresses.put((place, local.address.bits()), ());
    }

    /// Who was heard of at `local` from `from_us` to `until_us`.
    pub(super) fn at(
        &self,
        local: End,
        (from_us, until_us): (i64, i64),
        skew: &Skew,
        places: &impl Places,
    ) -> Pick<'_> {
        let at_port = self.ports.peek(&local.port).into_iter().flatten();
        let heard = at_port.filter(|one| {
            let skew_us = skew.of(one.node);
            one.times_us.iter().any(|(first_us, last_us)| {
                first_us.saturating_add(skew_us) <= until_us
                    && from_us <= last_us.saturating_add(skew_us)
            })
        });
        let heard = heard.filter(|one| self.is_at(one, local, places));
        heard.fold(Pick::Nobody, |all, one| all.and(Pick::Owner(&one.owner)))
    }

    fn is_at(&self, one: &Listener, local: End, places: &impl Places) -> bool {
        match places.has(&one.owner, local.address) {
            Some(has) => has && (one.local.is_any() || one.local == local),
            None if one.local == local => true,
            None => {
                let place = self.hasher.hash_one(one.owner.scope());
                one.local.is_any() && self.addresses.contains(&(place, local.address.bits()))
            }
        }
    }
}
