//! The flow table, cut into lanes by a symmetric hash of the tuple.
//!
//! The number of lanes follows from the cap on flows alone. Threads share whole lanes, so neither
//! rows nor evictions depend on how many threads there are.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

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
    #[expect(clippy::cast_possible_truncation, reason = "four bits are left")]
    fn lane(self, tuple: &Tuple) -> usize {
        // Adding the two ends makes both directions equal.
        let a = mixed(tuple.source.bits(), tuple.source_port);
        let b = mixed(tuple.target.bits(), tuple.target_port);
        // Of a product only the upper bits depend on all of its factors.
        (a.wrapping_add(b).wrapping_mul(ODD) >> (u64::BITS - MAX_LANES.ilog2())) as usize
            & (self.lanes - 1)
    }
}

/// 2^64 divided by the golden ratio (Knuth's multiplicative hashing).
const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "both halves are used")]
const fn mixed(address: u128, port: u16) -> u64 {
    let folded = address as u64 ^ ((address >> 64) as u64).rotate_left(32);
    let product = (folded.rotate_left(16) ^ port as u64).wrapping_mul(ODD);
    // Without it the sum of two ends would know their sum only: 1 to 4 would be as 2 to 3.
    product ^ product >> 32
}

/// The lanes of one thread.
#[derive(Debug)]
pub struct FlowTable {
    share: Share,
    lanes: Vec<Table>,
}

impl FlowTable {
    /// The lanes that belong to shard `number` of a table for at most `max_flows` open flows.
    #[must_use]
    pub fn new(share: Share, number: usize, max_flows: usize, timeouts: Timeouts) -> Self {
        let own = (number..share.lanes).step_by(share.shards).count();
        let capacity = (max_flows / share.lanes).max(1);
        Self { share, lanes: (0..own).map(|_| Table::new(capacity, timeouts)).collect() }
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

    /// Gives everything that waits to `sink`, in order: each lane is sorted, then all are merged.
    fn drain(&mut self, mut sink: impl FnMut(Report<'_>)) {
        let mut heads = BinaryHeap::with_capacity(self.lanes.len());
        for (lane, table) in self.lanes.iter_mut().enumerate() {
            table.pending.sort_unstable_by_key(|pending| pending.order);
            heads.extend(table.pending.first().map(|first| Reverse((first.order, lane, 0))));
        }
        while let Some(mut head) = heads.peek_mut() {
            let Reverse((order, lane, at)) = *head;
            let table = &mut self.lanes[lane];
            let Pending { what, slot, .. } = table.pending[at];
            match table.pending.get(at + 1) {
                Some(next) => *head = Reverse((next.order, lane, at + 1)),
                None => drop(PeekMut::pop(head)),
            }
            let flow = table.flow(slot);
            match what {
                What::Opened => sink(Report::Opened { order, tuple: flow.tuple }),
                What::Row(state) => {
                    sink(Report::Row(Row { order, state, flow }));
                    table.release(slot);
                }
            }
        }
        self.lanes.iter_mut().for_each(|table| table.pending.clear());
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use super::*;
    use crate::packet::{Address, protocol};

    fn tuple(source: (Address, u16), target: (Address, u16)) -> Tuple {
        Tuple {
            source: source.0,
            target: target.0,
            source_port: source.1,
            target_port: target.1,
            protocol: protocol::TCP,
            icmp_type: 0,
        }
    }

    /// Asserts that every one of the sixteen lanes gets its share, give or take a fifth.
    fn assert_even(tuples: impl Iterator<Item = Tuple>) {
        let share = Share::new(1 << 20, 1);
        let mut lanes = [0_usize; MAX_LANES];
        for tuple in tuples {
            let lane = share.lane(&tuple);
            assert_eq!(share.lane(&tuple.reversed()), lane);
            lanes[lane] += 1;
        }
        let even = lanes.iter().sum::<usize>() / MAX_LANES;
        assert!(lanes.iter().all(|lane| lane.abs_diff(even) <= even / 5), "{lanes:?}");
    }

    #[test]
    fn connections_between_two_hosts_are_spread_over_all_lanes() {
        let v4 = [1, 2].map(|host| Address::v4([10, 0, 0, host]));
        let v6 = [1, 2].map(|host| Address::v6(Ipv6Addr::from_bits(0xfd << 120 | host).octets()));
        for [client, server] in [v4, v6] {
            assert_even((1_024..50_000).map(|port| tuple((client, port), (server, 443))));
        }
    }

    #[test]
    fn hosts_that_speak_on_the_same_ports_are_spread_over_all_lanes() {
        let host = |number: u16| {
            let [high, low] = number.to_be_bytes();
            Address::v4([10, 0, high, low])
        };
        assert_even((0..20_000).map(|number| tuple((host(number), 123), (host(65_000), 123))));
        assert_even((0..20_000).map(|number| tuple((host(number), 123), (host(!number), 123))));
    }
}
