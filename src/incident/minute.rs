//! What flows say within a minute, however many they are.

use crate::detect::Weight;

/// How long a step is, in µs of packet time.
const STEP_US: i64 = 5_000_000;

/// Steps that are added up: a minute, and the one that has just begun.
const STEPS: u8 = 13;

/// What a flow said, and when that was.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Said {
    step: i64,
    pub(super) weight: Weight,
}

/// What flows say, in steps of five seconds, of which those of the last minute add up: without a bound on
/// the number of flows, of which there may be more than can be remembered one by one.
#[derive(Debug, Default)]
pub(super) struct Minute {
    steps: [Weight; STEPS as usize],
    /// When the first step began: with the first that was said, so that the same traffic weighs the same
    /// at any time of day.
    began_us: Option<i64>,
    /// The newest step.
    newest: i64,
}

impl Minute {
    /// Counts what a flow says at `at_us` in place of what it `said` before.
    pub(super) fn count(&mut self, at_us: i64, weight: Weight, said: Option<Said>) -> Said {
        let began_us = *self.began_us.get_or_insert(at_us);
        let step = at_us.saturating_sub(began_us).div_euclid(STEP_US);
        self.advance(step);
        if let Some(said) = said {
            self.withdraw(said);
        }
        if let Some(slot) = self.slot(step) {
            *slot = *slot + weight;
        }
        Said { step, weight }
    }

    /// Takes back what a flow said.
    pub(super) fn withdraw(&mut self, Said { step, weight }: Said) {
        if let Some(slot) = self.slot(step) {
            *slot = *slot - weight;
        }
    }

    /// What all of it speaks for an attack.
    pub(super) fn weight(&self) -> Weight {
        self.steps.iter().copied().sum()
    }

    /// Forgets what is over a minute before `step`.
    fn advance(&mut self, step: i64) {
        let first = self.newest.max(step.saturating_sub(i64::from(STEPS))) + 1;
        for step in first..=step {
            self.steps[index(step)] = Weight::ZERO;
        }
        self.newest = self.newest.max(step);
    }

    /// The room of a step, unless it is over a minute ago.
    fn slot(&mut self, step: i64) -> Option<&mut Weight> {
        let age = self.newest.saturating_sub(step);
        (0..i64::from(STEPS)).contains(&age).then(|| &mut self.steps[index(step)])
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is below 13")]
fn index(step: i64) -> usize {
    step.rem_euclid(i64::from(STEPS)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_US: i64 = 1_000_000;
    const START_US: i64 = 1_600_000_000_000_000;

    fn nats(nats: f64) -> Weight {
        Weight::nats(nats)
    }

    #[test]
    fn what_comes_within_a_minute_adds_up_and_is_then_forgotten() {
        let mut minute = Minute::default();
        let weights = [0, 20, 60, 61, 85, 400].map(|second| {
            minute.count(START_US + second * SECOND_US, nats(2.0), None);
            minute.weight()
        });
        assert_eq!(weights, [2.0, 4.0, 6.0, 8.0, 6.0, 2.0].map(nats));
    }

    #[test]
    fn a_flow_that_speaks_again_counts_once() {
        let mut minute = Minute::default();
        let said = minute.count(START_US, nats(2.0), None);
        let said = minute.count(START_US + 30 * SECOND_US, nats(3.0), Some(said));
        assert_eq!(minute.weight(), nats(3.0));
        minute.count(START_US + 300 * SECOND_US, nats(4.0), Some(said));
        assert_eq!(minute.weight(), nats(4.0), "what is forgotten is not taken away again");
    }

    #[test]
    fn what_is_late_counts_where_it_belongs() {
        let mut minute = Minute::default();
        minute.count(START_US, nats(1.0), None);
        minute.count(START_US - 30 * SECOND_US, nats(1.0), None);
        minute.count(START_US - 90 * SECOND_US, nats(1.0), None);
        assert_eq!(minute.weight(), nats(2.0));
    }
}
