//! Running sums from which mean, extremes and standard deviation follow exactly.
//!
//! All sums are integers: the order in which values come does not change the result, and nothing
//! cancels.

/// Lengths in bytes of the packets of one side of a flow; their number is kept beside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lengths {
    /// Sum in bytes.
    pub sum: u64,
    /// Sum of squares in bytes².
    pub squares: u64,
    /// Smallest; meaningless before the first value.
    pub min: u32,
    /// Largest.
    pub max: u32,
}

impl Default for Lengths {
    fn default() -> Self {
        Self { sum: 0, squares: 0, min: u32::MAX, max: 0 }
    }
}

impl Lengths {
    #[inline]
    pub(super) fn add(&mut self, length: u32) {
        let wide = u64::from(length);
        self.sum += wide;
        self.squares = self.squares.saturating_add(wide * wide);
        self.min = self.min.min(length);
        self.max = self.max.max(length);
    }

    /// The lengths of both sides together.
    #[must_use]
    pub fn merged(&self, other: &Self) -> Self {
        Self {
            sum: self.sum + other.sum,
            squares: self.squares.saturating_add(other.squares),
            min: self.min.min(other.min),
            max: self.max.max(other.max),
        }
    }

    /// Sample variance over `count` values in bytes²; 0 for fewer than two.
    #[must_use]
    pub fn variance(&self, count: u64) -> f64 {
        sample_variance(count, self.sum, u128::from(self.squares))
    }
}

/// Lengths of time in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Durations {
    /// How many.
    pub count: u64,
    /// Sum in µs.
    pub sum_us: u64,
    /// Sum of squares in µs².
    pub squares: u128,
    /// Shortest in µs; meaningless before the first value.
    pub min_us: u64,
    /// Longest in µs.
    pub max_us: u64,
}

impl Default for Durations {
    fn default() -> Self {
        Self { count: 0, sum_us: 0, squares: 0, min_us: u64::MAX, max_us: 0 }
    }
}

impl Durations {
    #[inline]
    pub(super) fn add(&mut self, duration_us: u64) {
        self.count += 1;
        self.sum_us = self.sum_us.saturating_add(duration_us);
        let wide = u128::from(duration_us);
        self.squares = self.squares.saturating_add(wide * wide);
        self.min_us = self.min_us.min(duration_us);
        self.max_us = self.max_us.max(duration_us);
    }

    /// Mean in µs; 0 without a value.
    #[must_use]
    pub fn mean(&self) -> f64 {
        ratio(self.sum_us, self.count)
    }

    /// Sample standard deviation in µs; 0 for fewer than two values.
    #[must_use]
    pub fn deviation(&self) -> f64 {
        sample_variance(self.count, self.sum_us, self.squares).sqrt()
    }

    /// Shortest in µs; 0 without a value.
    #[must_use]
    pub const fn shortest_us(&self) -> u64 {
        if self.count == 0 { 0 } else { self.min_us }
    }
}

/// `a / b` as a real number, 0 where `b` is 0.
#[must_use]
#[inline]
pub(crate) fn ratio(a: u64, b: u64) -> f64 {
    if b == 0 { 0.0 } else { real(a) / real(b) }
}

/// A count as a real number.
#[must_use]
#[inline]
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_wrap,
    reason = "no count reaches 2^63, and the signed conversion is one instruction"
)]
pub(crate) const fn real(count: u64) -> f64 {
    count as i64 as f64
}

/// (n Σx² − (Σx)²) / (n (n − 1)), evaluated in integers up to the division.
#[expect(clippy::cast_precision_loss, reason = "the exact difference is rounded once, at the end")]
fn sample_variance(count: u64, sum: u64, squares: u128) -> f64 {
    if count < 2 {
        return 0.0;
    }
    let n = u128::from(count);
    let spread = n.saturating_mul(squares).saturating_sub(u128::from(sum) * u128::from(sum));
    spread as f64 / (n * (n - 1)) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deviation_is_that_of_a_sample() {
        let mut durations = Durations::default();
        for value in [2, 4, 4, 4, 5, 5, 7, 9] {
            durations.add(value);
        }
        assert!((durations.deviation() - (32.0_f64 / 7.0).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn one_value_has_no_deviation() {
        let mut durations = Durations::default();
        durations.add(7);
        assert_eq!((durations.mean(), durations.deviation()), (7.0, 0.0));
    }

    #[test]
    fn large_equal_values_do_not_cancel_into_noise() {
        let mut durations = Durations::default();
        (0..1_000).for_each(|_| durations.add(86_400_000_000));
        assert!(durations.deviation() == 0.0);
    }
}
