//! When a sink may be told again: its own rate, and how long to wait after it did not take something.
//!
//! Both stand on the monotonic clock, so that a jump of the wall clock holds nothing up.

use std::time::Duration;

use fastrand::Rng;
use tokio::time::Instant;

/// The longest wait after the first failure.
const SHORTEST: Duration = Duration::from_secs(1);

/// The longest wait after many.
const LONGEST: Duration = Duration::from_mins(5);

/// The longest wait that a sink may ask for.
const LONGEST_ASKED: Duration = Duration::from_hours(1);

/// A token bucket: so many messages a second over time, and so many at once after a pause.
#[derive(Debug)]
pub(super) struct Bucket {
    every: Duration,
    /// How far messages may run ahead of the steady rhythm.
    ahead: Duration,
    /// When the next message is due in that rhythm.
    rhythm: Instant,
}

impl Bucket {
    /// A bucket that is full.
    pub(super) fn new(per_s: f64, burst: u32) -> Self {
        let every = Duration::try_from_secs_f64(per_s.recip()).unwrap_or(SHORTEST);
        Self { every, ahead: every * burst.saturating_sub(1), rhythm: Instant::now() }
    }

    /// From when on the next message may go.
    pub(super) fn next(&self) -> Instant {
        self.rhythm.checked_sub(self.ahead).unwrap_or(self.rhythm)
    }

    /// A message goes now.
    pub(super) fn take(&mut self) {
        self.rhythm = self.rhythm.max(Instant::now()) + self.every;
    }
}

/// Exponential back-off with full jitter.
#[derive(Debug)]
pub(super) struct BackOff {
    failures: u32,
    until: Option<Instant>,
    random: Rng,
}

impl BackOff {
    /// Nothing has failed yet.
    pub(super) const fn new(random: Rng) -> Self {
        Self { failures: 0, until: None, random }
    }

    /// It has failed again. A wait that was asked for is kept to exactly; without one, it is drawn
    /// from zero to a bound that doubles with every failure.
    pub(super) fn fail(&mut self, asked: Option<Duration>) {
        let most = LONGEST.min(SHORTEST.saturating_mul(1 << self.failures.min(16)));
        // "After no time" would be a loop at the full rate.
        let asked = asked.filter(|asked| !asked.is_zero()).map(|asked| asked.min(LONGEST_ASKED));
        let wait = asked.unwrap_or_else(|| most.mul_f64(self.random.f64()));
        self.failures = self.failures.saturating_add(1);
        self.until = Some(Instant::now() + wait);
    }

    /// It has worked, or is to be tried at once.
    pub(super) const fn reset(&mut self) {
        (self.failures, self.until) = (0, None);
    }

    /// Until when to wait, while there is a wait.
    pub(super) fn until(&self) -> Option<Instant> {
        self.until.filter(|until| *until > Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep_until;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn messages_go_at_once_up_to_the_burst_and_then_at_the_rate() {
        let began = Instant::now();
        let mut bucket = Bucket::new(2.0, 3);
        let mut times = Vec::new();
        for _ in 0..6 {
            sleep_until(bucket.next()).await;
            bucket.take();
            times.push(began.elapsed().as_millis());
        }
        assert_eq!(times, [0, 0, 0, 500, 1_000, 1_500]);
        // A long pause saves up no more than the burst.
        tokio::time::sleep(Duration::from_hours(1)).await;
        let began = Instant::now();
        for _ in 0..4 {
            sleep_until(bucket.next()).await;
            bucket.take();
        }
        assert_eq!(began.elapsed(), Duration::from_millis(500));
    }

    #[tokio::test(start_paused = true)]
    async fn waits_are_drawn_from_all_of_a_bound_that_doubles_up_to_five_minutes() {
        for (failure, bound_s) in [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 300.0, 300.0]
            .into_iter()
            .enumerate()
        {
            let waits: Vec<f64> = (0..200)
                .map(|seed| {
                    let mut back_off = BackOff::new(Rng::with_seed(seed));
                    (0..=failure).for_each(|_| back_off.fail(None));
                    back_off.until().map_or(0.0, |until| (until - Instant::now()).as_secs_f64())
                })
                .collect();
            let (least, most) = waits.iter().fold((f64::MAX, 0.0_f64), |(least, most), wait| {
                (least.min(*wait), most.max(*wait))
            });
            assert!(most <= bound_s && most > bound_s * 0.9, "{failure}: {most} of {bound_s}");
            assert!(least < bound_s * 0.1, "{failure}: {least} of {bound_s}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_was_asked_for_is_kept_to_but_never_more_than_an_hour() {
        let mut back_off = BackOff::new(Rng::with_seed(1));
        for (asked_s, waited_s) in [(30, 30), (3_600, 3_600), (1_000_000_000, 3_600)] {
            back_off.fail(Some(Duration::from_secs(asked_s)));
            let until = back_off.until().unwrap();
            assert_eq!(until - Instant::now(), Duration::from_secs(waited_s));
        }
    }
}
