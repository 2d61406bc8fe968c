//! For how long a limit is set: longer each time the attack comes back.

use std::collections::BTreeMap;
use std::time::Duration;

use super::IngressName;

/// For how long, the first time, the second, and from then on.
const RUNGS: [Duration; 3] =
    [Duration::from_mins(10), Duration::from_hours(1), Duration::from_hours(6)];

/// After how long without a limit an Ingress begins at the first rung again, in µs.
const FORGOTTEN_US: i64 = 24 * 3_600 * 1_000_000;

/// Ingresses that are remembered.
const KNOWN: usize = 1_024;

/// How far each Ingress is up.
#[derive(Debug, Default)]
pub(super) struct Escalation {
    ended: BTreeMap<IngressName, Ended>,
}

#[derive(Debug, Clone, Copy)]
struct Ended {
    rung: usize,
    at_us: i64,
}

impl Escalation {
    /// The rung of a limit that is to be set now.
    pub(super) fn rung(&self, ingress: &IngressName, now_us: i64) -> usize {
        let ended = self.ended.get(ingress);
        let recent = ended.filter(|ended| now_us.saturating_sub(ended.at_us) < FORGOTTEN_US);
        recent.map_or(0, |ended| (ended.rung + 1).min(RUNGS.len() - 1))
    }

    /// When the last limit was over, in µs since the epoch.
    pub(super) fn ended_us(&self, ingress: &IngressName) -> Option<i64> {
        self.ended.get(ingress).map(|ended| ended.at_us)
    }

    /// A limit at this rung is over.
    pub(super) fn ended(&mut self, ingress: &IngressName, rung: usize, now_us: i64) {
        self.ended.retain(|_, ended| now_us.saturating_sub(ended.at_us) < FORGOTTEN_US);
        if self.ended.len() >= KNOWN && !self.ended.contains_key(ingress) {
            let oldest = self.ended.iter().min_by_key(|(_, ended)| ended.at_us);
            if let Some(oldest) = oldest.map(|(name, _)| name.clone()) {
                self.ended.remove(&oldest);
            }
        }
        self.ended.insert(ingress.clone(), Ended { rung, at_us: now_us });
    }
}

/// For how long a limit at `rung` is set.
pub(super) fn ttl(rung: usize) -> Duration {
    RUNGS[rung.min(RUNGS.len() - 1)]
}

/// The rung of a limit that was set for `lasts_us`.
pub(super) fn rung_of(lasts_us: i64) -> usize {
    let lasts = Duration::from_micros(lasts_us.max(0).unsigned_abs());
    RUNGS.iter().rposition(|rung| *rung <= lasts).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_US: i64 = 3_600_000_000;

    fn shop() -> IngressName {
        IngressName::new("shop", "web").unwrap()
    }

    #[test]
    fn each_time_the_attack_comes_back_the_limit_lasts_longer() {
        let mut escalation = Escalation::default();
        let mut minutes = Vec::new();
        for round in 0..4 {
            let now_us = round * HOUR_US;
            let rung = escalation.rung(&shop(), now_us);
            minutes.push(ttl(rung).as_secs() / 60);
            escalation.ended(&shop(), rung, now_us + HOUR_US / 2);
        }
        assert_eq!(minutes, [10, 60, 360, 360]);
    }

    #[test]
    fn after_a_day_of_peace_it_begins_anew() {
        let mut escalation = Escalation::default();
        escalation.ended(&shop(), 1, 0);
        assert_eq!(escalation.rung(&shop(), 23 * HOUR_US), 2);
        assert_eq!(escalation.rung(&shop(), 24 * HOUR_US), 0);
    }

    #[test]
    fn another_ingress_has_steps_of_its_own() {
        let mut escalation = Escalation::default();
        escalation.ended(&shop(), 0, 0);
        assert_eq!(escalation.rung(&IngressName::new("shop", "api").unwrap(), 1), 0);
    }

    #[test]
    fn a_limit_of_an_earlier_run_is_at_the_rung_of_its_time() {
        let rungs =
            [60, 600, 3_600, 21_600, i64::MIN].map(|s: i64| rung_of(s.saturating_mul(1_000_000)));
        assert_eq!(rungs, [0, 0, 1, 2, 0]);
    }
}
