//! Weight of evidence: the unit in which what single flows say adds up.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Mul, Sub};

use super::class::{CLASSES, Class};
use super::score::Score;

/// Hundredths of a nat in one.
const HUNDREDTHS: f64 = 100.0;

/// Half a step of a score: what rounds to certainty is taken for so much less.
const HALF_STEP: f64 = 0.5e-4;

/// How much flows speak for an attack: the logarithm of the odds, ln(p / (1 − p)), which adds up over
/// flows (I. J. Good, *Probability and the Weighing of Evidence*, 1950), in hundredths of a nat.
///
/// Whole numbers, so that a sum is the same in any order and on any machine. Flows of one host are not
/// independent: what a sum is worth is counted in traffic in which nobody attacks, not calculated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Weight(u32);

impl Weight {
    /// No evidence.
    pub const ZERO: Self = Self(0);

    /// What a flow of this score speaks for an attack; nothing where the odds are even or against it.
    #[must_use]
    pub fn of(score: Score) -> Self {
        let likely = score.value().clamp(HALF_STEP, 1.0 - HALF_STEP);
        Self::nats((likely / (1.0 - likely)).ln())
    }

    /// So many nats; what is no number or below 0 is 0.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "what is out of range is brought into it"
    )]
    pub fn nats(nats: f64) -> Self {
        Self((nats * HUNDREDTHS).round() as u32)
    }

    /// In nats.
    #[must_use]
    pub fn value(self) -> f64 {
        f64::from(self.0) / HUNDREDTHS
    }
}

impl Add for Weight {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Weight {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Mul<u32> for Weight {
    type Output = Self;

    fn mul(self, times: u32) -> Self {
        Self(self.0.saturating_mul(times))
    }
}

impl Sum for Weight {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::ZERO, Add::add)
    }
}

/// One decimal, or as many as are asked for.
impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.*}", f.precision().unwrap_or(1), self.value())
    }
}

/// How much evidence makes an incident of each class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weights(pub(super) [Weight; CLASSES]);

impl Weights {
    /// Any evidence does.
    pub const NONE: Self = Self::all(Weight::ZERO);

    /// The same for every class.
    #[must_use]
    pub const fn all(weight: Weight) -> Self {
        Self([weight; CLASSES])
    }

    /// How much evidence makes an incident of `class`.
    #[must_use]
    pub const fn of(&self, class: Class) -> Weight {
        self.0[class as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_odds_weigh_nothing_and_certainty_is_finite() {
        let of = |score| Weight::of(Score::new(score)).0;
        assert_eq!([0.0, 0.3, 0.5].map(of), [0; 3]);
        assert_eq!([0.9, 0.95, 0.99, 1.0].map(of), [220, 294, 460, 990]);
    }

    #[test]
    fn sums_saturate() {
        let most = Weight::nats(f64::INFINITY);
        assert_eq!([most, most].into_iter().sum::<Weight>(), most);
        assert_eq!((most * 2, Weight::ZERO - most), (most, Weight::ZERO));
        assert_eq!(format!("{} {:.2}", Weight::nats(12.34), Weight::nats(12.34)), "12.3 12.34");
    }
}
