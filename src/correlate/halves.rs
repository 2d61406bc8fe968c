//! Connections of which it is not known yet, or never, from which port they were opened.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use foldhash::fast::RandomState;
use lru::LruCache;

use super::claim::{End, Owner};

/// Those that are remembered.
const HALVES: usize = 32_768;

/// Sockets that are remembered.
const SOCKETS: NonZeroUsize = NonZeroUsize::new(32_768).expect("more than none");

/// What is remembered of one socket, of each kind.
const OF_A_SOCKET: usize = 256;

/// What is remembered of all sockets.
const OF_ALL_SOCKETS: usize = 262_144;

/// How long a connection may take to be established, in µs: Linux gives up after 127 s.
pub(super) const ESTABLISHED_WITHIN_US: i64 = 150_000_000;

/// How long it may take where only the socket tells who opened it, in µs: it was asked for twice at most
/// by then. Later the socket may be another's.
const NAMED_WITHIN_US: i64 = 3_500_000;

/// A connection that a process opens from an unknown port.
#[derive(Debug, Clone)]
pub(super) struct Half {
    pub(super) at_us: i64,
    /// 0 where it is not known.
    pub(super) protocol: u8,
    pub(super) remote: End,
    pub(super) socket: u64,
    pub(super) node: u64,
    pub(super) owner: Arc<Owner>,
}

/// When, and a number of its own.
type Place = (i64, u64);

/// A socket as its node knows it; others have been there before and will be after it.
#[derive(Debug, Default)]
struct Socket {
    opened: Vec<Place>,
    named_us: Vec<i64>,
}

/// Who opened a connection whose socket has its port.
#[derive(Debug, Clone, Copy)]
pub(super) enum Opener<'a> {
    Half(&'a Half),
    /// It was not heard.
    Nobody,
    /// It is not remembered.
    Forgotten,
}

/// Connections from unknown ports, bounded: the oldest goes first.
#[derive(Debug)]
pub(super) struct Halves {
    all: BTreeMap<Place, Half>,
    sockets: LruCache<(u64, u64), Socket, RandomState>,
    number: u64,
    of_sockets: usize,
    pub(super) evicted: u64,
}

impl Default for Halves {
    fn default() -> Self {
        Self {
            all: BTreeMap::new(),
            sockets: LruCache::with_hasher(SOCKETS, RandomState::default()),
            number: 0,
            of_sockets: 0,
            evicted: 0,
        }
    }
}

impl Halves {
    pub(super) fn add(&mut self, half: Half) {
        self.number += 1;
        let place = (half.at_us, self.number);
        if half.socket != 0 {
            self.make_room((half.node, half.socket));
            let socket = self.sockets.get_or_insert_mut((half.node, half.socket), Socket::default);
            self.of_sockets += insert(&mut socket.opened, place);
            self.forget();
        }
        self.all.insert(place, half);
        if self.all.len() > HALVES {
            self.all.pop_first();
            self.evicted += 1;
        }
    }

    /// A socket has its port.
    pub(super) fn named(&mut self, node: u64, socket: u64, at_us: i64) {
        if socket != 0 {
            self.make_room((node, socket));
            let socket = self.sockets.get_or_insert_mut((node, socket), Socket::default);
            self.of_sockets += insert(&mut socket.named_us, at_us);
            self.forget();
        }
    }

    /// Forgets the sockets that were not heard of for the longest time.
    fn forget(&mut self) {
        while self.of_sockets > OF_ALL_SOCKETS && self.forget_one() {}
    }

    fn make_room(&mut self, socket: (u64, u64)) {
        if self.sockets.len() == SOCKETS.get() && !self.sockets.contains(&socket) {
            self.forget_one();
        }
    }

    fn forget_one(&mut self) -> bool {
        let Some((_, socket)) = self.sockets.pop_lru() else { return false };
        self.of_sockets -= socket.opened.len() + socket.named_us.len();
        true
    }

    /// The opening of the connection to `remote` whose socket had its port at `named_us`.
    pub(super) fn opener(&self, node: u64, socket: u64, remote: End, named_us: i64) -> Opener<'_> {
        let known = self.sockets.peek(&(node, socket));
        let Some(known) = known.filter(|known| known.named_us.contains(&named_us)) else {
            return Opener::Forgotten;
        };
        let place = known.opened.iter().rev().find(|(at_us, _)| *at_us < named_us);
        let Some(half) = place.and_then(|place| self.all.get(place)) else {
            return Opener::Nobody;
        };
        let is_soon = named_us.saturating_sub(half.at_us) <= NAMED_WITHIN_US;
        // It has had its port before: who opened this one was not heard.
        let is_taken = known.named_us.iter().any(|at_us| half.at_us < *at_us && *at_us < named_us);
        if half.remote == remote && is_soon && !is_taken {
            Opener::Half(half)
        } else {
            Opener::Nobody
        }
    }

    /// Those opened from `from_us` to `until_us` by their clocks, whose port is not known.
    pub(super) fn between(&self, from_us: i64, until_us: i64) -> impl Iterator<Item = &Half> {
        let all = self.all.range((from_us, 0)..=(until_us.max(from_us), u64::MAX));
        all.map(|(_, half)| half).filter(|half| !self.is_named(half))
    }

    fn is_named(&self, half: &Half) -> bool {
        let Some(socket) = self.sockets.peek(&(half.node, half.socket)) else { return false };
        let next_us = socket.opened.iter().map(|(at_us, _)| *at_us).find(|at| *at > half.at_us);
        let named = socket.named_us.iter().find(|at| **at >= half.at_us);
        named.is_some_and(|named_us| next_us.is_none_or(|next_us| *named_us < next_us))
    }
}

/// Keeps the newest in their order; how many more there are.
fn insert<T: Ord>(all: &mut Vec<T>, one: T) -> usize {
    let at = all.partition_point(|other| *other <= one);
    all.insert(at, one);
    if all.len() > OF_A_SOCKET {
        all.remove(0);
        return 0;
    }
    1
}
