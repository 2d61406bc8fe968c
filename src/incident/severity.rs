//! How urgent an incident is: a small table of class, size and score.

use super::record::Severity;
use crate::detect::{Class, Score};

/// From so many flows on an attack counts as large.
const MANY_FLOWS: u64 = 100;

/// From this score on the model counts as sure.
const SURE: f64 = 0.99;

impl Severity {
    /// The severity of an incident of `class` with so many flows, the worst of this score.
    ///
    /// What takes a service down, or data away, is high; large and sure it is critical. Looking
    /// around is low, and medium once it is large.
    #[must_use]
    pub fn of(class: Class, flows: u64, score: Score) -> Self {
        let is_large = flows >= MANY_FLOWS;
        let is_sure = score.value() >= SURE;
        match class {
            Class::Benign => Self::Low,
            Class::Scan if is_large => Self::Medium,
            Class::Scan => Self::Low,
            Class::DosFlood | Class::DosSlow | Class::DosReflection if is_large && is_sure => {
                Self::Critical
            }
            Class::Exfiltration | Class::LateralMovement if is_sure => Self::Critical,
            Class::DosFlood
            | Class::DosSlow
            | Class::DosReflection
            | Class::Exfiltration
            | Class::LateralMovement
            | Class::Exploit => Self::High,
            Class::BruteForce | Class::WebAttack | Class::Beacon if is_large => Self::High,
            Class::BruteForce | Class::WebAttack | Class::Beacon => Self::Medium,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_flood_is_more_urgent_than_a_large_scan() {
        let [flood, scan] =
            [Class::DosFlood, Class::Scan].map(|class| Severity::of(class, 400, Score::ONE));
        assert_eq!((flood, scan), (Severity::Critical, Severity::Medium));
    }

    #[test]
    fn an_attack_that_grows_never_becomes_less_urgent() {
        for class in Class::ALL {
            for score in [Score::new(0.9), Score::ONE] {
                assert!(Severity::of(class, 3, score) <= Severity::of(class, 1_000, score));
            }
        }
    }
}
