//! Connections of which it is not known yet, or never, from which port they were opened.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use foldhash::fast::RandomState;
use lru::LruCache;

use super::claim::{End, Owner};
use super::track::Note;

/// Those that are remembered.
const HALVES: usize = 32_768;

/// Sockets that are remembered.
const SOCKETS: NonZeroUsize = NonZeroUsize::new(32_768).expect("more than none");

/// What is remembered of one socket, of each kind.
const OF_A_SOCKET: usize = 256;

/// What is remembered of all sockets.
const OF_ALL_SOCKETS: usize = 262_144;

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
#[derive(Debug)]
struct Socket {
    opened: Vec<Place>,
    /// When anything was heard of it that came after it had its port.
    named_us: Vec<i64>,
    /// The newest of these that is not remembered.
    forgotten_us: i64,
}

impl Default for Socket {
    fn default() -> Self {
        Self { opened: Vec::new(), named_us: Vec::new(), forgotten_us: i64::MIN }
    }
}

impl Socket {
    const fn len(&self) -> usize {
        self.opened.len() + self.named_us.len()
    }
}

/// Connections from unknown ports, bounded: the oldest goes first.
#[derive(Debug)]
pub(super) struct Halves {
    all: BTreeMap<Place, Half>,
    sockets: LruCache<(u64, u64), Socket, RandomState>,
    number: u64,
    of_sockets: usize,
    /// The newest opening that is not remembered any more.
    forgotten_us: i64,
}

impl Default for Halves {
    fn default() -> Self {
        Self {
            all: BTreeMap::new(),
            sockets: LruCache::with_hasher(SOCKETS, RandomState::default()),
            number: 0,
            of_sockets: 0,
            forgotten_us: i64::MIN,
        }
    }
}

impl Halves {
    pub(super) fn add(&mut self, half: Half) {
        self.number += 1;
        let place = (half.at_us, self.number);
        self.note((half.node, half.socket), |socket| {
            insert(&mut socket.opened, place);
        });
        self.all.insert(place, half);
    }

    /// A socket has its port.
    pub(super) fn named(&mut self, node: u64, socket: u64, at_us: i64) {
        self.note((node, socket), |socket| {
            if let Some(gone_us) = insert(&mut socket.named_us, at_us) {
                socket.forgotten_us = socket.forgotten_us.max(gone_us);
            }
        });
    }

    fn note(&mut self, socket: (u64, u64), note: impl FnOnce(&mut Socket)) {
        if socket.1 == 0 {
            return;
        }
        if self.sockets.len() == SOCKETS.get() && !self.sockets.contains(&socket) {
            self.forget_socket();
        }
        let known = self.sockets.get_or_insert_mut(socket, Socket::default);
        self.of_sockets -= known.len();
        note(known);
        self.of_sockets += known.len();
        while self.of_sockets > OF_ALL_SOCKETS && self.forget_socket() {}
    }

    /// Forgets the socket that was not heard of for the longest time.
    pub(super) fn forget_socket(&mut self) -> bool {
        let Some((_, socket)) = self.sockets.pop_lru() else { return false };
        self.of_sockets -= socket.len();
        true
    }

    /// Forgets the oldest opening.
    pub(super) fn forget(&mut self) -> Option<Half> {
        let ((at_us, _), half) = self.all.pop_first()?;
        self.forgotten_us = self.forgotten_us.max(at_us);
        Some(half)
    }

    /// Whether there are too many.
    pub(super) fn is_full(&self) -> bool {
        self.all.len() > HALVES
    }

    /// Bytes that they take, without their owners.
    pub(super) fn bytes(&self) -> usize {
        self.all.len() * (size_of::<(Place, Half)>() + 16)
            + self.sockets.len() * (size_of::<Socket>() + 64)
            + self.of_sockets * size_of::<Place>()
    }

    /// The opening to `remote` of the connection whose socket was given its port by `named`, by all that was
    /// heard of the socket.
    pub(super) fn opener(&self, named: &Note, remote: End) -> Option<&Half> {
        let known = self.sockets.peek(&(named.node, named.socket))?;
        // What is not remembered may have come between.
        let named = known.named_us.iter().position(|at_us| *at_us == named.at_us)?;
        let (named_us, before_us) = (known.named_us[named], named.checked_sub(1));
        let before_us = before_us.map_or(known.forgotten_us, |before| known.named_us[before]);
        let place = known.opened.iter().rev().find(|(at_us, _)| *at_us < named_us)?;
        // It was given a port before: who opened this one was not heard.
        let half = self.all.get(place).filter(|half| before_us <= half.at_us)?;
        (half.remote == remote).then_some(half)
    }

    /// Those opened from `from_us` to `until_us` by their clocks, whose port is not known; none where it is
    /// not certain that these are all that were heard, or there are more than `most` with a port or without.
    pub(super) fn between(&self, from_us: i64, until_us: i64, most: usize) -> Option<Vec<&Half>> {
        if from_us <= self.forgotten_us {
            return None;
        }
        let all = self.all.range((from_us, 0)..=(until_us.max(from_us), u64::MAX));
        let all: Vec<_> = all.take(most).map(|(_, half)| half).collect();
        let is_all = all.len() < most;
        is_all.then(|| all.into_iter().filter(|half| !self.is_named(half)).collect())
    }

    fn is_named(&self, half: &Half) -> bool {
        let Some(socket) = self.sockets.peek(&(half.node, half.socket)) else { return false };
        let next_us = socket.opened.iter().map(|(at_us, _)| *at_us).find(|at| *at > half.at_us);
        let named = socket.named_us.iter().find(|at| **at >= half.at_us);
        named.is_some_and(|named_us| next_us.is_none_or(|next_us| *named_us < next_us))
    }
}

/// Keeps the newest in their order; what is forgotten for it.
fn insert<T: Ord>(all: &mut Vec<T>, one: T) -> Option<T> {
    let at = all.partition_point(|other| *other <= one);
    all.insert(at, one);
    (all.len() > OF_A_SOCKET).then(|| all.remove(0))
}
