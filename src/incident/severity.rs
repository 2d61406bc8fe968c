//! How urgent an incident is: a table of class, score and number of flows.

use super::record::Severity;
use crate::detect::{Class, Score};

/// From which score an incident may be of the worse severity of its class.
const SURE: f64 = 0.99;

/// What incidents of one class are worth.
struct Rule {
    /// Before there are many flows, or as long as the score is not sure.
    usual: Severity,
    /// With `many` flows and a score from [`SURE`] on.
    worse: Severity,
    /// How many flows are many.
    many: u64,
}

impl Rule {
    const fn of(class: Class) -> Self {
        use Severity::{Critical, High, Low, Medium};
        let (usual, worse, many) = match class {
            Class::Benign => (Low, Low, 1),
            // It harms nobody yet, but a large one is the beginning of something.
            Class::Scan => (Low, Medium, 100),
            Class::DosFlood | Class::DosReflection => (High, Critical, 100),
            // Few connections that are held open do what a flood needs many for.
            Class::DosSlow => (High, Critical, 20),
            Class::BruteForce | Class::WebAttack => (Medium, High, 20),
            // A host is under control already.
            Class::Beacon => (High, High, 1),
            Class::Exfiltration | Class::LateralMovement => (High, Critical, 10),
            Class::Exploit => (High, Critical, 1),
        };
        Self { usual, worse, many }
    }
}

impl Severity {
    /// The severity of an incident; it never falls while score and flows grow.
    #[must_use]
    pub fn of(class: Class, score: Score, flows: u64) -> Self {
        let Rule { usual, worse, many } = Rule::of(class);
        if flows >= many && score.value() >= SURE { worse } else { usual }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_and_sure_flood_is_critical_and_any_other_high() {
        let sure = Score::new(0.99);
        assert_eq!(Severity::of(Class::DosFlood, sure, 100), Severity::Critical);
        assert_eq!(Severity::of(Class::DosFlood, sure, 99), Severity::High);
        assert_eq!(Severity::of(Class::DosFlood, Score::new(0.9899), 1_000), Severity::High);
    }

    #[test]
    fn severity_never_falls_as_an_incident_grows() {
        for class in Class::ALL {
            let grown = [(0.5, 3), (0.99, 3), (0.99, 20), (1.0, 1_000)]
                .map(|(score, flows)| Severity::of(class, Score::new(score), flows));
            assert!(grown.is_sorted(), "{class}: {grown:?}");
        }
    }
}
