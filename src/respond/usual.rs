//! What clients usually ask of an Ingress.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::Arrival;
use super::limiter::SERVED_US;
use crate::packet::Address;

#[cfg(test)]
mod tests;

const SECOND_US: i64 = 1_000_000;
const MINUTE_US: i64 = 60 * SECOND_US;

/// What clients usually ask of an Ingress: what 95 of 100 of them never exceeded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usual {
    /// Clients that came.
    pub clients: u64,
    /// Arrivals of one client within any second.
    pub per_s: u32,
    /// Within any minute.
    pub per_min: u32,
    /// Connections of one client on which something was asked within any minute.
    pub connections: u32,
}

/// One client at its busiest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Peak {
    pub(super) per_s: u32,
    pub(super) per_min: u32,
    pub(super) connections: u32,
}

/// When and on which port each client asked.
type Moments = HashMap<Address, Vec<(i64, u16)>, RandomState>;

impl Usual {
    /// What those who made `arrivals`, in order of time, usually ask.
    pub fn of<'a>(arrivals: impl Iterator<Item = &'a Arrival>) -> Self {
        let peaks: Vec<Peak> = peaks(arrivals).into_values().collect();
        let high = |of: fn(&Peak) -> u32| {
            let mut values: Vec<u32> = peaks.iter().map(of).collect();
            values.sort_unstable();
            values.get((values.len() * 95).div_ceil(100).saturating_sub(1)).copied().unwrap_or(0)
        };
        Self {
            clients: peaks.len() as u64,
            per_s: high(|peak| peak.per_s),
            per_min: high(|peak| peak.per_min),
            connections: high(|peak| peak.connections),
        }
    }
}

/// Each client at its busiest.
pub(super) fn peaks<'a>(
    arrivals: impl Iterator<Item = &'a Arrival>,
) -> HashMap<Address, Peak, RandomState> {
    let mut moments = Moments::default();
    for arrival in arrivals {
        let of_client = moments.entry(arrival.client).or_default();
        of_client.push((arrival.at_us, arrival.client_port));
    }
    moments.into_iter().map(|(client, moments)| (client, peak(&moments))).collect()
}

fn peak(moments: &[(i64, u16)]) -> Peak {
    Peak {
        per_s: most_within(moments, SECOND_US),
        per_min: most_within(moments, MINUTE_US),
        connections: most_ports(moments),
    }
}

/// The most moments in any window of this length.
fn most_within(moments: &[(i64, u16)], window_us: i64) -> u32 {
    let mut first = 0;
    let mut most = 0;
    for (last, (at_us, _)) in moments.iter().enumerate() {
        while at_us.saturating_sub(moments[first].0) >= window_us && first < last {
            first += 1;
        }
        most = most.max(last + 1 - first);
    }
    u32::try_from(most).unwrap_or(u32::MAX)
}

/// The most different ports in any window in which a connection may be in use.
fn most_ports(moments: &[(i64, u16)]) -> u32 {
    let mut within: HashMap<u16, u32, RandomState> = HashMap::default();
    let mut first = 0;
    let mut most = 0;
    for (last, (at_us, port)) in moments.iter().enumerate() {
        *within.entry(*port).or_default() += 1;
        while at_us.saturating_sub(moments[first].0) >= SERVED_US && first < last {
            let leaving = moments[first].1;
            if let Some(count) = within.get_mut(&leaving) {
                *count -= 1;
                if *count == 0 {
                    within.remove(&leaving);
                }
            }
            first += 1;
        }
        most = most.max(within.len());
    }
    u32::try_from(most).unwrap_or(u32::MAX)
}
