//! How fast a counter grows, over the last seconds.

use std::collections::VecDeque;

/// How far back a rate looks, in µs.
const WINDOW_US: i64 = 3_000_000;

/// Follows counters on a clock that the caller reads.
#[derive(Debug, Default)]
pub(super) struct Rate<const N: usize> {
    samples: VecDeque<(i64, [u64; N])>,
}

impl<const N: usize> Rate<N> {
    /// What the counters gained a second in the last seconds, now that they stand at `counts`.
    ///
    /// A clock that jumps back begins anew.
    #[expect(clippy::cast_precision_loss, reason = "rates are shown with three digits")]
    pub(super) fn observe(&mut self, now_us: i64, counts: [u64; N]) -> [f64; N] {
        if self.samples.back().is_some_and(|(last_us, _)| *last_us > now_us) {
            self.samples.clear();
        }
        if self.samples.back().is_none_or(|(last_us, _)| *last_us < now_us) {
            self.samples.push_back((now_us, counts));
        }
        let is_old = |us: i64| now_us.saturating_sub(us) > WINDOW_US;
        // The newest sample outside the window still tells where it began.
        while self.samples.get(1).is_some_and(|(us, _)| is_old(*us)) {
            self.samples.pop_front();
        }
        let Some((since_us, before)) = self.samples.front() else { return [0.0; N] };
        let span_s = now_us.saturating_sub(*since_us) as f64 / 1e6;
        if span_s <= 0.0 {
            return [0.0; N];
        }
        let mut rates = [0.0; N];
        for ((rate, now), before) in rates.iter_mut().zip(counts).zip(before) {
            *rate = now.saturating_sub(*before) as f64 / span_s;
        }
        rates
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rate of a counter as it is seen at these seconds, to the nearest whole number.
    fn rates(samples: &[(i64, u64)]) -> Vec<String> {
        let mut rate = Rate::default();
        let mut observe = |(second, count)| rate.observe(second * 1_000_000, [count])[0];
        samples.iter().map(|sample| format!("{:.0}", observe(*sample))).collect()
    }

    #[test]
    fn a_steady_counter_has_its_rate_from_the_second_sample_on() {
        assert_eq!(rates(&[(0, 0), (1, 7), (2, 14), (9, 63)]), ["0", "7", "7", "7"]);
    }

    #[test]
    fn a_counter_that_stands_still_comes_to_nothing() {
        assert_eq!(rates(&[(0, 0), (1, 1_000), (9, 1_000)]), ["0", "1000", "0"]);
    }

    #[test]
    fn a_clock_that_jumps_back_begins_anew() {
        assert_eq!(rates(&[(9, 9), (1, 10), (2, 15)]), ["0", "0", "5"]);
    }
}
