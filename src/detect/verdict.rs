//! What the model said of a flow.

use std::sync::Arc;

use super::class::{CLASSES, Class};
use super::score::Score;
use crate::feature::Vector;
use crate::flow::{Flow, FlowId, Row, State};
use crate::packet::Tuple;

/// A flow in a few numbers, as it stood when it was scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlowSummary {
    /// The same for all verdicts on the flow.
    pub id: FlowId,
    /// Who spoke with whom; the source opened the flow.
    pub tuple: Tuple,
    /// First packet, in µs since the epoch.
    pub first_us: i64,
    /// Last packet so far, in µs since the epoch.
    pub last_us: i64,
    /// When it was reported, in µs since the epoch of packet time.
    pub at_us: i64,
    /// Packets of both sides.
    pub packets: u64,
    /// Transport payload of both sides.
    pub bytes: u64,
    /// Verdicts on the flow before this one.
    pub reports: u32,
    /// Whether this is the last word on the flow.
    pub state: State,
}

impl From<&Row<'_>> for FlowSummary {
    fn from(row: &Row<'_>) -> Self {
        let Flow { tuple, first_us, last_us, forward, backward, .. } = row.flow;
        Self {
            id: row.flow.id(),
            tuple: *tuple,
            first_us: *first_us,
            last_us: *last_us,
            at_us: row.order.at_us,
            packets: row.flow.packets(),
            bytes: forward.lengths.sum + backward.lengths.sum,
            reports: row.flow.reports,
            state: row.state,
        }
    }
}

/// What the model said of a flow.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The flow.
    pub flow: FlowSummary,
    /// The most probable class.
    pub class: Class,
    /// The anomaly score.
    pub score: Score,
    /// The probability of each class, in the order of [`Class::ALL`].
    pub probabilities: [Score; CLASSES],
    /// Whether the class is an attack and the score reaches its threshold.
    pub is_alarm: bool,
    /// All features of the flow, in the order of the catalogue.
    pub vector: Arc<Vector>,
}

/// A feature that moved the score.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Its name in the catalogue.
    pub feature: String,
    /// What it was and what it usually is, in words.
    pub text: String,
}
