//! How long to wait before the next try.

use std::time::Duration;

/// The bound of the first wait after a failure.
const FIRST: Duration = Duration::from_millis(500);

/// The bound of any.
const LONGEST: Duration = Duration::from_secs(30);

/// Nobody comes back sooner.
const SHORTEST: Duration = Duration::from_millis(50);

/// Waits that are drawn by chance below a bound that doubles, so that those who lost the same agent do
/// not come back to it at once.
#[derive(Debug)]
pub(super) struct Pause(Duration);

impl Default for Pause {
    fn default() -> Self {
        Self(FIRST)
    }
}

impl Pause {
    /// All was well for a while.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }

    /// The next wait.
    pub(super) fn next(&mut self) -> Duration {
        let bound = self.0;
        self.0 = (bound * 2).min(LONGEST);
        bound.mul_f64(fastrand::f64()).max(SHORTEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_spread_below_a_bound_that_grows_and_starts_again() {
        let mut pause = Pause::default();
        assert!((SHORTEST..=FIRST).contains(&pause.next()));
        for _ in 0..10 {
            pause.next();
        }
        let waits: Vec<_> = (0..200).map(|_| pause.next()).collect();
        assert!(waits.iter().all(|wait| (SHORTEST..=LONGEST).contains(wait)));
        assert!(waits.iter().any(|wait| *wait < LONGEST / 4));
        assert!(waits.iter().any(|wait| *wait > LONGEST / 4 * 3));
        pause.reset();
        assert!(pause.next() <= FIRST);
    }
}
