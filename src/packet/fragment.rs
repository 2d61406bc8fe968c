//! Remembers which flow the first fragment of a datagram belonged to, so that later ones follow.
//!
//! Bounded in entries and in packet time; the oldest is forgotten first.

use std::collections::{HashMap, VecDeque};

use foldhash::fast::RandomState;

use super::tunnel::Tunnel;
use super::{Address, Tuple};

/// Datagrams remembered at a time; about 2 MiB.
const CAPACITY: usize = 16_384;

/// How long a first fragment is remembered: RFC 8200, 4.5 gives reassembly 60 s.
const LIFETIME_US: i64 = 60_000_000;

/// What identifies the fragments of one datagram (RFC 791, 3.2; RFC 8200, 4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct DatagramId {
    pub(super) source: Address,
    pub(super) target: Address,
    pub(super) id: u32,
    /// 0 for IPv6, whose fragments are identified without it.
    pub(super) protocol: u8,
}

/// Where the later fragments of a datagram belong.
#[derive(Debug, Clone, Copy)]
pub(super) enum Attribution {
    /// To the flow of the first one.
    Flow(Tuple, Option<Tunnel>),
    /// The first one was a tunnel's: the length in its inner header already covers all of them.
    Covered,
}

#[derive(Debug, Default)]
pub(super) struct Fragments {
    first: HashMap<DatagramId, (i64, Attribution), RandomState>,
    by_age: VecDeque<(i64, DatagramId)>,
}

impl Fragments {
    pub(super) fn remember(&mut self, time_us: i64, id: DatagramId, attribution: Attribution) {
        if self.by_age.len() == CAPACITY
            && let Some((since_us, oldest)) = self.by_age.pop_front()
            && self.first.get(&oldest).is_some_and(|(at_us, _)| *at_us == since_us)
        {
            self.first.remove(&oldest);
        }
        self.first.insert(id, (time_us, attribution));
        self.by_age.push_back((time_us, id));
    }

    pub(super) fn attribution(&self, time_us: i64, id: DatagramId) -> Option<Attribution> {
        let (since_us, attribution) = self.first.get(&id)?;
        (time_us.abs_diff(*since_us) <= LIFETIME_US.unsigned_abs()).then_some(*attribution)
    }
}
