//! The bookkeeping of one flow in a table: its phase, its timers and what it still has to report.

use super::list::{Link, Links, SlotIndex};
use super::order::{End, Order};
use super::row::State;

/// What a slot holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// A flow that may go on.
    Open,
    /// A flow that is over; late packets still join it.
    Over(End),
    /// Nothing, or a flow that waits to be read.
    Unlinked,
}

/// A place in one queue, and when its turn comes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Timer {
    link: Link,
    /// In µs since the epoch.
    pub(super) at_us: i64,
}

/// The two timers that a slot can have.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// The end of an idle flow, or of one that lingers.
    Silence,
    /// The next report while open.
    Report,
}

/// What a table keeps beside a flow, apart from it so that queues touch little memory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    pub(super) hash: u64,
    timers: [Timer; 2],
    /// When the flow opened, on the capture's clock.
    pub(super) opened_us: i64,
    pub(super) phase: Phase,
}

impl Slot {
    /// A slot in no queue, for a flow whose tuple hashes to `hash`.
    pub(super) fn new(hash: u64) -> Self {
        Self { hash, timers: [Timer::default(); 2], opened_us: 0, phase: Phase::Unlinked }
    }

    #[inline]
    pub(super) fn timer(&mut self, kind: Kind) -> &mut Timer {
        &mut self.timers[kind as usize]
    }

    pub(super) fn due_us(&self, kind: Kind) -> i64 {
        self.timers[kind as usize].at_us
    }
}

/// The slots of a table as members of the queues of one kind.
pub(super) struct Queue<'a>(pub(super) &'a mut [Slot], pub(super) Kind);

impl Links for Queue<'_> {
    #[inline]
    fn link(&mut self, slot: SlotIndex) -> &mut Link {
        &mut self.0[slot as usize].timer(self.1).link
    }
}

/// A report that waits to be read; the flow stays in its slot until then.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pending {
    pub(super) order: Order,
    pub(super) what: What,
    pub(super) slot: SlotIndex,
}

/// What there is to report.
#[derive(Debug, Clone, Copy)]
pub(super) enum What {
    Opened,
    Row(State),
}
