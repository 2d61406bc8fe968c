//! `limit_req` of nginx with `nodelay`: a bucket that leaks.
//!
//! Counted in thousandths of a request and in whole milliseconds. What is refused is not counted,
//! and neither is a request that another `limit_req` of the same Ingress refuses.

use super::clients::Clients;
use super::{Asker, Ruling};

/// One request, as it is counted.
const REQUEST: i64 = 1_000;

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// Thousandths of a request beyond the rate.
    excess: i64,
    last_ms: i64,
}

/// A zone of nginx and the rate that it is held to.
#[derive(Debug)]
pub(super) struct Leaky {
    /// Thousandths of a request a second, rounded down as nginx does.
    per_s: i64,
    /// Thousandths of a request.
    burst: i64,
    buckets: Clients<Bucket>,
    /// What the request that was ruled on last leaves behind.
    ruled: Option<(Asker, Bucket)>,
}

impl Leaky {
    /// `requests` in `period_s` seconds, and `burst` requests beyond.
    pub(super) fn new(requests: u32, period_s: u32, burst: u64) -> Self {
        Self {
            per_s: i64::from(requests) * REQUEST / i64::from(period_s.max(1)),
            burst: i64::try_from(burst).unwrap_or(i64::MAX).saturating_mul(REQUEST),
            buckets: Clients::new(),
            ruled: None,
        }
    }

    pub(super) fn rule(&mut self, at_us: i64, asker: Asker) -> Ruling {
        let now_ms = at_us.div_euclid(1_000);
        let bucket =
            self.buckets.known(asker).map_or(Bucket { excess: 0, last_ms: now_ms }, |known| {
                filled(*known, now_ms, self.per_s)
            });
        if bucket.excess > self.burst {
            self.ruled = None;
            return Ruling::Refused;
        }
        self.ruled = Some((asker, bucket));
        Ruling::Passed
    }

    pub(super) fn take(&mut self) {
        if let Some((asker, bucket)) = self.ruled.take() {
            self.buckets.put(asker, bucket);
        }
    }
}

/// The bucket with one more request in it.
fn filled(known: Bucket, now_ms: i64, per_s: i64) -> Bucket {
    let passed_ms = match now_ms.saturating_sub(known.last_ms) {
        ..=-60_001 => 1,
        passed_ms => passed_ms.max(0),
    };
    let leaked = per_s.saturating_mul(passed_ms) / 1_000;
    let excess = known.excess.saturating_sub(leaked).saturating_add(REQUEST).max(0);
    Bucket { excess, last_ms: if passed_ms == 0 { known.last_ms } else { now_ms } }
}
