//! A flow as features read it.

use crate::flow::{Flow, Lengths, Periods, ratio};

/// In a second.
pub(super) const MICROSECONDS: f64 = 1e6;

/// A flow with what several features need of it.
#[derive(Debug)]
pub struct Summary<'a> {
    pub(super) flow: &'a Flow,
    /// Payload lengths of both sides.
    pub(super) lengths: Lengths,
    pub(super) periods: Periods,
}

impl<'a> Summary<'a> {
    /// Reads `flow` as it stands.
    #[must_use]
    pub fn new(flow: &'a Flow) -> Self {
        let lengths = flow.forward.lengths.merged(&flow.backward.lengths);
        Self { flow, lengths, periods: flow.periods() }
    }

    /// So many a second of the flow's duration; 0 where that is 0.
    pub(super) fn per_second(&self, amount: u64) -> f64 {
        ratio(amount, self.flow.duration_us()) * MICROSECONDS
    }
}
