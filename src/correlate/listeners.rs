//! Ports at which processes wait.
//!
//! Weaker than a connection that was taken: a child may take what its parent waits for. Where any other
//! process of the same place was seen with connections of the port, a listener is not believed.

use std::hash::BuildHasher;
use std::num::NonZeroUsize;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use lru::LruCache;

use super::SLACK_US;
use super::claim::{End, Owner};
use super::places::Places;
use super::skew::Skew;
use super::span::Pick;
use super::table::Asked;

/// Ports that are remembered, and listeners at one of them.
const PORTS: NonZeroUsize = NonZeroUsize::new(16_384).expect("more than none");
const AT_A_PORT: usize = 256;

/// Ports and addresses of places that are remembered.
const PLACES: NonZeroUsize = NonZeroUsize::new(16_384).expect("more than none");

/// Protocol and port.
type Port = (u8, u16);

#[derive(Debug)]
struct Listener {
    local: End,
    from_us: i64,
    until_us: i64,
    socket: u64,
    node: u64,
    owner: Arc<Owner>,
}

/// Who has had connections of a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taker {
    /// A hash of the process's identity.
    One(u64),
    Several,
}

/// Ports at which processes wait, bounded.
#[derive(Debug)]
pub(super) struct Listeners {
    ports: LruCache<Port, Vec<Listener>, RandomState>,
    of_owner: HashMap<u64, Vec<Port>, RandomState>,
    takers: LruCache<(u64, Port), Taker, RandomState>,
    addresses: LruCache<(u64, u128), (), RandomState>,
    hasher: RandomState,
    pub(super) evicted: u64,
}

impl Default for Listeners {
    fn default() -> Self {
        Self {
            ports: LruCache::with_hasher(PORTS, RandomState::default()),
            of_owner: HashMap::default(),
            takers: LruCache::with_hasher(PLACES, RandomState::default()),
            addresses: LruCache::with_hasher(PLACES, RandomState::default()),
            hasher: RandomState::default(),
            evicted: 0,
        }
    }
}

impl Listeners {
    pub(super) fn listen(
        &mut self,
        protocol: u8,
        local: End,
        at_us: i64,
        (node, socket): (u64, u64),
        owner: &Arc<Owner>,
    ) {
        let port = (protocol, local.port);
        let id = self.hasher.hash_one(&owner.id);
        let evicted = if self.ports.len() == PORTS.get() && !self.ports.contains(&port) {
            self.ports.pop_lru()
        } else {
            None
        };
        for gone in evicted.into_iter().flat_map(|(_, gone)| gone) {
            self.forget(&gone, None);
            self.evicted += 1;
        }
        let at_port = self.ports.get_or_insert_mut(port, Vec::new);
        let known = at_port
            .iter_mut()
            .find(|one| one.owner.id == owner.id && one.local == local && one.until_us >= at_us);
        if let Some(known) = known {
            known.from_us = known.from_us.min(at_us);
            return;
        }
        let owner = Arc::clone(owner);
        let until_us = i64::MAX;
        at_port.push(Listener { local, from_us: at_us, until_us, socket, node, owner });
        let over = (at_port.len() > AT_A_PORT).then(|| at_port.remove(0));
        let of_owner = self.of_owner.entry(id).or_default();
        if !of_owner.contains(&port) {
            of_owner.push(port);
        }
        if let Some(over) = over {
            self.evicted += 1;
            self.forget(&over, Some(port));
        }
    }

    /// Forgets which ports an owner has, but for one where it is still known.
    fn forget(&mut self, gone: &Listener, at: Option<Port>) {
        let is_known = at
            .and_then(|port| self.ports.peek(&port))
            .is_some_and(|rest| rest.iter().any(|one| one.owner.id == gone.owner.id));
        if !is_known {
            self.of_owner.remove(&self.hasher.hash_one(&gone.owner.id));
        }
    }

    /// A process closes its listener.
    pub(super) fn close(&mut self, protocol: u8, local: End, at_us: i64, socket: u64, id: &str) {
        for one in self.ports.peek_mut(&(protocol, local.port)).into_iter().flatten() {
            let is_it = if socket != 0 && one.socket != 0 {
                one.socket == socket
            } else {
                one.local == local
            };
            if is_it && one.owner.id == id && one.from_us <= at_us {
                one.until_us = one.until_us.min(at_us);
            }
        }
    }

    /// A process has ended, and all its listeners with it.
    pub(super) fn exit(&mut self, id: &str, at_us: i64) {
        let Some(ports) = self.of_owner.remove(&self.hasher.hash_one(id)) else { return };
        for port in ports {
            for one in self.ports.peek_mut(&port).into_iter().flatten() {
                if one.owner.id == id {
                    one.until_us = one.until_us.min(at_us);
                }
            }
        }
    }

    /// A process has a connection whose end in its place is `local`.
    pub(super) fn seen(&mut self, protocol: u8, local: End, owner: &Owner, is_server: bool) {
        let place = self.hasher.hash_one(owner.scope());
        self.addresses.put((place, local.address.bits()), ());
        if is_server {
            let taker = Taker::One(self.hasher.hash_one(&owner.id));
            let known = self.takers.get_or_insert_mut((place, (protocol, local.port)), || taker);
            if *known != taker {
                *known = Taker::Several;
            }
        }
    }

    /// Who waits at `local` as `asked` begins.
    pub(super) fn at(
        &self,
        local: End,
        asked: &Asked,
        skew: &Skew,
        places: &impl Places,
    ) -> Pick<'_> {
        let port = (asked.tuple.protocol, local.port);
        let mut found = Pick::Nobody;
        for one in self.ports.peek(&port).into_iter().flatten() {
            let skew_us = skew.of(one.node);
            let from_us = one.from_us.saturating_add(skew_us).saturating_sub(SLACK_US);
            let until_us = one.until_us.saturating_add(skew_us).saturating_add(SLACK_US);
            if from_us <= asked.first_us
                && asked.first_us <= until_us
                && self.is_at(one, local, places)
            {
                found = found.and(self.believed(one, port));
            }
        }
        found
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

    fn believed<'a>(&self, one: &'a Listener, port: Port) -> Pick<'a> {
        let place = self.hasher.hash_one(one.owner.scope());
        let own = Taker::One(self.hasher.hash_one(&one.owner.id));
        match self.takers.peek(&(place, port)) {
            Some(taker) if *taker != own => Pick::Unclear,
            _ => Pick::Owner(&one.owner),
        }
    }
}
