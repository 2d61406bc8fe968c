//! How far the network is from the traffic that the model was trained on.
//!
//! Counts in which part of each feature's range in training recent vectors lie, and says by how much
//! that differs: the population stability index (N. Siddiqi, Credit Risk Scorecards, 2006), the mean
//! over all features. What fades is older by count and not by time, so that a replay always says the
//! same. Whether the network is to blame or the model is for people to decide.

use std::sync::Arc;

use super::class::Class;
use super::manifest::Manifest;
use super::verdict::Verdict;
use crate::feature::{ALL_FEATURES, FEATURES, Vector};

/// Deciles of a feature.
pub(super) const DECILES: usize = 9;

/// The parts into which they cut its range; each holds its upper end.
pub(super) const BINS: usize = DECILES + 1;

/// Vectors after which all counts are halved, so that the last 8,192 to 16,384 count: as many as the
/// runs have by which the bound was set.
const FADE: f32 = 16_384.0;

/// Vectors below which nothing is said: a few conversations are no network.
const ENOUGH: f32 = 2_048.0;

/// Added to every share on both sides, so that an empty bin weighs as much as one in a thousand.
const LEAST: f64 = 0.001;

/// Features that are named.
const NAMED: usize = 3;

#[expect(clippy::cast_precision_loss, reason = "there are some hundred")]
const FEATURE_COUNT: f64 = ALL_FEATURES as f64;

/// A feature in training.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Spread {
    /// Never falling; the bin between two that are equal is always empty.
    pub(super) deciles: [f32; DECILES],
    /// The share of benign vectors in each bin. It is not a tenth where many values are the same.
    pub(super) shares: [f64; BINS],
}

impl Spread {
    fn bin(&self, value: f32) -> usize {
        self.deciles.iter().position(|decile| value <= *decile).unwrap_or(DECILES)
    }

    /// The population stability index of `counts`, which are `total` together.
    fn index(&self, counts: &[f32; BINS], total: f32) -> f64 {
        let terms = counts.iter().zip(self.shares).map(|(count, usual)| {
            let found = f64::from(*count / total);
            (found - usual) * ((found + LEAST) / (usual + LEAST)).ln()
        });
        terms.sum()
    }
}

/// How far recent traffic is from that of the training.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shift {
    /// The mean population stability index of all features, in hundredths; none before enough was
    /// seen.
    pub index: Option<f64>,
    /// What networks like those of the training hardly exceed.
    pub bound: f64,
    /// The features that differ most, most first.
    pub features: Vec<&'static str>,
}

impl Shift {
    /// The index, if it says that scores are less to be trusted here.
    #[must_use]
    pub fn excess(&self) -> Option<f64> {
        self.index.filter(|index| *index > self.bound)
    }
}

/// Keeps count of what recent vectors are like.
#[derive(Debug)]
pub struct ShiftGauge {
    learnt: Arc<[Spread]>,
    bound: f64,
    /// Of each feature, how many vectors fell into each bin.
    counts: Box<[[f32; BINS]]>,
    total: f32,
}

impl ShiftGauge {
    /// A gauge of what is unlike the training of a model.
    #[must_use]
    pub fn new(manifest: &Manifest) -> Self {
        Self {
            learnt: Arc::clone(&manifest.learnt),
            bound: manifest.shift_bound,
            counts: vec![[0.0; BINS]; ALL_FEATURES].into(),
            total: 0.0,
        }
    }

    /// Takes the next verdict. An attack that is known says nothing of the network; what is unknown may
    /// be all that there is of it.
    pub fn observe(&mut self, verdict: &Verdict) {
        if matches!(verdict.class, Class::Benign | Class::Unknown) {
            self.count(&verdict.vector);
        }
    }

    fn count(&mut self, vector: &Vector) {
        if self.total >= FADE {
            self.total /= 2.0;
            self.counts.as_flattened_mut().iter_mut().for_each(|count| *count /= 2.0);
        }
        self.total += 1.0;
        for ((counts, spread), value) in self.counts.iter_mut().zip(&*self.learnt).zip(vector) {
            counts[spread.bin(*value)] += 1.0;
        }
    }

    /// What it says now.
    #[must_use]
    pub fn read(&self) -> Shift {
        let bound = self.bound;
        if self.total < ENOUGH {
            return Shift { bound, ..Shift::default() };
        }
        let indices = self.learnt.iter().zip(&self.counts);
        let indices = indices.map(|(spread, counts)| spread.index(counts, self.total));
        let mut by_name: Vec<_> = FEATURES.iter().map(|one| one.name).zip(indices).collect();
        let sum: f64 = by_name.iter().map(|(_, index)| index).sum();
        by_name.sort_by(|(_, one), (_, other)| other.total_cmp(one));
        let features = by_name.into_iter().take(NAMED).map(|(name, _)| name).collect();
        Shift { index: Some(hundredths(sum / FEATURE_COUNT)), bound, features }
    }
}

/// What is shown is what is compared.
fn hundredths(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::{CLASSES, FlowSummary, Score};
    use crate::flow::{End, FlowId, State};
    use crate::packet::{Address, Tuple, protocol};

    /// A gauge of a training in which every feature was anything from 0 to 10, but for the first, which
    /// was always 6.
    fn gauge() -> ShiftGauge {
        let deciles = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];
        let mut learnt = vec![Spread { deciles, shares: [0.1; BINS] }; ALL_FEATURES];
        let mut shares = [0.0; BINS];
        shares[0] = 1.0;
        learnt[0] = Spread { deciles: [6.0; DECILES], shares };
        let counts = vec![[0.0; BINS]; ALL_FEATURES].into();
        ShiftGauge { learnt: learnt.into(), bound: 0.7, counts, total: 0.0 }
    }

    /// The `number`-th of vectors like those of the training.
    fn usual(number: u16) -> Vector {
        let mut vector = [f32::from(number % 10) + 0.5; ALL_FEATURES];
        vector[0] = 6.0;
        vector
    }

    fn verdict(class: Class) -> Verdict {
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
        Verdict {
            flow,
            class,
            score: Score::ZERO,
            probabilities: [Score::ZERO; CLASSES],
            is_alarm: false,
            vector: Arc::new([99.0; ALL_FEATURES]),
        }
    }

    #[test]
    fn nothing_is_said_of_a_few_vectors() {
        let mut gauge = gauge();
        (1..2_048).for_each(|number| gauge.count(&usual(number)));
        assert_eq!(gauge.read(), Shift { index: None, bound: 0.7, features: Vec::new() });
        gauge.count(&usual(0));
        assert!(gauge.read().index.is_some());
    }

    #[test]
    fn traffic_like_that_of_the_training_is_no_shift() {
        let mut gauge = gauge();
        (0..5_000).for_each(|number| gauge.count(&usual(number)));
        let shift = gauge.read();
        assert_eq!((shift.index, shift.excess()), (Some(0.0), None));
    }

    #[test]
    fn what_differs_most_is_named_first() {
        let mut gauge = gauge();
        for number in 0..3_000 {
            let mut vector = usual(number);
            (vector[7], vector[9]) = (99.0, f32::from(number % 2) + 0.5);
            gauge.count(&vector);
        }
        assert_eq!(gauge.read().features[..2], [FEATURES[7].name, FEATURES[9].name]);
        assert_eq!(gauge.read().excess(), None, "two features are not the network");
    }

    #[test]
    fn another_network_is_over_the_bound_and_attacks_are_no_network() {
        let mut gauge = gauge();
        (0..3_000).for_each(|_| gauge.observe(&verdict(Class::DosFlood)));
        assert_eq!(gauge.read().index, None);
        (0..3_000).for_each(|_| gauge.observe(&verdict(Class::Benign)));
        // (1 - 0.1) ln(1.001 / 0.101) + 9 (0 - 0.1) ln(0.001 / 0.101), and more of the first feature.
        assert_eq!(gauge.read().excess(), Some(6.27));
    }

    #[test]
    fn what_was_fades_and_is_forgotten() {
        let mut gauge = gauge();
        (0..3_000).for_each(|_| gauge.count(&[99.0; ALL_FEATURES]));
        let mut before = gauge.read().index.unwrap();
        for _ in 0..4 {
            (0..10_000).for_each(|number| gauge.count(&usual(number)));
            let index = gauge.read().index.unwrap();
            assert!(index < before, "{index} after {before}");
            before = index;
        }
        assert!(before < 0.02, "{before}");
        assert!(gauge.total <= FADE);
    }
}
