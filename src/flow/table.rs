//! The open flows of one lane: found by tuple, ended by timers, bounded in number.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::Timeouts;
use super::clock::Stamp;
use super::list::{List, SlotIndex};
use super::order::{End, Order};
use super::orientation::{Canonical, Directions, forward, opens};
use super::record::Flow;
use super::row::State;
use super::slot::{Kind, Pending, Phase, Queue, Slot, What};
use crate::packet::Packet;

/// An open flow is reported when it has this many packets, where open flows are reported at all.
const REPORTED_PACKETS: [u64; 2] = [10, 100];

/// A moment that does not come: where times saturate, in µs since the epoch.
const NEVER_US: i64 = i64::MAX;

/// What a table has done with flows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Flows opened; each gives one final row.
    pub opened: u64,
    /// Of these, ended early because the table was full.
    pub evicted: u64,
}

/// The flows of one lane.
#[derive(Debug)]
pub(super) struct Table {
    index: HashTable<SlotIndex>,
    hasher: RandomState,
    flows: Vec<Flow>,
    slots: Vec<Slot>,
    free: Vec<SlotIndex>,
    open: List,
    over: List,
    reports: List,
    directions: Directions,
    next_timer_us: i64,
    capacity: usize,
    timeouts: Timeouts,
    pub(super) pending: Vec<Pending>,
    pub(super) counts: Counts,
}

impl Table {
    pub(super) fn new(capacity: usize, timeouts: Timeouts) -> Self {
        Self {
            index: HashTable::new(),
            hasher: RandomState::default(),
            flows: Vec::new(),
            slots: Vec::new(),
            free: Vec::new(),
            open: List::default(),
            over: List::default(),
            reports: List::default(),
            directions: Directions::default(),
            next_timer_us: NEVER_US,
            capacity,
            timeouts,
            pending: Vec::new(),
            counts: Counts::default(),
        }
    }

    /// Flows held, those that are over but still linger included.
    pub(super) fn len(&self) -> usize {
        self.index.len()
    }

    pub(super) fn flow(&self, slot: SlotIndex) -> &Flow {
        &self.flows[slot as usize]
    }

    /// Accounts for `packet`, opening a flow if it belongs to none.
    #[inline]
    pub(super) fn observe(&mut self, packet: &Packet, stamp: Stamp) {
        if stamp.clock_us >= self.next_timer_us {
            self.expire(stamp.clock_us);
        }
        let hash = self.hasher.hash_one(Canonical(&packet.tuple));
        let flows = &self.flows;
        let found = self.index.find(hash, |slot| {
            let tuple = &flows[*slot as usize].tuple;
            *tuple == packet.tuple || *tuple == packet.tuple.reversed()
        });
        match found.copied() {
            Some(slot) => self.proceed(slot, packet, stamp),
            None => self.open(hash, packet, stamp),
        }
    }

    /// A packet of a flow that is known.
    #[inline]
    fn proceed(&mut self, slot: SlotIndex, packet: &Packet, stamp: Stamp) {
        let slot = match self.slots[slot as usize].phase {
            Phase::Open if self.is_full(slot, stamp) => {
                self.emit(slot, State::Final(End::Active), stamp.clock_us, stamp.sequence);
                let rest = self.flow(slot).continued(packet, stamp);
                self.reopen(slot, rest, stamp)
            }
            Phase::Over(end) if opens(packet.flags) => {
                self.emit(slot, State::Final(end), stamp.clock_us, stamp.sequence);
                let next = Flow::open(forward(packet), packet, stamp);
                let slot = self.reopen(slot, next, stamp);
                self.announce(slot, stamp);
                slot
            }
            Phase::Open | Phase::Over(_) | Phase::Unlinked => slot,
        };
        self.add(slot, packet, stamp);
    }

    /// Whether the row in `slot` can take no packet any more, by age or by number.
    #[inline]
    fn is_full(&self, slot: SlotIndex, stamp: Stamp) -> bool {
        let age_us = stamp.clock_us.saturating_sub(self.slots[slot as usize].opened_us);
        age_us > self.timeouts.active_us
            || self.flows[slot as usize].packets() >= u64::from(u32::MAX)
    }

    fn open(&mut self, hash: u64, packet: &Packet, stamp: Stamp) {
        if self.len() >= self.capacity {
            self.make_room(stamp);
        }
        let tuple = self.directions.resume(packet).unwrap_or_else(|| forward(packet));
        let slot = self.allocate(Flow::open(tuple, packet, stamp), hash);
        let slots = &self.slots;
        self.index.insert_unique(hash, slot, |slot| slots[*slot as usize].hash);
        self.begin(slot, stamp);
        self.announce(slot, stamp);
        self.add(slot, packet, stamp);
    }

    /// Puts a new flow in the place of the one in `old`, which has been reported.
    fn reopen(&mut self, old: SlotIndex, flow: Flow, stamp: Stamp) -> SlotIndex {
        let slot = self.replace(old, flow);
        self.begin(slot, stamp);
        slot
    }

    /// Starts the timers of a flow that opens now.
    fn begin(&mut self, slot: SlotIndex, stamp: Stamp) {
        self.counts.opened += 1;
        let now_us = stamp.clock_us;
        self.slots[slot as usize].phase = Phase::Open;
        self.slots[slot as usize].opened_us = now_us;
        self.enqueue(slot, Kind::Silence, after(now_us, self.timeouts.idle_us));
        if let Some(report_us) = self.timeouts.report_us {
            self.enqueue(slot, Kind::Report, now_us.saturating_add(report_us));
        }
    }

    /// Reports that a flow has opened, where open flows are reported at all; one that began with an
    /// answer once it is known whose it is.
    fn announce(&mut self, slot: SlotIndex, stamp: Stamp) {
        if self.timeouts.report_us.is_some() && !self.flow(slot).is_unasked() {
            let order = self.flow(slot).order(stamp.clock_us, stamp.sequence);
            self.pending.push(Pending { order, what: What::Opened, slot });
        }
    }

    #[inline]
    fn add(&mut self, slot: SlotIndex, packet: &Packet, stamp: Stamp) {
        let flow = &mut self.flows[slot as usize];
        if flow.is_unasked() && flow.packets() > 0 {
            flow.settle(packet);
            self.announce(slot, stamp);
        }
        let flow = &mut self.flows[slot as usize];
        let end = flow.add(packet, self.timeouts.activity_gap_us);
        if self.slots[slot as usize].phase != Phase::Open {
            return;
        }
        let packets = flow.packets();
        if let Some(end) = end {
            self.unlink(slot);
            self.slots[slot as usize].phase = Phase::Over(end);
            let linger_us = self.timeouts.linger_us;
            self.enqueue(slot, Kind::Silence, stamp.clock_us.saturating_add(linger_us));
        } else {
            let idle_at_us = after(stamp.clock_us, self.timeouts.idle_us);
            self.slots[slot as usize].timer(Kind::Silence).at_us = idle_at_us;
            self.open.move_to_end(&mut Queue(&mut self.slots, Kind::Silence), slot);
        }
        if self.timeouts.report_us.is_some() && REPORTED_PACKETS.contains(&packets) {
            self.report(slot, stamp.clock_us, stamp.sequence);
        }
    }

    /// Does what time has made due up to and at `now_us`, in its order.
    pub(super) fn expire(&mut self, now_us: i64) {
        loop {
            let Some((at_us, kind, slot)) = self.earliest() else {
                self.next_timer_us = NEVER_US;
                return;
            };
            if at_us > now_us || at_us == NEVER_US {
                self.next_timer_us = at_us;
                return;
            }
            self.fire(kind, slot, at_us);
        }
    }

    fn earliest(&self) -> Option<(i64, Kind, SlotIndex)> {
        // Last, so that a flow is not reported as open at the moment at which it ends: both rows
        // would have the same place in the order.
        let heads = [
            (Kind::Silence, self.over.head()),
            (Kind::Silence, self.open.head()),
            (Kind::Report, self.reports.head()),
        ];
        let due = heads.into_iter().filter_map(|(kind, head)| {
            let slot = head?;
            Some((self.slots[slot as usize].due_us(kind), kind, slot))
        });
        due.min_by_key(|(at_us, ..)| *at_us)
    }

    fn fire(&mut self, kind: Kind, slot: SlotIndex, at_us: i64) {
        match (kind, self.slots[slot as usize].phase) {
            (Kind::Report, _) => {
                self.report(slot, at_us, 0);
                let report_us = self.timeouts.report_us.unwrap_or(NEVER_US);
                self.slots[slot as usize].timer(Kind::Report).at_us =
                    at_us.saturating_add(report_us.max(1));
                self.reports.move_to_end(&mut Queue(&mut self.slots, Kind::Report), slot);
            }
            (Kind::Silence, Phase::Over(end)) => self.close(slot, end, at_us, 0),
            (Kind::Silence, _) => {
                self.directions.remember(self.flows[slot as usize].tuple);
                self.close(slot, End::Idle, at_us, 0);
            }
        }
    }

    /// Ends every flow at the time at which silence would have ended it.
    pub(super) fn finish(&mut self, now_us: i64) {
        self.expire(now_us);
        for queue in [self.over, self.open] {
            let mut queue = queue;
            while let Some(slot) = queue.head() {
                queue.remove(&mut Queue(&mut self.slots, Kind::Silence), slot);
                let end = match self.slots[slot as usize].phase {
                    Phase::Over(end) => end,
                    Phase::Open | Phase::Unlinked => End::Input,
                };
                let at_us = self.slots[slot as usize].due_us(Kind::Silence);
                self.emit(slot, State::Final(end), at_us, Order::INPUT_ENDED);
                self.slots[slot as usize].phase = Phase::Unlinked;
            }
        }
        self.directions.clear();
        self.index.clear();
        [self.open, self.over, self.reports] = [List::default(); 3];
        self.next_timer_us = NEVER_US;
    }

    /// Gives back the slot of a final row that has been read.
    pub(super) fn release(&mut self, slot: SlotIndex) {
        self.free.push(slot);
    }

    /// Ends one flow: one that is over and only lingers if there is one, else the one silent the
    /// longest.
    fn make_room(&mut self, stamp: Stamp) {
        let (now_us, cause) = (stamp.clock_us, stamp.sequence);
        if let Some(slot) = self.over.head()
            && let Phase::Over(end) = self.slots[slot as usize].phase
        {
            self.close(slot, end, now_us, cause);
        } else if let Some(slot) = self.open.head() {
            self.counts.evicted += 1;
            self.close(slot, End::Evicted, now_us, cause);
        }
    }

    /// Reports the flow in `slot` as it stands, if it has changed since its last report.
    fn report(&mut self, slot: SlotIndex, at_us: i64, cause: u64) {
        let hash = self.slots[slot as usize].hash;
        if let Some(snapshot) = self.flows[slot as usize].snapshot() {
            let copy = self.allocate(snapshot, hash);
            self.emit(copy, State::Provisional, at_us, cause);
        }
    }

    fn close(&mut self, slot: SlotIndex, end: End, at_us: i64, cause: u64) {
        self.emit(slot, State::Final(end), at_us, cause);
        self.take_out(slot);
    }

    fn emit(&mut self, slot: SlotIndex, state: State, at_us: i64, cause: u64) {
        let order = self.flow(slot).order(at_us, cause);
        self.pending.push(Pending { order, what: What::Row(state), slot });
    }

    fn allocate(&mut self, flow: Flow, hash: u64) -> SlotIndex {
        let slot = Slot::new(hash);
        if let Some(index) = self.free.pop() {
            self.flows[index as usize] = flow;
            self.slots[index as usize] = slot;
            return index;
        }
        self.flows.push(flow);
        self.slots.push(slot);
        // The number of slots is bounded by `capacity` and what one batch of packets can end.
        u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX - 1)
    }

    /// Makes the index point to a new slot with `flow` instead of `old`, which leaves all queues.
    fn replace(&mut self, old: SlotIndex, flow: Flow) -> SlotIndex {
        let hash = self.slots[old as usize].hash;
        self.unlink(old);
        let new = self.allocate(flow, hash);
        if let Some(entry) = self.index.find_mut(hash, |slot| *slot == old) {
            *entry = new;
        }
        new
    }

    fn take_out(&mut self, slot: SlotIndex) {
        self.unlink(slot);
        if let Ok(entry) =
            self.index.find_entry(self.slots[slot as usize].hash, |other| *other == slot)
        {
            entry.remove();
        }
    }

    fn enqueue(&mut self, slot: SlotIndex, kind: Kind, at_us: i64) {
        self.slots[slot as usize].timer(kind).at_us = at_us;
        self.next_timer_us = self.next_timer_us.min(at_us);
        let list = match (kind, self.slots[slot as usize].phase) {
            (Kind::Report, _) => &mut self.reports,
            (Kind::Silence, Phase::Over(_)) => &mut self.over,
            (Kind::Silence, Phase::Open | Phase::Unlinked) => &mut self.open,
        };
        list.push(&mut Queue(&mut self.slots, kind), slot);
    }

    /// Takes a slot out of every queue that it is in by its phase.
    fn unlink(&mut self, slot: SlotIndex) {
        let silence = &mut Queue(&mut self.slots, Kind::Silence);
        match std::mem::replace(&mut silence.0[slot as usize].phase, Phase::Unlinked) {
            Phase::Over(_) => self.over.remove(silence, slot),
            Phase::Unlinked => {}
            Phase::Open => {
                self.open.remove(silence, slot);
                if self.timeouts.report_us.is_some() {
                    self.reports.remove(&mut Queue(&mut self.slots, Kind::Report), slot);
                }
            }
        }
    }
}

/// The first moment at which more than `timeout_us` have passed.
const fn after(now_us: i64, timeout_us: i64) -> i64 {
    now_us.saturating_add(timeout_us).saturating_add(1)
}
