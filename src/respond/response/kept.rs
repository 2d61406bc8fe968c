//! One limit that the response has set, and how it does.

use std::collections::BTreeSet;

use crate::detect::Class;
use crate::incident::IncidentId;
use crate::packet::Address;
use crate::respond::effect::MINUTE_US;
use crate::respond::{Burst, Controller, Effect, Limit};

/// For how long a limit must have been in force before it is judged, in µs.
const FAIR_US: i64 = 30_000_000;

/// Bystanders that were refused or reset, from which a limit is said to hurt.
const HURTS: f64 = 10.0;

/// A limit in force.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) limit: Limit,
    pub(super) controller: Controller,
    pub(super) class: Class,
    /// The incident that it was set about, as is written down beside it.
    pub(super) incident: IncidentId,
    /// All incidents that it answers.
    pub(super) incidents: BTreeSet<IncidentId>,
    pub(super) offenders: BTreeSet<Address>,
    /// Servers at which arrivals without a host are for this Ingress.
    pub(super) doors: BTreeSet<(Address, u16)>,
    /// What the attackers asked a second before it was set; none where an earlier run has set it, and
    /// what came before was not seen.
    pub(super) offered_before_per_s: Option<f64>,
    /// Connections of bystanders that were reset a second before the limit was set.
    pub(super) resets_before_per_s: f64,
    /// Since when it is as it is.
    pub(super) since_us: i64,
    pub(super) until_us: i64,
    pub(super) rung: usize,
    pub(super) is_loosened: bool,
    /// Whether it was said that it is not renewed.
    pub(super) is_left_to_end: bool,
    /// Since when its Ingress is not there.
    pub(super) missing_us: Option<i64>,
    /// Since when none of its incidents is open.
    pub(super) quiet_us: Option<i64>,
    pub(super) effect: Option<Effect>,
    pub(super) measured_us: i64,
}

impl Kept {
    /// Whether it refuses or breaks off more of the bystanders than of the attackers: not said where
    /// there is nothing to compare with.
    pub(super) fn hurts(&self, now_us: i64) -> bool {
        let in_force_us = now_us.saturating_sub(self.since_us);
        if in_force_us < FAIR_US {
            return false;
        }
        let Some(effect) = self.effect else { return false };
        let Some(before_per_s) = effect.offered_before_per_s else { return false };
        let span_us = in_force_us.min(MINUTE_US);
        #[expect(clippy::cast_precision_loss, reason = "counts for comparison")]
        let (seconds, refused, reset) = (
            span_us as f64 / 1e6,
            effect.bystanders_refused.unwrap_or_default() as f64,
            effect.bystanders_reset as f64,
        );
        let hurt = refused + (reset - self.resets_before_per_s * seconds).max(0.0);
        let fewer_per_s = (before_per_s - effect.offered_per_s).max(0.0);
        let helped_per_s = effect.refused_per_min.map_or(fewer_per_s, |per_min| per_min / 60.0);
        hurt >= HURTS && hurt > helped_per_s * seconds
    }

    /// The same limit with twice as much allowed.
    pub(super) fn looser(&self) -> Limit {
        let twice = |part: Option<u32>| part.map(|part| part.saturating_mul(2).min(Limit::MOST));
        let Limit { rps, rpm, connections, burst, allowlist } = &self.limit;
        let burst = burst.map(|burst| match burst {
            Burst::Requests(burst) => Burst::Requests(burst.saturating_mul(2).min(Limit::MOST)),
            times @ Burst::Multiplier(_) => times,
        });
        Limit {
            rps: twice(*rps),
            rpm: twice(*rpm),
            connections: twice(*connections),
            burst,
            allowlist: allowlist.clone(),
        }
    }
}
