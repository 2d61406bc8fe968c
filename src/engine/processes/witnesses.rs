//! Events by which processes are known, within a number of bytes.

use std::hash::{BuildHasher, Hash};
use std::net::SocketAddr;
use std::sync::Arc;

use foldhash::fast::RandomState;
use lru::LruCache;

use crate::engine::events::KeptEvent;
use crate::packet::Tuple;
use crate::tetragon::SocketUse;

/// Memory for starts of processes, and for what they did with sockets, in bytes each.
const MOST_BYTES: usize = 16 << 20;

/// What an entry takes besides its event, in bytes.
const ENTRY_BYTES: usize = 96;

/// Events by which processes are known.
#[derive(Debug, Default)]
pub(super) struct Witnesses {
    /// By a hash of the identity of the process.
    started: Events<u64>,
    /// By that, and either end of the connection.
    used: Events<(u64, SocketAddr)>,
    hasher: RandomState,
}

impl Witnesses {
    /// A process was started.
    pub(super) fn started(&mut self, id: &str, kept: &Arc<KeptEvent>) {
        self.started.keep(self.hasher.hash_one(id), kept);
    }

    /// A process did something with a socket.
    pub(super) fn used(&mut self, id: &str, socket: &SocketUse, kept: &Arc<KeptEvent>) {
        let id = self.hasher.hash_one(id);
        for end in [socket.local, socket.remote].into_iter().flatten() {
            self.used.keep((id, end), kept);
        }
    }

    /// How a process was started, and the newest that tells of a connection of it: by the end that opened
    /// it, else by that to which it was opened from an unknown port.
    pub(super) fn of(&self, id: &str, tuple: &Tuple) -> Vec<Arc<KeptEvent>> {
        let id = self.hasher.hash_one(id);
        let source = SocketAddr::new(tuple.source.into(), tuple.source_port);
        let target = SocketAddr::new(tuple.target.into(), tuple.target_port);
        let used = self.used.of(&(id, source)).or_else(|| {
            let to = self.used.of(&(id, target));
            to.filter(|kept| kept.event.socket.as_ref().is_some_and(|one| one.local.is_none()))
        });
        [self.started.of(&id), used].into_iter().flatten().map(Arc::clone).collect()
    }
}

/// Events by what they are looked for; those that were kept first go first.
#[derive(Debug)]
struct Events<K: Hash + Eq> {
    all: LruCache<K, Arc<KeptEvent>, RandomState>,
    bytes: usize,
}

impl<K: Hash + Eq> Default for Events<K> {
    fn default() -> Self {
        Self { all: LruCache::unbounded_with_hasher(RandomState::default()), bytes: 0 }
    }
}

impl<K: Hash + Eq> Events<K> {
    fn keep(&mut self, key: K, kept: &Arc<KeptEvent>) {
        let before = self.all.put(key, Arc::clone(kept));
        self.bytes += size_bytes(kept);
        self.bytes -= before.map_or(0, |before| size_bytes(&before));
        while self.bytes > MOST_BYTES {
            let Some((_, gone)) = self.all.pop_lru() else { return };
            self.bytes -= size_bytes(&gone);
        }
    }

    fn of(&self, key: &K) -> Option<&Arc<KeptEvent>> {
        self.all.peek(key)
    }
}

fn size_bytes(kept: &KeptEvent) -> usize {
    kept.event.size_bytes() + ENTRY_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::processes::tests::exec;

    #[test]
    fn memory_for_witnesses_is_bounded() {
        let mut events = Events::default();
        let event = exec(1, "/bin/sh", &"x".repeat(3_000));
        for number in 0..20_000 {
            events.keep(number, &event);
            assert!(events.bytes <= MOST_BYTES);
        }
        assert!(events.of(&19_999).is_some());
        assert!(events.of(&0).is_none());
    }
}
