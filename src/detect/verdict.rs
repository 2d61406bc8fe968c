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
    /// What it is taken for: the most probable attack if it alarms, else the most probable class.
    pub class: Class,
    /// How probable it is that it is an attack, of whatever class.
    pub score: Score,
    /// The probability of each class, in the order of [`Class::ALL`].
    pub probabilities: [Score; CLASSES],
    /// Whether the score reaches the threshold of the most probable attack.
    pub is_alarm: bool,
    /// All features of the flow, in the order of the catalogue.
    pub vector: Arc<Vector>,
}

impl Verdict {
    /// The verdict on a flow, rounded before anything is decided on it. Of equally probable classes the
    /// first counts.
    #[must_use]
    pub fn new(
        flow: FlowSummary,
        vector: Arc<Vector>,
        output: &Output,
        thresholds: &Thresholds,
    ) -> Self {
        let probabilities = output.probabilities.map(Score::new);
        let score = Score::new(1.0 - output.probabilities[Class::Benign as usize]);
        let attack = most_probable(&probabilities, 1);
        let is_alarm = thresholds.is_reached(attack, score);
        let class = if is_alarm { attack } else { most_probable(&probabilities, 0) };
        Self { flow, class, score, probabilities, is_alarm, vector }
    }
}

/// The most probable class, but for the first `but` of the list.
fn most_probable(probabilities: &[Score; CLASSES], but: usize) -> Class {
    let classes = Class::ALL.into_iter().zip(probabilities).skip(but);
    // Of equals `max_by_key` would take the last.
    let most = classes.rev().max_by_key(|(_, probability)| **probability);
    most.map_or(Class::Benign, |(class, _)| class)
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
    const BEACON: usize = Class::Beacon as usize;

    /// The verdict on an answer; thresholds are those of the model in the binary.
    fn verdict(likely: &[(usize, f32)]) -> Verdict {
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
        let mut probabilities = [0.0; CLASSES];
        for (class, probability) in likely {
            probabilities[*class] = *probability;
        }
        let thresholds = Model::built_in().unwrap().manifest.thresholds;
        let output = Output { probabilities };
        Verdict::new(flow, Arc::new([0.0; ALL_FEATURES]), &output, &thresholds)
    }

    fn threshold() -> f32 {
        let threshold = Model::built_in().unwrap().manifest.thresholds.of(Class::Scan).unwrap();
        #[expect(clippy::cast_possible_truncation, reason = "scores are rounded anyway")]
        let threshold = threshold as f32;
        threshold
    }

    #[test]
    fn what_is_equal_once_rounded_is_a_tie_that_the_first_class_wins() {
        let tied = [(BENIGN, 0.0), (SCAN, 0.499_99), (BEACON, 0.500_01)];
        assert_eq!(verdict(&tied).class, Class::Scan);
        let clear = [(BENIGN, 0.0), (SCAN, 0.499_9), (BEACON, 0.500_1)];
        assert_eq!(verdict(&clear).class, Class::Beacon);
    }

    #[test]
    fn what_is_benign_never_alarms() {
        let verdict = verdict(&[(BENIGN, 1.0)]);
        assert_eq!((verdict.class, verdict.score), (Class::Benign, Score::ZERO));
        assert!(!verdict.is_alarm);
    }

    #[test]
    fn an_attack_alarms_from_its_threshold_on() {
        let of = |score: f32| verdict(&[(BENIGN, 1.0 - score), (SCAN, score)]);
        let (over, under) = (of(threshold() + 0.000_1), of(threshold() - 0.000_1));
        assert_eq!((over.class, over.is_alarm), (Class::Scan, true));
        assert!(!under.is_alarm, "{under:?}");
    }

    #[test]
    fn what_several_attacks_share_alarms_for_the_most_probable_of_them() {
        let verdict = verdict(&[(BENIGN, 0.0), (SCAN, 0.4), (BEACON, 0.35), (BEACON + 1, 0.25)]);
        assert_eq!((verdict.class, verdict.score), (Class::Scan, Score::ONE));
        assert!(verdict.is_alarm);
    }
}
