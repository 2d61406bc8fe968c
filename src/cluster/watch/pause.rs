//! How long to wait before the next try.

use std::time::Duration;

/// Before the first try after a failure.
const SHORTEST: Duration = Duration::from_secs(1);

/// Before any.
const LONGEST: Duration = Duration::from_secs(30);

/// After a refusal that another try alone does not change.
const REFUSED: Duration = Duration::from_mins(1);

/// Waits that grow, and differ from those of others.
#[derive(Debug)]
pub(super) struct Pause(Duration);

impl Default for Pause {
    fn default() -> Self {
        Self(SHORTEST)
    }
}

impl Pause {
    /// All is well.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }

    /// The next wait.
    pub(super) fn next(&mut self) -> Duration {
        let next = self.0;
        self.0 = (next * 2).min(LONGEST);
        spread(next)
    }

    /// The wait after a refusal.
    pub(super) fn refused() -> Duration {
        spread(REFUSED)
    }
}

/// Between half of `wait` and all of it, so that not everybody comes at once.
fn spread(wait: Duration) -> Duration {
    wait.mul_f64(0.5 + fastrand::f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_a_bound_and_start_again() {
        let mut pause = Pause::default();
        assert!(pause.next() <= SHORTEST);
        for _ in 0..10 {
            pause.next();
        }
        let longest = pause.next();
        assert!(longest >= LONGEST / 2 && longest <= LONGEST);
        pause.reset();
        assert!(pause.next() <= SHORTEST);
    }
}
