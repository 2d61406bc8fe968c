//! Active and idle periods of a flow, and its subflows.

use super::statistics::Durations;

/// A longer gap parts two subflows (`CICFlowMeter`'s definition).
const SUBFLOW_GAP_US: u64 = 1_000_000;

/// The completed periods of a flow that has been silent for longer than the activity gap.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Periods {
    /// Activity, from the first packet of a period to its last.
    pub active: Durations,
    /// Silence between two periods.
    pub idle: Durations,
}

/// Follows the silences of one flow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Activity {
    /// Only flows with a long silence pay for these.
    completed: Option<Box<Periods>>,
    period_start_us: i64,
    pub(super) subflow_gaps: u32,
}

impl Activity {
    pub(super) fn start(time_us: i64) -> Self {
        Self { completed: None, period_start_us: time_us, subflow_gaps: 0 }
    }

    /// Takes a packet at `time_us` after a silence of `gap_us` that began at `last_us`.
    #[inline]
    pub(super) fn add(&mut self, time_us: i64, last_us: i64, gap_us: u64, activity_gap_us: i64) {
        self.subflow_gaps += u32::from(gap_us > SUBFLOW_GAP_US);
        if gap_us > activity_gap_us.unsigned_abs() {
            self.complete(time_us, last_us, gap_us);
        }
    }

    #[cold]
    fn complete(&mut self, time_us: i64, last_us: i64, gap_us: u64) {
        let completed = self.completed.get_or_insert_default();
        completed.active.add((last_us - self.period_start_us).unsigned_abs());
        completed.idle.add(gap_us);
        self.period_start_us = time_us;
    }

    /// All periods, the running one included, which ends at `last_us`.
    pub(super) fn periods(&self, last_us: i64) -> Periods {
        let mut periods = self.completed.as_deref().copied().unwrap_or_default();
        periods.active.add((last_us - self.period_start_us).unsigned_abs());
        periods
    }
}
