//! Who is far louder than clients were before the attack.

use std::collections::BTreeMap;

use crate::packet::Address;
use crate::respond::choose::per_s;
use crate::respond::{Arrival, Usual};

/// How many times the usual peak somebody asks who is loud.
const TIMES: f64 = 4.0;

/// Who asks less a second is never loud.
const LEAST_PER_S: f64 = 5.0;

/// Clients of `arrivals` that ask far more since `since_us` than clients did before.
pub(super) fn loud(arrivals: &[&Arrival], since_us: i64) -> Vec<Address> {
    let at = arrivals.partition_point(|arrival| arrival.at_us < since_us);
    let (before, since) = arrivals.split_at(at);
    let usual = Usual::of(before.iter().copied());
    let bound = (f64::from(usual.per_s) * TIMES).max(LEAST_PER_S);
    let mut counts: BTreeMap<Address, u64> = BTreeMap::new();
    for arrival in since {
        *counts.entry(arrival.client).or_default() += 1;
    }
    let span_us = match (since.first(), since.last()) {
        (Some(first), Some(last)) => last.at_us.saturating_sub(first.at_us),
        _ => 0,
    };
    let is_loud = |(client, count)| (per_s(count, span_us) > bound).then_some(client);
    counts.into_iter().filter_map(is_loud).collect()
}
