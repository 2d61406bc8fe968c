//! How urgent an incident is: a table of class, score and number of flows, and a step more for what
//! is attacked and for what followed.

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
            // Nobody knows what it is; it may be nothing.
            Class::Unknown => (Medium, High, 100),
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

    /// So many steps more urgent, as far as there are any.
    pub(super) fn raised(self, steps: u8) -> Self {
        let at = self as usize + usize::from(steps);
        Self::ALL.get(at).copied().unwrap_or(Self::Critical)
    }

    /// A step less urgent, if there is one.
    pub(super) fn lowered(self) -> Self {
        let at = (self as usize).saturating_sub(1);
        Self::ALL.get(at).copied().unwrap_or(Self::Low)
    }
}

/// Ports behind which a host, a database or the whole cluster is administered: SSH, RDP, the API
/// server and its controllers, etcd, the kubelet, `MySQL`, `PostgreSQL`, Redis.
const CONTROL: [u16; 11] =
    [22, 2_379, 2_380, 3_306, 3_389, 5_432, 6_379, 6_443, 10_250, 10_257, 10_259];

/// Whether `class` is a way in and `port` one that leads far: then an incident is a step more urgent.
pub(super) fn is_at_control(class: Class, port: u16) -> bool {
    let is_way_in =
        matches!(class, Class::Scan | Class::BruteForce | Class::Exploit | Class::LateralMovement);
    is_way_in && CONTROL.contains(&port)
}

/// Whether an attacker who did `earlier` is further along with `later`: who looked round comes in,
/// who came in is at work inside. Then both are a step more urgent.
pub(super) const fn is_further_along(earlier: Class, later: Class) -> bool {
    matches!((stage(earlier), stage(later)), (Some(earlier), Some(later)) if earlier < later)
}

/// How far along an attacker is; denial of service leads to nothing, and what is unknown to nothing known.
const fn stage(class: Class) -> Option<u8> {
    match class {
        Class::Benign
        | Class::DosFlood
        | Class::DosSlow
        | Class::DosReflection
        | Class::Unknown => None,
        Class::Scan => Some(0),
        Class::BruteForce | Class::WebAttack | Class::Exploit => Some(1),
        Class::Beacon | Class::Exfiltration | Class::LateralMovement => Some(2),
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
