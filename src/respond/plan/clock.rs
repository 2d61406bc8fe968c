//! Times that no clock that is right can have written are put right, so that a limit does not last
//! longer than it was meant to.

use super::view::View;
use super::{Step, keep, write};
use crate::respond::LimitRequest;
use crate::respond::ledger::{Ledger, Reading};

/// How far clocks may be apart, in µs.
const APART_US: i64 = 5 * 60 * 1_000_000;

/// The next step as [`keep`] says it; once that has nothing to do at `now_us` of the wall clock,
/// times that cannot be are put right.
#[must_use]
pub fn timely(view: &View<'_>, now_us: i64) -> Step {
    // Before that, it would take back what somebody has changed.
    match (keep(view), view.ledger()) {
        (Step::Done(words), Reading::Held(ledger)) => match corrected(&ledger, now_us) {
            Some(ledger) => Step::Write(write::ledger(view, &ledger), words),
            None => Step::Done(words),
        },
        (step, _) => step,
    }
}

/// `ledger` as it would be had it been written at `now_us` of the wall clock, where it says to have
/// been written later, or ends later than any limit may.
#[must_use]
pub fn corrected(ledger: &Ledger, now_us: i64) -> Option<Ledger> {
    let Ledger { since_us, until_us, .. } = *ledger;
    let longest_us = i64::try_from(LimitRequest::TTL.end().as_micros()).unwrap_or(i64::MAX);
    let latest_us = now_us.saturating_add(APART_US);
    let is_wrong = since_us > latest_us || until_us > latest_us.saturating_add(longest_us);
    is_wrong.then(|| Ledger {
        since_us: since_us.min(now_us),
        until_us: now_us.saturating_add(until_us.saturating_sub(since_us).clamp(0, longest_us)),
        ..ledger.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::respond::{Controller, Limit};

    const MINUTE_US: i64 = 60 * 1_000_000;
    const DAY_US: i64 = 24 * 60 * MINUTE_US;

    #[test]
    fn only_times_that_cannot_be_are_put_right() {
        let now_us = 1_000 * DAY_US;
        let table = [
            ((now_us, now_us + DAY_US), None),
            ((now_us - 9 * DAY_US, now_us + DAY_US), None),
            ((now_us + 4 * MINUTE_US, now_us + 14 * MINUTE_US), None),
            ((now_us + 6 * MINUTE_US, now_us + 16 * MINUTE_US), Some((0, 10 * MINUTE_US))),
            ((now_us + 300 * DAY_US, now_us + 301 * DAY_US), Some((0, DAY_US))),
            ((now_us - MINUTE_US, now_us + 30 * DAY_US), Some((-MINUTE_US, DAY_US))),
            ((now_us + DAY_US, now_us), Some((0, 0))),
        ];
        for ((since_us, until_us), expected) in table {
            let ledger = Ledger {
                controller: Controller::IngressNginx,
                limit: Limit { rps: Some(5), ..Limit::default() },
                by: "alice".into(),
                reason: String::new(),
                incident: None,
                since_us,
                until_us,
                values: Vec::new(),
            };
            let found = corrected(&ledger, now_us);
            let times = found.map(|found| (found.since_us - now_us, found.until_us - now_us));
            assert_eq!(times, expected, "{:?}", (since_us - now_us, until_us - now_us));
        }
    }
}
