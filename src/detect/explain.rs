//! Why the model scored a flow as it did: which features moved the score, in words.
//!
//! Features that say nearly the same stand in one group, because the model falls back on the rest
//! where only one of them is taken away. A group counts for what the score loses when it alone is
//! as usual, and for what it gains when all else is: the first says little where two groups each
//! suffice, the second little where only both together do. It counts on the scale of log-odds: a model
//! that is sure stays so when one group of many is taken away, and yet that shows there.
//!
//! What is usual is what is usual of the flow's service here; where that is not known, or makes no
//! difference to the score, what is usual of all traffic that the model was trained on.

mod loss;

use std::cmp::Reverse;
use std::ops::RangeInclusive;

use super::class::Class;
use super::error::Error;
use super::score::Score;
use super::scorer::{Output, Scorer};
use super::sequence::{LENGTH, Sequence};
use super::verdict::Reason;
use super::words::{Whose, compared};
use crate::feature::{ALL_FEATURES, FEATURES, Unit, Vector};

pub use self::loss::Loss;

/// Most reasons given.
const REASONS: usize = 5;

/// Steps of a unit of log-odds, so that what is equal but for the last bits is in the catalogue's order.
const STEPS: f64 = 1_000.0;

/// The scores between which differences count; beyond, a step of a score is too much on that scale.
const COUNTED: RangeInclusive<f64> = 0.001..=0.999;

/// By how much the score must fall where all is as usual of the service. Where it does not, what
/// is usual here is an attack to the model already, and the difference from it explains nothing.
const CLEAR_FALL: f64 = 0.1;

/// Features that say nearly the same. Whether a row is provisional explains nothing.
#[rustfmt::skip]
const GROUPS: [&[&str]; 40] = [
    &["Protocol"],
    &["Flow Duration", "Fwd IAT Total", "Bwd IAT Total"],
    &["Total Fwd Packet", "Total Bwd packets", "Down/Up Ratio", "Subflow Fwd Packets",
      "Subflow Bwd Packets", "Fwd Act Data Pkts"],
    &["Total Length of Fwd Packet", "Total Length of Bwd Packet", "Subflow Fwd Bytes",
      "Subflow Bwd Bytes"],
    &["Fwd Packet Length Max", "Fwd Packet Length Min", "Fwd Packet Length Mean",
      "Fwd Packet Length Std", "Bwd Packet Length Max", "Bwd Packet Length Min",
      "Bwd Packet Length Mean", "Bwd Packet Length Std", "Packet Length Min", "Packet Length Max",
      "Packet Length Mean", "Packet Length Std", "Packet Length Variance", "Average Packet Size",
      "Fwd Segment Size Avg", "Bwd Segment Size Avg"],
    &["Flow Bytes/s", "Flow Packets/s", "Fwd Packets/s", "Bwd Packets/s"],
    &["Flow IAT Mean", "Flow IAT Std", "Flow IAT Max", "Flow IAT Min", "Fwd IAT Mean",
      "Fwd IAT Std", "Fwd IAT Max", "Fwd IAT Min", "Bwd IAT Mean", "Bwd IAT Std", "Bwd IAT Max",
      "Bwd IAT Min"],
    &["Fwd PSH Flags", "Bwd PSH Flags", "Fwd URG Flags", "Bwd URG Flags", "FIN Flag Count",
      "SYN Flag Count", "RST Flag Count", "PSH Flag Count", "ACK Flag Count", "URG Flag Count",
      "CWR Flag Count", "ECE Flag Count"],
    &["Fwd Header Length", "Bwd Header Length", "Fwd Seg Size Min"],
    &["Fwd Bytes/Bulk Avg", "Fwd Packet/Bulk Avg", "Fwd Bulk Rate Avg", "Bwd Bytes/Bulk Avg",
      "Bwd Packet/Bulk Avg", "Bwd Bulk Rate Avg"],
    &["FWD Init Win Bytes", "Bwd Init Win Bytes"],
    &["Active Mean", "Active Std", "Active Max", "Active Min", "Idle Mean", "Idle Std", "Idle Max",
      "Idle Min"],
    &["Pair Gap"],
    &["Dst Gap"],
    &["Src Flows 10s", "Src Flows 60s", "Src Rate 300s"],
    &["Src Peers 10s", "Src Peers 60s"],
    &["Src Ports 10s", "Src Ports 60s"],
    &["Src Repetition 10s", "Src Repetition 60s"],
    &["Src Failures 10s", "Src Failures 60s"],
    &["Src Regularity 10s", "Src Regularity 60s"],
    &["Dst Flows 10s", "Dst Flows 60s", "Dst Rate 300s"],
    &["Dst Peers 10s", "Dst Peers 60s"],
    &["Dst Ports 10s", "Dst Ports 60s"],
    &["Dst Repetition 10s", "Dst Repetition 60s"],
    &["Dst Failures 10s", "Dst Failures 60s"],
    &["Dst Regularity 10s", "Dst Regularity 60s"],
    &["Src Open"],
    &["Dst Open", "Svc Open"],
    &["Pair Open", "Hosts Open"],
    &["Pair Rate 10s", "Pair Rate 60s", "Pair Rate 300s", "Hosts Rate 10s", "Hosts Rate 60s",
      "Hosts Rate 300s"],
    &["Svc Rate 10s", "Svc Rate 60s", "Svc Rate 300s"],
    &["Src Up 60s", "Src Up 300s"],
    &["Src Down 60s", "Src Down 300s"],
    &["Pair Up 60s", "Pair Up 300s", "Hosts Up 60s", "Hosts Up 300s"],
    &["Pair Down 60s", "Pair Down 300s", "Hosts Down 60s", "Hosts Down 300s"],
    &["Pair Interval", "Hosts Interval"],
    &["Pair Regularity", "Hosts Regularity"],
    &["Pair Failures", "Hosts Failures"],
    &["Pair Up Each", "Hosts Up Each", "Pair Up Spread", "Hosts Up Spread"],
    &["Pair Down Each", "Hosts Down Each", "Pair Down Spread", "Hosts Down Spread"],
];

/// Why a flow was scored as it was.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// What moved the score, the most important first, at most five.
    pub reasons: Vec<Reason>,
    /// The group of each reason.
    groups: Vec<usize>,
    usual: Usually,
}

/// The values that a flow is held against.
#[derive(Debug, Clone, Copy)]
struct Usually {
    vector: Vector,
    whose: Whose,
}

impl Scorer {
    /// What moved the score of the flow that `sequence` ends with, against what is usual of its
    /// service, where `here` says it and that makes a difference.
    ///
    /// The usual values are put in all steps at once.
    pub fn explain(
        &mut self,
        sequence: &Sequence,
        here: Option<Vector>,
    ) -> Result<Explanation, Error> {
        if let Some(vector) = here {
            let usual = Usually { vector, whose: Whose::Service };
            let (explanation, fall) = self.explain_against(sequence, &usual)?;
            if fall >= CLEAR_FALL && !explanation.reasons.is_empty() {
                return Ok(explanation);
            }
        }
        let usual = Usually { vector: self.manifest.baseline, whose: Whose::AllTraffic };
        Ok(self.explain_against(sequence, &usual)?.0)
    }

    /// Also by how much the score falls where all is as usual.
    fn explain_against(
        &mut self,
        sequence: &Sequence,
        usual: &Usually,
    ) -> Result<(Explanation, f64), Error> {
        let groups = GROUPS.map(Group::new);
        let outputs = self.score(&trials(sequence, &groups, &usual.vector))?;
        let scores = counted(&outputs);
        let (mut moved, fall) = moves(&scores);
        moved.sort_by_key(|(group, by)| (Reverse(*by), *group));
        let newest = &sequence.steps[LENGTH - 1];
        let moving = moved.into_iter().take_while(|(_, by)| *by > 0);
        let told = moving.filter_map(|(at, _)| Some((at, groups[at].reason(newest, usual)?)));
        let (groups, reasons) = told.take(REASONS).unzip();
        Ok((Explanation { reasons, groups, usual: *usual }, fall))
    }
}

/// The features of a group, by their place in the catalogue.
struct Group([bool; ALL_FEATURES]);

impl Group {
    fn new(names: &[&str]) -> Self {
        let mut is_in = [false; ALL_FEATURES];
        for (is_in, feature) in is_in.iter_mut().zip(&FEATURES) {
            *is_in = names.contains(&feature.name);
        }
        Self(is_in)
    }

    fn members(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().filter_map(|(at, is_in)| is_in.then_some(at))
    }

    /// The member that is furthest from usual, in words; the first of equals.
    fn reason(&self, newest: &Vector, usual: &Usually) -> Option<Reason> {
        let Usually { vector, whose } = usual;
        let distance = |at: usize| distance(FEATURES[at].unit, newest[at], vector[at]);
        let furthest = self
            .members()
            .max_by(|a, b| distance(*a).total_cmp(&distance(*b)).then_with(|| b.cmp(a)))?;
        let feature = &FEATURES[furthest];
        let text = compared(feature, newest[furthest], vector[furthest], *whose)?;
        Some(Reason { feature: feature.name.into(), text })
    }
}

/// How far apart two values are on the scale of logarithms, on which the model reads them.
fn distance(unit: Unit, value: f32, usual: f32) -> f64 {
    let logarithm = |value: f32| match unit {
        Unit::LogCount | Unit::LogSeconds | Unit::LogBytes | Unit::LogRatio => f64::from(value),
        _ => f64::from(value.abs()).ln_1p().copysign(f64::from(value)),
    };
    (logarithm(value) - logarithm(usual)).abs()
}

/// What the model is asked about one sequence: as it is, all as usual, then for each group without
/// it and with it alone.
fn trials(sequence: &Sequence, groups: &[Group], usual: &Vector) -> Vec<Sequence> {
    let explained = |at: usize| groups.iter().any(|group| group.0[at]);
    let mut trials = vec![*sequence, mixed(sequence, usual, explained)];
    for group in groups {
        trials.push(mixed(sequence, usual, |at| group.0[at]));
        trials.push(mixed(sequence, usual, |at| explained(at) && !group.0[at]));
    }
    trials
}

/// `sequence` with the features that are chosen as usual.
fn mixed(sequence: &Sequence, usual: &Vector, is_usual: impl Fn(usize) -> bool) -> Sequence {
    let mut mixed = *sequence;
    for step in mixed.steps.iter_mut().rev().take(sequence.len) {
        for (at, value) in step.iter_mut().enumerate() {
            if is_usual(at) {
                *value = usual[at];
            }
        }
    }
    mixed
}

/// By how many steps each group moved the log-odds, and by how much all together moved the score.
fn moves(scores: &[f64]) -> (Vec<(usize, i64)>, f64) {
    let [as_is, usual, groups @ ..] = scores else { return (Vec::new(), 0.0) };
    let (groups, _) = groups.as_chunks();
    let move_of = |[without, alone]: &[f64; 2]| {
        let suffers = log_odds(*as_is) - log_odds(*without);
        let suffices = log_odds(*alone) - log_odds(*usual);
        steps(f64::midpoint(suffers, suffices))
    };
    (groups.iter().map(move_of).enumerate().collect(), as_is - usual)
}

/// Of each output how probable it is that it is an attack; rounded as all scores are.
///
/// What is partly as usual and partly not is unlike anything that was learnt: what it is taken for says
/// little of the flow, of which the first output is. So unless that is itself taken for unknown, only
/// attacks that are known count.
fn counted(outputs: &[Output]) -> Vec<f64> {
    let is_unknown = outputs.first().is_some_and(|output| attack(output) == Class::Unknown);
    let count = |Output { probabilities }: &Output| {
        let strange = if is_unknown { 0.0 } else { probabilities[Class::Unknown as usize] };
        Score::new(1.0 - probabilities[Class::Benign as usize] - strange).value()
    };
    outputs.iter().map(count).collect()
}

/// The most probable attack.
fn attack(output: &Output) -> Class {
    let probability = |class: &&Class| output.probabilities[**class as usize];
    let attacks = Class::ALL.iter().filter(|class| **class != Class::Benign);
    let most = attacks.max_by(|a, b| probability(a).total_cmp(&probability(b)));
    most.copied().unwrap_or(Class::Unknown)
}

fn log_odds(score: f64) -> f64 {
    let score = score.clamp(*COUNTED.start(), *COUNTED.end());
    (score / (1.0 - score)).ln()
}

#[expect(clippy::cast_possible_truncation, reason = "the value is between -14 and 14")]
fn steps(log_odds: f64) -> i64 {
    (log_odds * STEPS).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::{Model, Runtime};

    #[test]
    fn every_feature_but_one_is_in_exactly_one_group() {
        let named: Vec<_> = GROUPS.concat();
        for feature in &FEATURES {
            let times = named.iter().filter(|name| **name == feature.name).count();
            assert_eq!(times, usize::from(feature.name != "Provisional"), "{}", feature.name);
        }
        assert_eq!(named.len(), ALL_FEATURES - 1);
    }

    #[test]
    fn a_group_speaks_by_the_member_that_is_furthest_from_usual() {
        let group = Group::new(GROUPS[20]);
        let mut newest = [0.0; ALL_FEATURES];
        let usual = Usually { vector: newest, whose: Whose::Service };
        newest[FEATURES.iter().position(|one| one.name == "Dst Flows 10s").unwrap()] = 3.0;
        newest[FEATURES.iter().position(|one| one.name == "Dst Flows 60s").unwrap()] = 5.0;
        let reason = group.reason(&newest, &usual).unwrap();
        assert_eq!(reason.feature, "Dst Flows 60s");
        assert!(reason.text.ends_with(": 147, usual here 0"), "{}", reason.text);
        assert!(group.reason(&usual.vector, &usual).is_none());
    }

    /// A model that is sure as soon as either of two groups is not usual, and surer where a third one
    /// is not either.
    fn answer(sequence: &Sequence) -> f64 {
        let newest = &sequence.steps[LENGTH - 1];
        let is_seen = |group: usize| Group::new(GROUPS[group]).members().any(|at| newest[at] > 0.0);
        let sure = if is_seen(20) || is_seen(21) { 0.9 } else { 0.1 };
        if is_seen(3) { sure + 0.09 } else { sure }
    }

    #[test]
    fn groups_that_each_suffice_are_both_found_and_the_order_is_that_of_the_catalogue() {
        let steps = [[1.0; ALL_FEATURES]; LENGTH];
        let sequence = Sequence { steps, len: LENGTH };
        let trials = trials(&sequence, &GROUPS.map(Group::new), &[0.0; ALL_FEATURES]);
        let scores: Vec<_> = trials.iter().map(answer).collect();
        let (mut moved, fall) = moves(&scores);
        moved.retain(|(_, by)| *by > 0);
        assert_eq!(moved, [(3, 1_573), (20, 2_197), (21, 2_197)]);
        assert!((fall - 0.89).abs() < 1e-9, "{fall}");
    }

    #[test]
    fn what_takes_little_from_a_score_that_is_certain_counts() {
        let (moved, _) = moves(&[0.999, 0.01, 0.99, 0.01, 0.999, 0.01]);
        assert_eq!(moved, [(0, 1_156), (1, 0)]);
    }

    #[test]
    fn padding_stays_empty() {
        let steps = [[0.0; ALL_FEATURES]; LENGTH];
        let sequence = Sequence { steps, len: 2 };
        let mixed = mixed(&sequence, &[7.0; ALL_FEATURES], |_| true);
        assert_eq!(mixed.steps.map(|step| step[0] > 0.0), std::array::from_fn(|at| at >= 8));
    }

    #[test]
    fn the_model_explains_what_it_says_of_a_flow_and_the_same_way_twice() {
        let model = Model::built_in().unwrap();
        let mut scorer = Scorer::new(&model, &Runtime::start(None).unwrap()).unwrap();
        let steps = [[9.0; ALL_FEATURES]; LENGTH];
        let sequence = Sequence { steps, len: LENGTH };
        let mut reasons = |here| scorer.explain(&sequence, here).unwrap().reasons;
        let against_all = reasons(None);
        assert!(!against_all.is_empty() && against_all.len() <= REASONS, "{against_all:?}");
        assert_eq!(against_all, reasons(None));
        // Where it is as usual here, it is explained by what is not usual elsewhere.
        assert_eq!(against_all, reasons(Some(steps[0])));
        let here = reasons(Some(model.manifest.baseline));
        assert!(here.iter().all(|reason| reason.text.contains(", usual here ")), "{here:?}");
    }
}
