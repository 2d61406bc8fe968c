//! What a limit does, as traffic shows it.

use std::collections::{BTreeSet, HashSet};

use foldhash::fast::RandomState;

use super::choose::per_s;
use super::{Arrival, Controller, ResetBy, Traffic};
use crate::packet::Address;

#[cfg(test)]
mod tests;

/// For how long it is looked back, in µs.
pub(super) const MINUTE_US: i64 = 60_000_000;

/// What a limit does, as traffic of the last minute shows it, or as long as it is set. Answers are
/// seen where HTTP is in the clear; otherwise those figures are none.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Effect {
    /// Attackers that came.
    pub offenders: u64,
    /// What these asked a second before; none where that was not seen, as with a limit of an earlier run.
    pub offered_before_per_s: Option<f64>,
    /// What they ask a second now.
    pub offered_per_s: f64,
    /// Answers a minute that refuse them.
    pub refused_per_min: Option<f64>,
    /// Clients that nothing is held against, and came.
    pub bystanders: u64,
    /// Answers to these that refuse.
    pub bystanders_refused: Option<u64>,
    /// Connections of these that were reset.
    pub bystanders_reset: u64,
}

/// What an effect is measured by.
#[derive(Debug, Clone, Copy)]
pub struct Measured<'a> {
    /// What serves the Ingress.
    pub controller: Controller,
    /// Who attacks.
    pub offenders: &'a BTreeSet<Address>,
    /// What these asked a second before the limit was set, where that was seen.
    pub offered_before_per_s: Option<f64>,
    /// What came to the Ingress in the last minutes, in order of time.
    pub arrivals: &'a [&'a Arrival],
    /// All that was seen in the same time.
    pub traffic: &'a Traffic,
    /// Since when the limit is set, in µs since the epoch of packet time.
    pub since_us: i64,
    /// Now, in µs since the epoch of packet time.
    pub now_us: i64,
}

/// A connection at an Ingress: client and server, each with its port.
type Connection = (Address, u16, Address, u16);

impl Measured<'_> {
    /// What the limit does.
    #[must_use]
    pub fn effect(&self) -> Effect {
        let from_us = self.since_us.max(self.now_us.saturating_sub(MINUTE_US));
        let lasts_us = self.now_us.saturating_sub(from_us);
        let is_offender = |client: &Address| self.offenders.contains(client);
        let mut connections: HashSet<Connection, RandomState> = HashSet::default();
        let (mut offenders, mut bystanders) = (BTreeSet::new(), BTreeSet::new());
        let mut offered = 0;
        for arrival in self.arrivals {
            let Arrival { at_us, client, client_port, server, server_port, .. } = **arrival;
            connections.insert((client, client_port, server, server_port));
            if at_us < from_us {
                continue;
            }
            offered += u64::from(is_offender(&client));
            if is_offender(&client) { &mut offenders } else { &mut bystanders }.insert(client);
        }
        let answers = &self.traffic.answers;
        let answers = answers.get(answers.partition_point(|one| one.at_us < from_us)..);
        let (mut seen, mut refused, mut bystanders_refused) = (0_u64, 0, 0);
        for answer in answers.unwrap_or_default() {
            let of = (answer.client, answer.client_port, answer.server, answer.server_port);
            if !connections.contains(&of) {
                continue;
            }
            seen += 1;
            if answer.status == self.controller.refused_with() {
                let whose = if is_offender(&answer.client) {
                    &mut refused
                } else {
                    &mut bystanders_refused
                };
                *whose += 1;
            }
        }
        let resets = self.traffic.resets.iter().filter(|reset| {
            let of = (reset.client, reset.client_port, reset.server, reset.server_port);
            reset.at_us >= from_us
                && reset.by == ResetBy::Server
                && !is_offender(&reset.client)
                && connections.contains(&of)
        });
        Effect {
            offenders: offenders.len() as u64,
            offered_before_per_s: self.offered_before_per_s,
            offered_per_s: per_s(offered, lasts_us),
            refused_per_min: (seen > 0).then(|| per_s(refused, lasts_us) * 60.0),
            bystanders: bystanders.len() as u64,
            bystanders_refused: (seen > 0).then_some(bystanders_refused),
            bystanders_reset: resets.count() as u64,
        }
    }
}
