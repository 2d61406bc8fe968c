//! When the time of a limit is over.
//!
//! By the wall clock of whoever looks, as it was written by the wall clock of whoever set it. Where
//! these differ, a limit may end early or late; but never later than the longest that a limit may
//! last after it was first seen, by a clock that does not jump.

use std::collections::HashMap;
use std::time::Duration;

use foldhash::fast::RandomState;

use crate::respond::{IngressName, Ledger, LimitRequest};

/// A clock that is ahead by more is worth a word.
const AHEAD_US: i64 = 5 * 60 * 1_000_000;

/// When limits were first seen.
#[derive(Debug, Default)]
pub(super) struct Patience {
    /// The end that was seen, and when that was.
    seen: HashMap<IngressName, (i64, Duration), RandomState>,
}

impl Patience {
    /// Notes that a limit is there at `now` of a clock that does not jump; of a limit that was not
    /// seen before, what there is to say of the clock of whoever set it.
    pub(super) fn see(
        &mut self,
        name: &IngressName,
        ledger: &Ledger,
        wall_us: i64,
        now: Duration,
    ) -> Option<String> {
        let until_us = ledger.until_us;
        if self.seen.get(name).is_some_and(|(seen_us, _)| *seen_us == until_us) {
            return None;
        }
        self.seen.insert(name.clone(), (until_us, now));
        ahead(ledger, wall_us)
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
        let is_too_long = self.seen.get(name).is_some_and(|(until_us, since)| {
            *until_us == ledger.until_us && now.saturating_sub(*since) >= *LimitRequest::TTL.end()
        });
        wall_us >= ledger.until_us || is_too_long
    }
}

/// What there is to say of the clock of whoever set a limit.
fn ahead(ledger: &Ledger, wall_us: i64) -> Option<String> {
    let ahead_us = ledger.since_us.saturating_sub(wall_us);
    (ahead_us > AHEAD_US).then(|| {
        format!(
            "the limit was set {} s from now by the clock of {}: set the clocks right; it ends 24 h \
             from when it was first seen at the latest",
            ahead_us / 1_000_000,
            ledger.by
        )
    })
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
        let limit = ledger(300 * 24 * HOUR_US, 301 * 24 * HOUR_US);
        assert!(patience.see(&name, &limit, 0, hours(1)).unwrap().contains("set the clocks right"));
        assert_eq!(patience.see(&name, &limit, 0, hours(2)), None, "it is said once");
        assert!(!patience.is_over(&name, &limit, 0, hours(24)));
        assert!(patience.is_over(&name, &limit, 0, hours(25)));
        let renewed = ledger(limit.since_us, limit.until_us + HOUR_US);
        patience.see(&name, &renewed, 0, hours(24));
        assert!(!patience.is_over(&name, &renewed, 0, hours(25)), "it was renewed an hour ago");
        assert!(patience.is_over(&name, &renewed, renewed.until_us, hours(25)));
        patience.retain(|_| false);
        assert!(!patience.is_over(&name, &limit, 0, hours(99)), "it is gone and was forgotten");
    }
}
