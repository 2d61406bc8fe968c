//! What the model said of a flow.

use std::sync::Arc;

use super::class::{CLASSES, Class};
use super::manifest::Thresholds;
use super::score::Score;
use super::scorer::Output;
use crate::feature::Vector;
use crate::flow::{Flow, FlowId, Order, Row, State};
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
            at_us: moment(row),
            packets: row.flow.packets(),
            bytes: forward.lengths.sum + backward.lengths.sum,
            reports: row.flow.reports,
            state: row.state,
        }
    }
}

/// When a row is known: a flow that the end of the input ended is so with its last packet, not when
/// silence would have ended it.
const fn moment(row: &Row<'_>) -> i64 {
    if row.order.cause == Order::INPUT_ENDED { row.flow.last_us } else { row.order.at_us }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Model;
    use crate::feature::ALL_FEATURES;
    use crate::flow::End;
    use crate::packet::{Address, protocol};

    const BENIGN: usize = Class::Benign as usize;
    const SCAN: usize = Class::Scan as usize;

    /// The verdict on two answers, each of some probabilities and an anomaly score; thresholds are
    /// those of the model in the binary.
    fn verdict(answers: [(&[(usize, f32)], f32); 2]) -> Verdict {
        let address = Address::v4([10, 0, 0, 1]);
        let tuple = Tuple {
            source: address,
            target: address,
            source_port: 1,
            target_port: 2,
            protocol: protocol::TCP,
            icmp_type: 0,
        };
        let flow = FlowSummary {
            id: FlowId(1),
            tuple,
            first_us: 0,
            last_us: 0,
            at_us: 0,
            packets: 1,
            bytes: 0,
            reports: 0,
            state: State::Final(End::Fin),
        };
        let outputs = answers.map(|(likely, anomaly)| {
            let mut probabilities = [0.0; CLASSES];
            for (class, probability) in likely {
                probabilities[*class] = *probability;
            }
            Output { probabilities, anomaly }
        });
        let thresholds = Model::built_in().unwrap().manifest.thresholds;
        Verdict::new(flow, Arc::new([0.0; ALL_FEATURES]), outputs, &thresholds)
    }

    #[test]
    fn both_sequences_count_the_same() {
        let verdict = verdict([(&[(SCAN, 1.0)], 1.0), (&[(SCAN, 0.2), (BENIGN, 0.8)], 0.5)]);
        assert_eq!((verdict.class, verdict.score), (Class::Scan, Score::new(0.75)));
        assert_eq!(verdict.probabilities[SCAN], Score::new(0.6));
        assert_eq!(verdict.probabilities[BENIGN], Score::new(0.4));
    }

    #[test]
    fn what_is_equal_once_rounded_is_a_tie_that_the_first_class_wins() {
        let answer: (&[_], _) = (&[(BENIGN, 0.499_99), (SCAN, 0.500_01)], 0.0);
        assert_eq!(verdict([answer; 2]).class, Class::Benign);
        let answer: (&[_], _) = (&[(BENIGN, 0.499_9), (SCAN, 0.500_1)], 0.0);
        assert_eq!(verdict([answer; 2]).class, Class::Scan);
    }

    #[test]
    fn what_is_benign_never_alarms_however_unusual() {
        let answer: (&[_], _) = (&[(BENIGN, 1.0)], 1.0);
        assert!(!verdict([answer; 2]).is_alarm);
    }

    #[test]
    fn an_attack_alarms_from_its_threshold_on() {
        let threshold = Model::built_in().unwrap().manifest.thresholds.of(Class::Scan).unwrap();
        let is_alarm = |score: f64| {
            #[expect(clippy::cast_possible_truncation, reason = "scores are rounded anyway")]
            let answer: (&[_], _) = (&[(SCAN, 1.0)], score as f32);
            verdict([answer; 2]).is_alarm
        };
        assert!(is_alarm(threshold + 0.000_1));
        assert!(!is_alarm(threshold - 0.000_1));
    }
}
