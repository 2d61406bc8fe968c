//! Folds packets into bidirectional flows and their statistics.
//!
//! The table is pure: it never reads a clock and never does I/O. Time is the timestamp of the
//! packet, so a replayed capture gives the same flows as the live interface did. Whether and where
//! a flow is split depends on the packets alone, never on how many threads share the work. Threads,
//! queues and counters that people see belong to [`crate::engine`], what is made of the statistics
//! to [`crate::feature`].

mod activity;
mod bulk;
mod clock;
mod direction;
mod lanes;
mod list;
mod order;
mod orientation;
mod record;
mod row;
mod slot;
mod statistics;
mod table;
#[cfg(test)]
mod tests;

pub use activity::Periods;
pub use bulk::Bulk;
pub use clock::{Clock, Stamp, Step};
pub use direction::{Direction, Side};
pub use lanes::{FlowTable, MAX_LANES, Share};
pub use order::{End, Order};
pub use record::{Flow, FlowId};
pub use row::{Report, Row, State};
pub use statistics::{Durations, Lengths};
pub(crate) use statistics::{ratio, real};
pub use table::Counts;

/// When flows end, in microseconds of packet time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// A flow that has been open longer is split.
    pub active_us: i64,
    /// A flow that has been silent longer has ended.
    pub idle_us: i64,
    /// A longer silence inside a flow parts its activity periods.
    pub activity_gap_us: i64,
    /// How long packets still join a flow that a FIN from both sides or a RST has ended.
    pub linger_us: i64,
    /// How often an open flow that changed is reported; never if `None`.
    pub report_us: Option<i64>,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            active_us: 120_000_000,
            idle_us: 120_000_000,
            activity_gap_us: 5_000_000,
            linger_us: 5_000_000,
            report_us: None,
        }
    }
}
