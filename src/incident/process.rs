//! The processes behind the flows of an incident, and those that were started where it struck.
//!
//! A program that was started in a pod that was attacked makes an incident a step more urgent, once. The
//! tracker knows of no processes: whoever has a newer state by traffic [joins](Incident::joined) it with
//! what was known. So it does not matter which came first, the program or more traffic.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::record::Incident;

/// A process as far as people need it to find it. Words of other people's programs: whoever shows
/// them takes control characters out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = IncidentProcess)]
#[serde(default)]
pub struct Process {
    /// Path of what it runs.
    pub binary: String,
    /// Its arguments, in one line.
    pub arguments: String,
    /// Its number on the node.
    pub pid: u32,
    /// The user it runs as: the name where it is known, else the number.
    pub user: String,
    /// Path of what its parent runs; empty where it is not known.
    pub parent: String,
    /// Namespace of its pod; empty where it is in none.
    pub namespace: String,
    /// Name of its pod; empty where it is in none.
    pub pod: String,
    /// Name of its container; empty where it is in none.
    pub container: String,
    /// The node it runs on.
    pub node: String,
}

/// What a process did that made it part of an incident.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Deed {
    /// It was started in a pod that was attacked, during the attack or shortly after it.
    Started,
    /// It opened flows of it.
    Client,
    /// It took flows of it.
    Server,
}

impl Deed {
    /// Every deed, the most telling first.
    pub const ALL: [Self; 3] = [Self::Started, Self::Client, Self::Server];

    /// Its name everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

/// A process that is part of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ProcessSeen {
    /// What it did.
    pub deed: Deed,
    /// When it did so first, in µs since the epoch.
    pub at_us: i64,
    /// Which.
    pub process: Process,
}

impl Incident {
    /// Takes a process that is part of it; whether that is new. The first program that was started where
    /// it struck makes it a step more urgent.
    pub fn see(&mut self, seen: ProcessSeen) -> bool {
        let was_invaded = self.is_invaded();
        if !self.list(seen) {
            return false;
        }
        if !was_invaded && self.is_invaded() {
            self.severity = self.severity.raised(1);
        }
        true
    }

    /// A newer state by traffic, with the processes of an older one, `known`, and a step more urgent for a
    /// program that was started, unless it is already.
    #[must_use]
    pub fn joined(mut self, known: &Self) -> Self {
        let was_invaded = self.is_invaded();
        for seen in &known.processes {
            self.list(seen.clone());
        }
        if !was_invaded && self.is_invaded() {
            self.severity = self.severity.raised(1);
        }
        self
    }

    /// By traffic alone: without its processes, and as urgent as it would be without them.
    pub(super) fn by_traffic(mut self) -> Self {
        if self.is_invaded() {
            self.severity = self.severity.lowered();
        }
        self.processes.clear();
        self
    }

    /// Whether a program was started where it struck.
    #[must_use]
    pub fn is_invaded(&self) -> bool {
        self.processes.iter().any(|seen| seen.deed == Deed::Started)
    }

    /// Puts a process in its place; whether there is room for it, and it was not there.
    fn list(&mut self, seen: ProcessSeen) -> bool {
        let is_known =
            |one: &&mut ProcessSeen| one.deed == seen.deed && one.process == seen.process;
        if let Some(known) = self.processes.iter_mut().find(is_known) {
            known.at_us = known.at_us.min(seen.at_us);
            return false;
        }
        let place = (seen.deed, seen.at_us);
        let at = self.processes.partition_point(|one| (one.deed, one.at_us) <= place);
        // Later ones of the same kind find no room; those that tell more take it.
        if at >= Self::PROCESSES {
            return false;
        }
        self.processes.insert(at, seen);
        self.processes.truncate(Self::PROCESSES);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Class;
    use crate::incident::Severity;
    use crate::incident::tests::{after, alarm, only};

    fn seen(deed: Deed, at_us: i64, binary: &str) -> ProcessSeen {
        ProcessSeen {
            deed,
            at_us,
            process: Process { binary: binary.into(), ..Process::default() },
        }
    }

    fn flood() -> Incident {
        let incident = only(&after((0..3).map(|id| alarm(id, Class::DosFlood, (7, 1), 0))));
        Incident { severity: Severity::Medium, ..Incident::clone(&incident) }
    }

    fn binaries(incident: &Incident) -> Vec<&str> {
        incident.processes.iter().map(|seen| &*seen.process.binary).collect()
    }

    #[test]
    fn the_first_program_that_is_started_makes_it_more_urgent_once() {
        let mut flood = flood();
        assert!(flood.see(seen(Deed::Server, 1, "nginx")));
        assert_eq!(flood.severity, Severity::Medium);
        assert!(flood.see(seen(Deed::Started, 9, "sh")));
        assert!(!flood.see(seen(Deed::Started, 10, "sh")), "it is known");
        assert!(flood.see(seen(Deed::Started, 8, "id")));
        assert_eq!((flood.severity, binaries(&flood)), (Severity::High, vec!["id", "sh", "nginx"]));
        let mut worst = Incident { severity: Severity::Critical, ..self::flood() };
        worst.see(seen(Deed::Started, 9, "sh"));
        assert_eq!(worst.severity, Severity::Critical);
    }

    #[test]
    fn what_traffic_says_later_takes_nothing_back() {
        let mut known = flood();
        known.see(seen(Deed::Started, 9, "sh"));
        let later = flood().joined(&known);
        assert_eq!((later.severity, binaries(&later)), (Severity::High, vec!["sh"]));
        assert_eq!(later.clone().joined(&known), later, "joined twice it is the same");
        let grown = Incident { severity: Severity::High, ..flood() };
        assert_eq!(grown.joined(&known).severity, Severity::Critical, "in whichever order");
        let again = Incident { severity: Severity::Low, reopened: 1, ..flood() }.joined(&known);
        assert_eq!(
            (again.severity, again.clone().joined(&known).severity),
            (Severity::Medium, Severity::Medium)
        );
    }

    #[test]
    fn what_a_program_made_of_it_is_taken_off_and_put_on_again() {
        for severity in Severity::ALL {
            let mut known = Incident { severity, ..flood() };
            known.see(seen(Deed::Started, 9, "sh"));
            let by_traffic = known.clone().by_traffic();
            assert_eq!(by_traffic.processes, []);
            assert!(by_traffic.severity <= severity);
            assert_eq!(by_traffic.joined(&known), known);
        }
        let calm = flood();
        assert_eq!(calm.clone().by_traffic().severity, calm.severity);
    }

    #[test]
    fn there_is_room_for_the_first_and_for_those_that_tell_most() {
        let mut flood = flood();
        for number in 0..40 {
            flood.see(seen(Deed::Client, number, &number.to_string()));
        }
        assert_eq!(flood.processes.len(), Incident::PROCESSES);
        assert!(flood.see(seen(Deed::Started, 99, "sh")));
        let all = binaries(&flood);
        assert_eq!((all.len(), all[0], all[1], all[15]), (Incident::PROCESSES, "sh", "0", "14"));
    }
}
