//! Takes claims and answers flows.

use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use lru::LruCache;

use super::claim::{Claim, End, Owner, Step};
use super::halves::{Half, Halves, Opener};
use super::listeners::Listeners;
use super::owners::Owners;
use super::places::Places;
use super::skew::Skew;
use super::span::{Heard, Pick, Role, pick};
use super::starts::Starts;
use super::track::{Note, Pair, Track};
use crate::packet::{Tuple, protocol};

/// Pairs that are remembered of one client: its own view of a connection, and those of others.
const OF_A_CLIENT: usize = 8;

/// How long before its first packet a connection may have been opened from an unknown port, in µs.
const OPENED_WITHIN_US: i64 = 1_000_000;

/// How long after a connection was opened its first packet is sent, at most, in µs.
const SENT_WITHIN_US: i64 = 5_000;

/// How long a flow must be known before a claim without a port may be its, in µs: others that began
/// with it are known by then.
const SETTLED_US: i64 = 6_000_000;

/// Claims without a port that are weighed for one flow; where there are more, none of them is believed.
const WEIGHED: usize = 512;

/// A flow whose processes are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// Who spoke with whom; the source opened the flow.
    pub tuple: Tuple,
    /// First packet, in µs since the epoch.
    pub first_us: i64,
    /// Last packet so far, in µs since the epoch.
    pub last_us: i64,
    /// Whether its packets say that no other will come.
    pub is_over: bool,
    /// Packet time now, in µs since the epoch.
    pub now_us: i64,
}

/// The processes at the ends of a flow, as far as they are known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Who opened it.
    pub client: Option<Arc<Owner>>,
    /// Who took it.
    pub server: Option<Arc<Owner>>,
}

/// Joins claims with flows, within a number of bytes.
#[derive(Debug)]
pub struct Correlator {
    tracks: LruCache<Pair, Track, RandomState>,
    by_client: HashMap<(u8, End), Vec<Pair>, RandomState>,
    halves: Halves,
    listeners: Listeners,
    starts: Starts,
    skew: Skew,
    owners: Owners,
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
            starts: Starts::default(),
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
        self.evicted + self.halves.evicted + self.listeners.evicted
    }

    /// Bytes that connections and their owners take.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.track_bytes + self.owners.bytes
    }

    /// Takes what somebody did with a socket.
    pub fn claim(&mut self, claim: &Claim<'_>) {
        let Claim { step, protocol, socket, at_us, .. } = *claim;
        let node = self.hasher.hash_one(claim.node);
        let local = claim.local.filter(|local| !local.is_any() && protocol != 0);
        match (step, local, claim.remote, &claim.owner) {
            (Step::Listen, _, _, Some(owner)) => {
                if let Some(local) = claim.local {
                    self.listeners.listen(protocol, local, at_us, (node, socket), owner);
                }
            }
            (Step::Close, _, None, Some(owner)) => {
                if let Some(local) = claim.local {
                    self.listeners.close(protocol, local, at_us, socket, &owner.id);
                }
            }
            (Step::Connect, None, Some(remote), Some(owner)) => {
                let owner = Arc::clone(owner);
                self.halves.add(Half { at_us, protocol, remote, socket, node, owner });
            }
            (Step::Named, Some(local), Some(remote), _) => {
                self.halves.named(node, socket, at_us);
                let (opened_us, owner) = match self.halves.opener(node, socket, remote, at_us) {
                    Opener::Half(half) => (half.at_us, Some(Arc::clone(&half.owner))),
                    Opener::Nobody | Opener::Forgotten => (at_us, None),
                };
                let claimed = Note { at_us, step, local, socket, node, owner, opened_us };
                self.note(Pair::of(protocol, local, remote), local, claimed);
            }
            (_, Some(local), Some(remote), Some(owner)) => {
                let is_server = local.port < remote.port;
                let is_server = step == Step::Accept || (step != Step::Connect && is_server);
                self.listeners.seen(protocol, local, owner, is_server);
                // What the socket was opened for is known: it is not what it is named for later.
                self.halves.named(node, socket, at_us);
                let client = if is_server { remote } else { local };
                let owner = Some(Arc::clone(owner));
                let claimed = Note { at_us, step, local, socket, node, owner, opened_us: at_us };
                self.note(Pair::of(protocol, local, remote), client, claimed);
            }
            _ => {}
        }
    }

    /// A process has ended.
    pub fn exit(&mut self, id: &str, at_us: i64) {
        self.listeners.exit(id, at_us);
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
        while self.bytes() > self.most_bytes && self.forget() {}
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
        self.forget()
    }

    /// Which processes are at the ends of a flow.
    pub fn ask(&mut self, asked: &Asked, places: &impl Places) -> Found {
        let Tuple { protocol, .. } = asked.tuple;
        if !matches!(protocol, protocol::TCP | protocol::UDP) {
            return Found::default();
        }
        let [source, target] = ends(&asked.tuple);
        let seen = Pair::of(protocol, source, target);
        if asked.is_over {
            self.starts.ended(seen, source, asked.last_us);
        }
        self.compare(&seen, source, asked);
        let views = self.views(&seen, source, target, places);
        let mut client = self.connection(&views, source, asked, Role::Client, places);
        let is_claimed = !matches!(client, Pick::Nobody);
        let mut server = self.connection(&views, source, asked, Role::Server, places);
        if matches!(server, Pick::Nobody) {
            server = self.listeners.at(target, asked, &self.skew, places);
        }
        if !is_claimed && protocol == protocol::UDP {
            client = self.listeners.at(source, asked, &self.skew, places);
        }
        let [client, server] = [client, server].map(found);
        let id = client.as_ref().map(|client| self.hasher.hash_one(&client.id));
        self.starts.began((asked.first_us, protocol, source, target), id);
        let client = client
            .or_else(|| if is_claimed { None } else { self.opened(asked, source, target, places) });
        // What was spoken of is kept longer.
        for view in views {
            self.tracks.promote(&view);
        }
        Found { client, server }
    }

    /// Compares the clocks where a connection was opened once.
    fn compare(&mut self, seen: &Pair, source: End, asked: &Asked) {
        let Some(track) = self.tracks.peek_mut(seen).filter(|track| !track.is_sampled) else {
            return;
        };
        let mut opened = track.notes().iter().filter(|note| {
            note.local == source && matches!(note.step, Step::Connect | Step::Named)
        });
        if let (Some(note), None) = (opened.next(), opened.next()) {
            let remote = seen.other(source);
            let at_us = match note.step {
                Step::Connect => Some(note.at_us),
                _ => opener(&self.halves, note, remote).map(|(at_us, _)| at_us),
            };
            if let Some(at_us) = at_us {
                self.skew.compare(note.node, at_us, asked.first_us);
                track.is_sampled = true;
            }
        }
    }

    /// The pairs under which a connection may be claimed that is seen as `seen`.
    fn views(&self, seen: &Pair, source: End, target: End, places: &impl Places) -> Vec<Pair> {
        let others = self.by_client.get(&(seen.protocol, source)).into_iter().flatten();
        let others = others.filter(|pair| {
            *pair != seen && places.is_same(pair.other(source).address, target.address)
        });
        [seen]
            .into_iter()
            .chain(others)
            .filter(|pair| self.tracks.contains(pair))
            .copied()
            .collect()
    }

    /// Whose one end of a flow is by claims on both of its ends.
    fn connection(
        &self,
        views: &[Pair],
        source: End,
        asked: &Asked,
        role: Role,
        places: &impl Places,
    ) -> Pick<'_> {
        let Asked { tuple: Tuple { protocol, .. }, first_us, .. } = *asked;
        let target = ends(&asked.tuple)[1];
        let seen = Pair::of(protocol, source, target);
        let mut scopes = Vec::<(u64, bool)>::new();
        let mut heard = Vec::<(Option<u64>, Heard<'_>)>::new();
        for view in views {
            let local = if role == Role::Client { source } else { view.other(source) };
            let Some(track) = self.tracks.peek(view) else { continue };
            // What was opened to a service may have been a flow to any pod behind it.
            let over_us = if *view == seen {
                self.starts.over(view, first_us)
            } else {
                self.starts.over_of(protocol, source, first_us)
            };
            for note in track.notes().iter().filter(|note| note.local == local) {
                let one = Heard { over_us, ..self.heard(note, view.other(local), first_us) };
                let Some(owner) = one.owner else {
                    heard.push((None, one));
                    continue;
                };
                let has = places.has(owner, local.address);
                if has == Some(false) {
                    continue;
                }
                let scope = self.hasher.hash_one(owner.scope());
                if !scopes.iter().any(|(known, _)| *known == scope) {
                    scopes.push((scope, has == Some(true)));
                }
                heard.push((Some(scope), one));
            }
        }
        heard.sort_by_key(|(_, one)| (one.at_us, one.step));
        let of_scope = |scope: u64| {
            let of_it = heard.iter().filter(|(of, _)| of.is_none_or(|of| of == scope));
            let of_it: Vec<_> = of_it.map(|(_, one)| *one).collect();
            pick(&of_it, asked, role)
        };
        // Of several places that all claim it, the one that has the address, if it is known.
        let known = scopes.iter().filter(|(_, has)| *has).count() == 1;
        let asked_scopes = scopes.iter().filter(|(_, has)| *has || !known);
        asked_scopes.fold(Pick::Nobody, |all, (scope, _)| all.and(of_scope(*scope)))
    }

    /// A claim by the clock of packets; one that a port was given becomes that of whoever opened it.
    fn heard<'a>(&'a self, note: &'a Note, remote: End, first_us: i64) -> Heard<'a> {
        let skew_us = self.skew.of(note.node);
        let opened = match note.step {
            Step::Named => opener(&self.halves, note, remote),
            _ => None,
        };
        // Where the flow began before it had its port, its first packet followed at once.
        let opened = opened.filter(|(at_us, _)| {
            let before_us = first_us.saturating_sub(at_us.saturating_add(skew_us));
            first_us > note.at_us.saturating_add(skew_us) || before_us <= SENT_WITHIN_US
        });
        let (step, at_us, owner) = match (opened, note.step) {
            (Some((at_us, owner)), _) => (Step::Connect, at_us, Some(owner)),
            (None, Step::Named) => (Step::Named, note.at_us, None),
            (None, step) => (step, note.at_us, note.owner.as_ref()),
        };
        Heard {
            at_us: at_us.saturating_add(skew_us),
            step,
            socket: note.socket,
            owner,
            over_us: None,
        }
    }

    /// Who has opened a flow by claims that do not say from which port: only where no other flow and no
    /// other process may be meant.
    fn opened(
        &self,
        asked: &Asked,
        source: End,
        target: End,
        places: &impl Places,
    ) -> Option<Arc<Owner>> {
        let Asked { first_us, now_us, tuple, .. } = *asked;
        if now_us.saturating_sub(first_us) < SETTLED_US {
            return None;
        }
        let fits = |half: &Half, source: End, target: End| {
            let is_remote =
                half.remote == target || places.is_same(half.remote.address, target.address);
            let is_protocol = half.protocol == 0 || half.protocol == tuple.protocol;
            is_remote && is_protocol && places.has(&half.owner, source.address) != Some(false)
        };
        let from_us = first_us.saturating_sub(OPENED_WITHIN_US);
        let near = self.halves.between(from_us, first_us);
        let near: Vec<_> = near.take(WEIGHED).collect();
        if near.len() == WEIGHED {
            return None;
        }
        let mut near = near.into_iter().filter(|half| fits(half, source, target));
        let one = near.next().filter(|half| self.skew.of(half.node) == 0)?;
        // Two by the same process are two flows, of which it may be either.
        if near.next().is_some() {
            return None;
        }
        let until_us = one.at_us.saturating_add(OPENED_WITHIN_US);
        let id = self.hasher.hash_one(&one.owner.id);
        let flows = self.starts.of(id, tuple.protocol, one.at_us, until_us);
        let is_only = flows.filter(|(source, target)| fits(one, *source, *target)).count() == 1;
        is_only.then(|| Arc::clone(&one.owner))
    }
}

/// When a connection whose socket has its port was opened, and by whom: by all that was heard of the
/// socket, else by what was known when it had its port.
fn opener<'a>(halves: &'a Halves, note: &'a Note, remote: End) -> Option<(i64, &'a Arc<Owner>)> {
    match halves.opener(note.node, note.socket, remote, note.at_us) {
        Opener::Half(half) => Some((half.at_us, &half.owner)),
        Opener::Nobody => None,
        Opener::Forgotten => Some((note.opened_us, note.owner.as_ref()?)),
    }
}

/// Source and target.
const fn ends(tuple: &Tuple) -> [End; 2] {
    [
        End { address: tuple.source, port: tuple.source_port },
        End { address: tuple.target, port: tuple.target_port },
    ]
}

fn found(pick: Pick<'_>) -> Option<Arc<Owner>> {
    match pick {
        Pick::Owner(owner) => Some(Arc::clone(owner)),
        Pick::Nobody | Pick::Unclear => None,
    }
}
