//! A number between 0 and 1 in steps of 1e-4, so that decisions do not hang on the last bit.

use std::fmt;

/// Steps between 0 and 1.
const STEPS: f32 = 10_000.0;

/// A probability, rounded to 1e-4: two backends that differ by less agree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Score(u16);

impl Score {
    /// Nothing at all.
    pub const ZERO: Self = Self(0);

    /// Certainty.
    pub const ONE: Self = Self(10_000);

    /// The step next to `value`; what is no number, or below 0, is 0, what is above 1 is 1.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the value is between 0 and 10,000"
    )]
    pub fn new(value: f32) -> Self {
        Self((value.clamp(0.0, 1.0) * STEPS).round() as u16)
    }

    /// Between 0 and 1.
    #[must_use]
    pub fn value(self) -> f64 {
        f64::from(self.0) / f64::from(STEPS)
    }
}

/// Four decimals, or as many as are asked for.
impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.*}", f.precision().unwrap_or(4), self.value())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_differ_in_the_last_bits_are_one_score() {
        assert_eq!(Score::new(0.998_700_1), Score::new(0.998_699_9));
    }

    #[test]
    fn what_is_out_of_range_is_brought_into_it() {
        let scores = [f32::NAN, -1.0, 2.0, f32::INFINITY].map(Score::new);
        assert_eq!(scores, [Score::ZERO, Score::ZERO, Score::ONE, Score::ONE]);
    }

    #[test]
    fn a_score_is_written_with_the_decimals_asked_for() {
        assert_eq!(format!("{:.3} {}", Score::new(0.5), Score::new(0.5)), "0.500 0.5000");
    }
}
