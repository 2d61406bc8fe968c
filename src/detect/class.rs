//! What a flow can be: one fixed list, whose order is that of the model's output.

use std::fmt;

/// Classes that the model tells apart.
pub const CLASSES: usize = 12;

/// What a flow is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Nothing is wrong.
    Benign,
    /// Looking for hosts, ports or versions.
    Scan,
    /// More packets, connections or requests than the target can serve.
    DosFlood,
    /// Connections held open by sending or reading slowly.
    DosSlow,
    /// Answers to forged requests.
    DosReflection,
    /// Guessing of passwords.
    BruteForce,
    /// Requests that probe a web application: injection, traversal, known holes.
    WebAttack,
    /// A host under control calls home.
    Beacon,
    /// Data leaves, in the open or through a tunnel.
    Exfiltration,
    /// From one host inside to the next.
    LateralMovement,
    /// A hole is used, or what was brought through it runs.
    Exploit,
    /// Unlike what was learnt, be it benign or an attack.
    Unknown,
}

impl Class {
    /// Every class in the order of the model's output; benign is first.
    pub const ALL: [Self; CLASSES] = [
        Self::Benign,
        Self::Scan,
        Self::DosFlood,
        Self::DosSlow,
        Self::DosReflection,
        Self::BruteForce,
        Self::WebAttack,
        Self::Beacon,
        Self::Exfiltration,
        Self::LateralMovement,
        Self::Exploit,
        Self::Unknown,
    ];

    /// Its name everywhere: model, screen, API, database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Benign => "benign",
            Self::Scan => "scan",
            Self::DosFlood => "dos-flood",
            Self::DosSlow => "dos-slow",
            Self::DosReflection => "dos-reflection",
            Self::BruteForce => "brute-force",
            Self::WebAttack => "web-attack",
            Self::Beacon => "beacon",
            Self::Exfiltration => "exfiltration",
            Self::LateralMovement => "lateral-movement",
            Self::Exploit => "exploit",
            Self::Unknown => "unknown",
        }
    }

    /// The class of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_the_order_of_the_variants() {
        assert!(Class::ALL.iter().enumerate().all(|(at, class)| *class as usize == at));
    }

    #[test]
    fn a_class_is_found_by_its_name() {
        assert!(Class::ALL.iter().all(|class| Class::named(class.name()) == Some(*class)));
        assert_eq!(Class::named("flood"), None);
    }
}
