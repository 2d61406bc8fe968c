//! The flow table, cut into lanes by a symmetric hash of the tuple.
//!
//! The number of lanes follows from the cap on flows alone. Threads share whole lanes, so neither
//! rows nor evictions depend on how many threads there are.

use super::Timeouts;
use super::clock::Stamp;
use super::row::{Report, Row};
use super::slot::{Pending, What};
use super::table::{Counts, Table};
use crate::packet::{Packet, Tuple};

/// Most lanes that a table is cut into.
pub const MAX_LANES: usize = 16;

/// Fewer flows than this are not worth a lane of their own.
const MIN_LANE_FLOWS: usize = 4_096;

/// How the lanes of one table are shared among threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    lanes: usize,
    shards: usize,
}

impl Share {
    /// Lanes for at most `max_flows` open flows, shared by at most `shards` threads.
    #[must_use]
    pub fn new(max_flows: usize, shards: usize) -> Self {
        let wanted = (max_flows / MIN_LANE_FLOWS).clamp(1, MAX_LANES);
        // The power of two at or below.
        let lanes = 1 << wanted.ilog2();
        Self { lanes, shards: shards.clamp(1, lanes) }
    }

    /// How many threads there is work for.
    #[must_use]
    pub const fn shards(self) -> usize {
        self.shards
    }

    /// The thread whose lanes hold the flow of `tuple`, either direction.
    #[must_use]
    #[inline]
    pub fn shard(self, tuple: &Tuple) -> usize {
        self.lane(tuple) % self.shards
    }

    #[inline]
    fn lane(self, tuple: &Tuple) -> usize {
        // Adding the two ends makes both directions equal.
        let a = mixed(tuple.source.bits(), tuple.source_port);
        let b = mixed(tuple.target.bits(), tuple.target_port);
        (a.wrapping_add(b).wrapping_mul(ODD) >> 32) as usize & (self.lanes - 1)
    }
}

/// 2^64 divided by the golden ratio (Knuth's multiplicative hashing).
const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "both halves are used")]
const fn mixed(address: u128, port: u16) -> u64 {
    let folded = address as u64 ^ ((address >> 64) as u64).rotate_left(32);
    (folded ^ (port as u64) << 48).wrapping_mul(ODD)
}

/// The lanes of one thread.
#[derive(Debug)]
pub struct FlowTable {
    share: Share,
    lanes: Vec<Table>,
    order: Vec<(usize, Pending)>,
}

impl FlowTable {
    /// The lanes that belong to shard `number` of a table for at most `max_flows` open flows.
    #[must_use]
    pub fn new(share: Share, number: usize, max_flows: usize, timeouts: Timeouts) -> Self {
        let own = (number..share.lanes).step_by(share.shards).count();
        let capacity = (max_flows / share.lanes).max(1);
        Self {
            share,
            lanes: (0..own).map(|_| Table::new(capacity, timeouts)).collect(),
            order: Vec::new(),
        }
    }

    /// Accounts for `packet`, opening a flow if it belongs to none.
    #[inline]
    pub fn observe(&mut self, packet: &Packet, stamp: Stamp) {
        let lane = self.share.lane(&packet.tuple) / self.share.shards;
        if let Some(table) = self.lanes.get_mut(lane) {
            table.observe(packet, stamp);
        }
    }

    /// Reports, in order, all that has happened up to and at `now_us`.
    ///
    /// Whatever is reported by a later call comes after all that is reported by this one.
    pub fn report(&mut self, now_us: i64, sink: impl FnMut(Report<'_>)) {
        self.lanes.iter_mut().for_each(|table| table.expire(now_us));
        self.drain(sink);
    }

    /// Ends all flows, as at the end of the input, and reports them in order.
    pub fn finish(&mut self, now_us: i64, mut sink: impl FnMut(Report<'_>)) {
        self.report(now_us, &mut sink);
        self.lanes.iter_mut().for_each(|table| table.finish(now_us));
        self.drain(sink);
    }

    /// Flows held now, those that are over but still linger included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lanes.iter().map(Table::len).sum()
    }

    /// Whether it holds no flow.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What it has done with flows so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.lanes.iter().map(|table| table.counts).fold(Counts::default(), |sum, counts| Counts {
            opened: sum.opened + counts.opened,
            evicted: sum.evicted + counts.evicted,
        })
    }

    fn drain(&mut self, mut sink: impl FnMut(Report<'_>)) {
        let mut order = std::mem::take(&mut self.order);
        for (lane, table) in self.lanes.iter_mut().enumerate() {
            order.extend(table.pending.drain(..).map(|pending| (lane, pending)));
        }
        order.sort_unstable_by_key(|(_, pending)| pending.order);
        for (lane, pending) in order.drain(..) {
            let table = &mut self.lanes[lane];
            let flow = table.flow(pending.slot);
            match pending.what {
                What::Opened => sink(Report::Opened { order: pending.order, tuple: flow.tuple }),
                What::Row(state) => {
                    sink(Report::Row(Row { order: pending.order, state, flow }));
                    table.release(pending.slot);
                }
            }
        }
        self.order = order;
    }
}
