//! Which way a flow goes, and tuples regardless of it.

use std::hash::{Hash, Hasher};
use std::num::NonZeroUsize;

use foldhash::fast::RandomState;
use lru::LruCache;

use crate::packet::{Packet, TcpFlags, Tuple};

/// Silent conversations that a lane remembers: sixteen lanes take about 10 MiB.
const CAPACITY: NonZeroUsize = NonZeroUsize::new(4_096).unwrap();

/// Whether a packet asks for a new connection.
pub(super) const fn opens(flags: TcpFlags) -> bool {
    flags.contains(TcpFlags::SYN) && !flags.contains(TcpFlags::ACK)
}

/// Whether a packet answers one that asks for a new connection.
pub(super) fn answers(flags: TcpFlags) -> bool {
    flags.contains(TcpFlags::SYN.union(TcpFlags::ACK))
}

/// The forward direction of a flow that begins with `packet`: that of its sender, unless the
/// packet answers a SYN that was not seen.
pub(super) fn forward(packet: &Packet) -> Tuple {
    if answers(packet.flags) { packet.tuple.reversed() } else { packet.tuple }
}

/// The directions of conversations that fell silent, so that whoever speaks first after a timeout
/// does not become the one who opened the flow. Bounded; the oldest is forgotten first.
#[derive(Debug)]
pub(super) struct Directions(LruCache<Tuple, Tuple, RandomState>);

impl Default for Directions {
    fn default() -> Self {
        Self(LruCache::with_hasher(CAPACITY, RandomState::default()))
    }
}

impl Directions {
    /// Remembers a flow by its forward tuple.
    pub(super) fn remember(&mut self, tuple: Tuple) {
        self.0.put(tuple.canonical(), tuple);
    }

    /// The forward tuple of the conversation that `packet` goes on with, if it does.
    pub(super) fn resume(&mut self, packet: &Packet) -> Option<Tuple> {
        if self.0.is_empty() {
            return None;
        }
        self.0.pop(&packet.tuple.canonical()).filter(|_| !opens(packet.flags))
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

/// Hashes both directions of a tuple alike.
pub(super) struct Canonical<'a>(pub(super) &'a Tuple);

impl Hash for Canonical<'_> {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Tuple { source, target, source_port, target_port, protocol, icmp_type } = *self.0;
        let (a, b) = ((source.bits(), source_port), (target.bits(), target_port));
        let (low, high) = if a <= b { (a, b) } else { (b, a) };
        state.write_u128(low.0);
        state.write_u128(high.0);
        state.write_u64(
            u64::from(low.1) << 32
                | u64::from(high.1) << 16
                | u64::from(protocol) << 8
                | u64::from(icmp_type),
        );
    }
}
