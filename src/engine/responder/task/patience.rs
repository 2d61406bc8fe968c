//! When the time of a limit is over.
//!
//! By the wall clock of whoever looks, as it was written by the wall clock of whoever set it. Where
//! these differ, a limit may end early or late; but never later after it was first seen than it was
//! to last, by a clock that does not jump.

use std::collections::HashMap;
use std::time::Duration;

use foldhash::fast::RandomState;

use crate::respond::{IngressName, Ledger, LimitRequest};

/// When limits were first seen.
#[derive(Debug, Default)]
pub(super) struct Patience {
    seen: HashMap<IngressName, Sight, RandomState>,
}

/// A limit when it was first seen.
#[derive(Debug)]
struct Sight {
    /// Its end as it is written down.
    until_us: i64,
    /// Its end by a clock that does not jump.
    ends: Duration,
}

impl Patience {
    /// Notes that a limit is there at `now` of a clock that does not jump.
    pub(super) fn see(&mut self, name: &IngressName, ledger: &Ledger, wall_us: i64, now: Duration) {
        let Ledger { since_us, until_us, .. } = *ledger;
        if self.seen.get(name).is_some_and(|sight| sight.until_us == until_us) {
            return;
        }
        let left_us = until_us.saturating_sub(since_us.max(wall_us));
        let left = Duration::from_micros(u64::try_from(left_us).unwrap_or_default());
        let ends = now.saturating_add(left.min(*LimitRequest::TTL.end()));
        self.seen.insert(name.clone(), Sight { until_us, ends });
    }

    /// Keeps those of which `is_there` says that they are.
    pub(super) fn retain(&mut self, is_there: impl Fn(&IngressName) -> bool) {
        self.seen.retain(|name, _| is_there(name));
    }

    /// Whether the time of a limit is over.
    pub(super) fn is_over(
        &self,
        name: &IngressName,
        ledger: &Ledger,
        wall_us: i64,
        now: Duration,
    ) -> bool {
        let is_over = |sight: &Sight| sight.until_us == ledger.until_us && now >= sight.ends;
        wall_us >= ledger.until_us || self.seen.get(name).is_some_and(is_over)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::respond::{Controller, Limit};

    const HOUR_US: i64 = 3_600 * 1_000_000;

    fn ledger(since_us: i64, until_us: i64) -> Ledger {
        Ledger {
            controller: Controller::IngressNginx,
            limit: Limit { rps: Some(5), ..Limit::default() },
            by: "alice".into(),
            reason: String::new(),
            incident: None,
            since_us,
            until_us,
            values: Vec::new(),
        }
    }

    #[test]
    fn a_clock_that_is_far_behind_does_not_make_a_limit_last() {
        let name = IngressName::new("shop", "web").unwrap();
        let hours = |hours: u64| Duration::from_hours(hours);
        let mut patience = Patience::default();
        let limit = ledger(300 * 24 * HOUR_US, 300 * 24 * HOUR_US + HOUR_US);
        patience.see(&name, &limit, 0, hours(1));
        patience.see(&name, &limit, 0, hours(2));
        assert!(!patience.is_over(&name, &limit, 0, Duration::from_mins(119)));
        assert!(patience.is_over(&name, &limit, 0, hours(2)));
        let renewed = ledger(limit.since_us, limit.until_us + HOUR_US);
        patience.see(&name, &renewed, 0, hours(2));
        assert!(!patience.is_over(&name, &renewed, 0, hours(3)), "it was renewed an hour ago");
        assert!(patience.is_over(&name, &renewed, renewed.until_us, hours(3)));
        patience.retain(|_| false);
        assert!(!patience.is_over(&name, &limit, 0, hours(99)), "it is gone and was forgotten");
    }

    #[test]
    fn a_clock_that_is_set_back_after_a_limit_was_seen_does_not_make_it_last() {
        let name = IngressName::new("shop", "web").unwrap();
        let mut patience = Patience::default();
        let limit = ledger(0, HOUR_US);
        patience.see(&name, &limit, HOUR_US / 2, Duration::ZERO);
        assert!(!patience.is_over(&name, &limit, -HOUR_US, Duration::from_mins(29)));
        assert!(patience.is_over(&name, &limit, -HOUR_US, Duration::from_mins(30)));
    }

    #[test]
    fn whatever_is_written_down_a_limit_ends() {
        let name = IngressName::new("shop", "web").unwrap();
        let mut patience = Patience::default();
        let limit = ledger(i64::MIN, i64::MAX);
        patience.see(&name, &limit, 0, Duration::ZERO);
        assert!(patience.is_over(&name, &limit, 0, Duration::from_hours(24)));
    }
}
