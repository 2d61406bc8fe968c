//! `rateLimit` of Traefik: a bucket of tokens.
//!
//! A request without a token waits for one for at most half the time in which one comes, or half a
//! second where less than one comes a second; one that would wait longer is refused and takes
//! nothing. An address that is silent for a while is forgotten, and begins with a full bucket.

use super::clients::Clients;
use super::{Asker, Ruling};

#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    last_us: i64,
    /// When the address was heard of last, refused or not.
    heard_us: i64,
}

/// Buckets of one Middleware.
#[derive(Debug)]
pub(super) struct Token {
    per_s: f64,
    burst: f64,
    /// How far a bucket may be overdrawn.
    debt: f64,
    /// After how long a silent address is forgotten.
    forget_us: i64,
    buckets: Clients<Bucket>,
}

impl Token {
    /// `requests` in `period_s` seconds; a full bucket holds `burst`.
    pub(super) fn new(requests: u32, period_s: u32, burst: u64) -> Self {
        let per_s = f64::from(requests) / f64::from(period_s.max(1));
        let seconds_of_a_token = period_s / requests.max(1);
        Self {
            per_s,
            burst: f64::from(u32::try_from(burst).unwrap_or(u32::MAX)),
            debt: if per_s < 1.0 { per_s / 2.0 } else { 0.5 },
            forget_us: 1_000_000 * (1 + i64::from(seconds_of_a_token.max(1))),
            buckets: Clients::new(),
        }
    }

    pub(super) fn rule(&mut self, at_us: i64, asker: Asker) -> Ruling {
        let full = Bucket { tokens: self.burst, last_us: at_us, heard_us: at_us };
        let known = self.buckets.entry(asker, || full);
        if at_us.saturating_sub(known.heard_us) >= self.forget_us {
            *known = full;
        }
        known.heard_us = known.heard_us.max(at_us);
        let passed_us = at_us.saturating_sub(known.last_us).max(0);
        // As exact as the limiter itself, which counts in f64 too.
        #[expect(clippy::cast_precision_loss, reason = "buckets are full long before 2^53 µs")]
        let came = passed_us as f64 / 1e6 * self.per_s;
        let tokens = (known.tokens + came).min(self.burst) - 1.0;
        // The tolerance is that of a clock of nanoseconds.
        if tokens < -self.debt - 1e-9 * self.per_s.max(1.0) {
            return Ruling::Refused;
        }
        known.tokens = tokens;
        known.last_us = known.last_us.max(at_us);
        Ruling::Passed
    }
}
