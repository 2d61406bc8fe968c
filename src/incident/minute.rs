//! What flows say within a minute, however many they are.

use crate::detect::Weight;

/// How long a step is, in µs of packet time.
const STEP_US: i64 = 5_000_000;

/// Steps that are added up: a minute, and the one that has just begun.
const STEPS: u8 = 13;

/// What a flow said, and when that was.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Said {
    pub(super) at_us: i64,
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
    /// Counts what a flow says.
    pub(super) fn count(&mut self, Said { at_us, weight }: Said) {
        let began_us = *self.began_us.get_or_insert(at_us);
        let step = step(began_us, at_us);
        self.advance(step);
        if let Some(slot) = self.slot(step) {
            *slot = *slot + weight;
        }
    }

    /// Takes back what a flow said.
    pub(super) fn withdraw(&mut self, Said { at_us, weight }: Said) {
        let slot = self.began_us.and_then(|began_us| self.slot(step(began_us, at_us)));
        if let Some(slot) = slot {
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

/// The step that a moment is in, where the first began at `began_us`.
const fn step(began_us: i64, at_us: i64) -> i64 {
    at_us.saturating_sub(began_us).div_euclid(STEP_US)
}

#[expect(clippy::cast_possible_truncation, reason = "it is below 13")]
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

    /// So many nats, so many seconds after the beginning.
    fn said(second: i64, nats: f64) -> Said {
        Said { at_us: START_US + second * SECOND_US, weight: Weight::nats(nats) }
    }

    #[test]
    fn what_comes_within_a_minute_adds_up_and_is_then_forgotten() {
        let mut minute = Minute::default();
        let weights = [0, 20, 60, 61, 85, 400].map(|second| {
            minute.count(said(second, 2.0));
            minute.weight()
        });
        assert_eq!(weights, [2.0, 4.0, 6.0, 8.0, 6.0, 2.0].map(nats));
    }

    #[test]
    fn what_is_taken_back_counts_no_more_and_is_taken_back_once() {
        let mut minute = Minute::default();
        for second in [0, 1, 30] {
            minute.count(said(second, 2.0));
        }
        minute.withdraw(said(1, 2.0));
        assert_eq!(minute.weight(), nats(4.0));
        minute.count(said(300, 4.0));
        minute.withdraw(said(30, 2.0));
        assert_eq!(minute.weight(), nats(4.0), "what is forgotten is not taken away again");
    }

    #[test]
    fn what_is_late_counts_where_it_belongs() {
        let mut minute = Minute::default();
        for second in [0, -30, -90] {
            minute.count(said(second, 1.0));
        }
        assert_eq!(minute.weight(), nats(2.0));
    }
}
