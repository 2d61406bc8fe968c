//! How often something expensive may be done.

/// A second of packet time in µs.
const SECOND_US: i64 = 1_000_000;

/// So many times within a second of packet time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Allowance {
    a_second: u32,
    taken: u32,
    /// When the first of those taken was.
    since_us: i64,
}

impl Allowance {
    pub(super) const fn new(a_second: u32) -> Self {
        Self { a_second, taken: 0, since_us: i64::MIN }
    }

    /// Whether it may be done at `now_us`; it is then taken to be.
    pub(super) const fn take(&mut self, now_us: i64) -> bool {
        if now_us >= self.since_us.saturating_add(SECOND_US) {
            self.since_us = now_us;
            self.taken = 0;
        }
        let is_left = self.taken < self.a_second;
        self.taken += is_left as u32;
        is_left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_comes_back_after_a_second() {
        let mut allowance = Allowance::new(2);
        let taken = [5, 6, 7, SECOND_US + 4, SECOND_US + 5].map(|at_us| allowance.take(at_us));
        assert_eq!(taken, [true, true, false, false, true]);
    }
}
