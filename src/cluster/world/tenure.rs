//! Who had an address, and when.

use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::incident::Who;
use crate::packet::Address;

/// How far the clocks of nodes may be apart from that of packets, in µs.
const SLACK_US: i64 = 2_000_000;

/// That somebody had an address for a time.
#[derive(Debug, Clone)]
struct Tenure {
    from_us: i64,
    until_us: i64,
    who: Arc<Who>,
}

/// Who had which address, and when.
#[derive(Debug, Default)]
pub(super) struct Tenures(HashMap<Address, Vec<Tenure>, RandomState>);

impl Tenures {
    /// Adds that `who` had `address` from `from_us` to `until_us` (`i64::MAX` for now).
    pub(super) fn add(&mut self, address: Address, from_us: i64, until_us: i64, who: &Arc<Who>) {
        let held = self.0.entry(address).or_insert_with(|| Vec::with_capacity(1));
        held.push(Tenure { from_us, until_us, who: Arc::clone(who) });
    }

    /// Whether anybody has `address` now.
    pub(super) fn is_held(&self, address: Address) -> bool {
        let held = self.0.get(&address);
        held.is_some_and(|all| all.iter().any(|tenure| tenure.until_us == i64::MAX))
    }

    /// Who had `address` at `at_us`: of several, whoever came last.
    pub(super) fn who(&self, address: Address, at_us: i64) -> Option<&Arc<Who>> {
        let held = self.0.get(&address)?.iter();
        let near = held.filter(|tenure| {
            tenure.from_us.saturating_sub(SLACK_US) <= at_us
                && at_us <= tenure.until_us.saturating_add(SLACK_US)
        });
        let last = near.max_by_key(|tenure| {
            let is_within = tenure.from_us <= at_us && at_us <= tenure.until_us;
            (is_within, tenure.from_us)
        })?;
        Some(&last.who)
    }
}
