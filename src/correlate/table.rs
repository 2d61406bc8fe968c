//! What is remembered of claims, within a number of bytes.

use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use lru::LruCache;

use super::claim::{Claim, End, Owner, Step};
use super::connections::Connections;
use super::halves::{Half, Halves};
use super::listeners::{Heard, Listeners};
use super::owners::Owners;
use super::skew::Skew;
use super::track::{Note, Pair, Track};
use crate::packet::protocol;

/// Pairs that are remembered of one client: its own view of a connection, and those of others.
const OF_A_CLIENT: usize = 8;

/// Joins claims with flows, within a number of bytes.
#[derive(Debug)]
pub struct Correlator {
    pub(super) tracks: LruCache<Pair, Track, RandomState>,
    pub(super) by_client: HashMap<(u8, End), Vec<Pair>, RandomState>,
    pub(super) halves: Halves,
    pub(super) listeners: Listeners,
    pub(super) connections: Connections,
    pub(super) skew: Skew,
    pub(super) owners: Owners,
    hasher: RandomState,
    most_bytes: usize,
    track_bytes: usize,
    evicted: u64,
}

impl Correlator {
    /// One that remembers connections and their owners in at most so many bytes.
    #[must_use]
    pub fn new(most_bytes: usize) -> Self {
        Self {
            tracks: LruCache::unbounded_with_hasher(RandomState::default()),
            by_client: HashMap::default(),
            halves: Halves::default(),
            listeners: Listeners::default(),
            connections: Connections::default(),
            skew: Skew::default(),
            owners: Owners::default(),
            hasher: RandomState::default(),
            most_bytes,
            track_bytes: 0,
            evicted: 0,
        }
    }

    /// Claims that were forgotten for others.
    #[must_use]
    pub const fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Bytes that claims and their owners take. What never takes more than a few MiB is not counted.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.track_bytes + self.owners.bytes + self.halves.bytes() + self.listeners.bytes()
    }

    /// Forgets all flows, as when the capture's clock jumps back.
    pub fn restart(&mut self) {
        self.connections = Connections::default();
    }

    /// Takes what somebody did with a socket.
    pub fn claim(&mut self, claim: &Claim<'_>) {
        let Claim { step, protocol, socket, at_us, .. } = *claim;
        let node = self.hasher.hash_one(claim.node);
        let owner = claim.owner.as_ref();
        let local = claim.local.filter(|local| !local.is_any() && protocol != 0);
        match (step, local, claim.remote, owner) {
            (Step::Connect, None, Some(remote), Some(owner)) => {
                self.owners.keep(Some(owner));
                let owner = Arc::clone(owner);
                self.halves.add(Half { at_us, protocol, remote, socket, node, owner });
            }
            (Step::Named, Some(local), Some(remote), _) => {
                self.take(Note { at_us, step, local, socket, node, owner: None }, protocol, remote);
            }
            (
                Step::Connect | Step::Accept | Step::Use | Step::Close,
                Some(local),
                Some(remote),
                Some(owner),
            ) => {
                self.listeners.seen(local, owner);
                let owner = Some(Arc::clone(owner));
                self.take(Note { at_us, step, local, socket, node, owner }, protocol, remote);
            }
            _ => {}
        }
        if let (protocol::UDP, Some(local), Some(owner)) = (protocol, claim.local, owner)
            && matches!(step, Step::Listen | Step::Use)
        {
            self.heard(local, at_us, node, owner);
        }
        self.make_room();
    }

    /// Somebody has a datagram socket.
    fn heard(&mut self, local: End, at_us: i64, node: u64, owner: &Arc<Owner>) {
        match self.listeners.heard(local, at_us, node, owner) {
            Heard::Known => {}
            Heard::New(gone) => {
                self.owners.keep(Some(owner));
                self.evicted += u64::from(gone.is_some());
                self.owners.let_go(gone.as_ref());
            }
        }
    }

    /// Takes a claim about a connection of which both ends are known.
    fn take(&mut self, note: Note, protocol: u8, remote: End) {
        let Note { step, local, .. } = note;
        // What the socket was opened for is known: it is not what it is named for later.
        self.halves.named(note.node, note.socket, note.at_us);
        let is_server = match step {
            Step::Accept => true,
            Step::Connect | Step::Named => false,
            Step::Use | Step::Close | Step::Listen => local.port < remote.port,
        };
        self.note(Pair::of(protocol, local, remote), if is_server { remote } else { local }, note);
    }

    fn note(&mut self, pair: Pair, client: End, note: Note) {
        self.owners.keep(note.owner.as_ref());
        let is_new = !self.tracks.contains(&pair);
        let track = self.tracks.get_or_insert_mut(pair, Track::default);
        let before = if is_new { 0 } else { track.bytes() };
        let over = track.add(note);
        self.track_bytes = self.track_bytes + track.bytes() - before;
        if let Some(over) = over {
            self.owners.let_go(over.owner.as_ref());
            self.evicted += 1;
        }
        let of_client = self.by_client.entry((pair.protocol, client)).or_default();
        if !of_client.contains(&pair) {
            if of_client.len() == OF_A_CLIENT {
                of_client.remove(0);
            }
            of_client.push(pair);
        }
    }

    /// Forgets what takes more than its share of the memory, until there is room.
    fn make_room(&mut self) {
        while self.halves.is_full() {
            self.forget_opening();
        }
        while self.bytes() > self.most_bytes {
            let share = self.most_bytes / 4;
            let is_gone = if self.halves.bytes() > share {
                self.forget_half()
            } else if self.listeners.bytes() > share {
                self.forget_port()
            } else {
                self.forget() || self.forget_half() || self.forget_port()
            };
            if !is_gone {
                return;
            }
        }
    }

    fn forget_half(&mut self) -> bool {
        let is_socket = self.halves.forget_socket();
        self.forget_opening() || is_socket
    }

    fn forget_opening(&mut self) -> bool {
        let gone = self.halves.forget();
        self.evicted += u64::from(gone.is_some());
        self.owners.let_go(gone.as_ref().map(|half| &half.owner));
        gone.is_some()
    }

    fn forget_port(&mut self) -> bool {
        let gone = self.listeners.forget();
        self.evicted += gone.len() as u64;
        for owner in &gone {
            self.owners.let_go(Some(owner));
        }
        !gone.is_empty()
    }

    /// Forgets the pair that nobody has spoken of for the longest time; whether there was one.
    fn forget(&mut self) -> bool {
        let Some((pair, track)) = self.tracks.pop_lru() else { return false };
        self.track_bytes -= track.bytes();
        self.evicted += track.notes().len() as u64;
        for note in track.notes() {
            self.owners.let_go(note.owner.as_ref());
        }
        for end in pair.ends {
            let key = (pair.protocol, end);
            if let Some(of_client) = self.by_client.get_mut(&key) {
                of_client.retain(|one| *one != pair);
                if of_client.is_empty() {
                    self.by_client.remove(&key);
                }
            }
        }
        true
    }

    /// Forgets one pair, as where there is no room.
    #[cfg(test)]
    pub(super) fn forget_for_test(&mut self) -> bool {
        self.forget() || self.forget_half() || self.forget_port()
    }
}
