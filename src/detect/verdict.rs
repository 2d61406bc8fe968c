//! What the model said of a flow.

use std::sync::Arc;

use super::class::{CLASSES, Class};
use super::manifest::Thresholds;
use super::score::Score;
use super::scorer::Output;
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

impl Verdict {
    /// Joins what the model said of the two sequences that end with `flow`: their mean, rounded
    /// before anything is decided on it. Of equally probable classes the first counts.
    #[must_use]
    pub fn new(
        flow: FlowSummary,
        vector: Arc<Vector>,
        [pair, server]: [Output; 2],
        thresholds: &Thresholds,
    ) -> Self {
        let mean = |a: f32, b: f32| Score::new(a.midpoint(b));
        let probabilities =
            std::array::from_fn(|at| mean(pair.probabilities[at], server.probabilities[at]));
        let score = mean(pair.anomaly, server.anomaly);
        let most = probabilities.iter().max().copied().unwrap_or_default();
        let at = probabilities.iter().position(|score| *score == most).unwrap_or_default();
        let class = Class::ALL[at];
        let is_alarm = thresholds.is_reached(class, score);
        Self { flow, class, score, probabilities, is_alarm, vector }
    }
}

/// A feature that moved the score.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Its name in the catalogue.
    pub feature: String,
    /// What it was and what it usually is, in words.
    pub text: String,
}
