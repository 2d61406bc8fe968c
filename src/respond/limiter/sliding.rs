//! The request rate of a stick table of `HAProxy`: two counters that stand for a window that slides.
//!
//! What is refused is counted too: a client that keeps asking for more than the limit is refused
//! everything once the window is full of it.

use super::clients::Clients;
use super::{Asker, Ruling};

#[derive(Debug, Clone, Copy)]
struct Counters {
    /// When the current period began.
    began_ms: i64,
    now: u64,
    before: u64,
}

/// A stick table and the rate that is allowed.
#[derive(Debug)]
pub(super) struct Sliding {
    most: u64,
    period_ms: i64,
    counters: Clients<Counters>,
}

impl Sliding {
    /// `requests` in `period_s` seconds.
    pub(super) fn new(requests: u32, period_s: u32) -> Self {
        Self {
            most: requests.into(),
            period_ms: i64::from(period_s.max(1)) * 1_000,
            counters: Clients::new(),
        }
    }

    pub(super) fn rule(&mut self, at_us: i64, asker: Asker) -> Ruling {
        let now_ms = at_us.div_euclid(1_000);
        let new = Counters { began_ms: now_ms, now: 0, before: 0 };
        let counters = self.counters.entry(asker, || new);
        counters.count(now_ms, self.period_ms);
        if counters.rate(now_ms, self.period_ms) > self.most {
            Ruling::Refused
        } else {
            Ruling::Passed
        }
    }
}

impl Counters {
    /// One more request.
    fn count(&mut self, now_ms: i64, period_ms: i64) {
        if now_ms.saturating_sub(self.began_ms) >= period_ms {
            (self.before, self.now) = (self.now, 0);
            self.began_ms = self.began_ms.saturating_add(period_ms);
            if now_ms.saturating_sub(self.began_ms) >= period_ms {
                (self.before, self.began_ms) = (0, now_ms);
            }
        }
        self.now = self.now.saturating_add(1);
    }

    /// Requests in the window: all of this period, and of the one before the share that is still
    /// within reach.
    fn rate(&self, now_ms: i64, period_ms: i64) -> u64 {
        let left_ms = self.began_ms.saturating_add(period_ms).saturating_sub(now_ms);
        let left_ms = left_ms.clamp(0, period_ms).unsigned_abs();
        let before = u128::from(self.before) * u128::from(left_ms)
            / u128::from(period_ms.unsigned_abs().max(1));
        self.now.saturating_add(u64::try_from(before).unwrap_or(u64::MAX))
    }
}
