//! One incident: what happened, by whom, to whom, since when, and why it was noticed.

use std::fmt;
use std::hash::Hasher;

use siphasher::sip::SipHasher13;

use super::names::Names;
use super::process::ProcessSeen;
use crate::detect::{Class, Reason, Score, Weight};
use crate::flow::FlowId;
use crate::packet::Address;

/// Identity of an incident: a hash of sensor, class, pivot and first packet as it was opened. It
/// stays when more is learnt of the attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IncidentId(pub u64);

impl IncidentId {
    /// The identity of what began as `class` about `pivot` at `first_us`, seen by `sensor`:
    /// SipHash-1-3 under a zero key, with a byte that no name holds behind either name.
    #[must_use]
    pub fn new(sensor: &str, class: Class, pivot: Address, first_us: i64) -> Self {
        let mut hasher = SipHasher13::new();
        for name in [sensor, class.name()] {
            hasher.write(name.as_bytes());
            hasher.write(&[0xff]);
        }
        hasher.write(&pivot.bits().to_be_bytes());
        hasher.write(&first_us.to_be_bytes());
        Self(hasher.finish())
    }
}

impl fmt::Display for IncidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Which end of its flows an incident is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pivot {
    /// Whoever opened the flows.
    Source,
    /// Whom they were opened to.
    Target,
}

impl Pivot {
    /// The end that incidents of `class` are about.
    #[must_use]
    pub const fn of(class: Class) -> Self {
        match class {
            Class::Benign
            | Class::Scan
            | Class::Beacon
            | Class::Exfiltration
            | Class::LateralMovement
            | Class::Unknown => Self::Source,
            Class::DosFlood
            | Class::DosSlow
            | Class::DosReflection
            | Class::BruteForce
            | Class::WebAttack
            | Class::Exploit => Self::Target,
        }
    }
}

/// How urgent an incident is, least urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Low,
    /// Worth a look today.
    Medium,
    /// Worth a look now.
    High,
    /// Something is about to stop working, or has.
    Critical,
}

impl Severity {
    /// Every severity, least urgent first.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    /// Its name everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The severity of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.name() == name)
    }
}

/// Where an incident is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// It goes on, or has not been over for long enough, and nobody has taken it on.
    Open,
    /// It goes on, and somebody has taken it on.
    Acknowledged,
    /// It is over, or somebody has said so.
    Resolved,
}

impl Status {
    /// Every status, in the order of a life.
    pub const ALL: [Self; 3] = [Self::Open, Self::Acknowledged, Self::Resolved];

    /// Its name everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Resolved => "resolved",
        }
    }

    /// The status of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// Addresses at one end of an incident: the first of them, and how many there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hosts {
    /// In the order in which they appeared, at most [`Hosts::LISTED`].
    pub listed: Vec<Address>,
    /// How many different ones there are; beyond 4,096 (or fewer where many incidents are open) at
    /// least so many.
    pub total: u64,
}

impl Hosts {
    /// How many are listed.
    pub const LISTED: usize = 32;
}

/// What somebody did about an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Who.
    pub by: String,
    /// When by the wall clock, in µs since the epoch.
    pub at_us: i64,
}

/// What somebody says of an incident who has looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Feedback {
    /// Nothing was wrong.
    False,
    /// It was an attack.
    True,
}

impl Feedback {
    /// Its name everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::False => "false",
            Self::True => "true",
        }
    }

    /// The feedback of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::False, Self::True].into_iter().find(|feedback| feedback.name() == name)
    }
}

/// A mute: the number under which it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MuteId(pub i64);

impl fmt::Display for MuteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One attack.
///
/// What the traffic says is the tracker's: it knows of no marks, no mutes and no names, and of no other
/// status than open and resolved. The store adds what people did, and the status that follows from
/// both; the engine adds what the cluster and Tetragon say, and what follows from that for its severity.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// The same in every run over the same packets.
    pub id: IncidentId,
    /// What it is.
    pub class: Class,
    /// How urgent it is.
    pub severity: Severity,
    /// Where it is in its life.
    pub status: Status,
    /// The highest score of its flows.
    pub score: Score,
    /// The most that its flows spoke for an attack within a minute; 0 of those that an older version found.
    pub weight: Weight,
    /// The host it is about, by [`Pivot::of`] its class.
    pub pivot: Address,
    /// Who attacks.
    pub sources: Hosts,
    /// Who is attacked.
    pub targets: Hosts,
    /// The port attacked, where it is only one.
    pub target_port: Option<u16>,
    /// Different flows that alarmed.
    pub flows: u64,
    /// Packets of these flows.
    pub packets: u64,
    /// Their transport payload.
    pub bytes: u64,
    /// First packet of these flows, in µs since the epoch.
    pub first_us: i64,
    /// Their last packet so far, in µs since the epoch.
    pub last_us: i64,
    /// Packet time of the verdict that made it an incident, in µs since the epoch.
    pub detected_us: i64,
    /// When it was over, in µs since the epoch of packet time.
    pub resolved_us: Option<i64>,
    /// How often it came back after it had been over: the number of its lives but the first.
    pub reopened: u32,
    /// Who has taken it on in this life of it.
    pub acknowledged: Option<Mark>,
    /// Who said in this life of it that it is over; none where it was silent for long enough.
    pub resolved_by: Option<Mark>,
    /// Whether it was one, as somebody has said who looked.
    pub feedback: Option<(Feedback, Mark)>,
    /// The mute that keeps it from the sinks.
    pub muted_by: Option<MuteId>,
    /// Other incidents with a source or target of this one, oldest first, at most
    /// [`Incident::RELATED`].
    pub related: Vec<IncidentId>,
    /// What moved the score, most important first.
    pub why: Vec<Reason>,
    /// The first flows behind it, in order, at most [`Incident::FLOW_IDS`].
    pub flow_ids: Vec<FlowId>,
    /// What the cluster says its addresses are.
    pub names: Names,
    /// Processes that are part of it, at most [`Incident::PROCESSES`], first those that were started
    /// where it struck, then by time.
    pub processes: Vec<ProcessSeen>,
}

impl Incident {
    /// How many flows are named.
    pub const FLOW_IDS: usize = 256;

    /// Of how many flows the packets can be found again.
    pub const FLOW_SPANS: usize = 4_096;

    /// How many processes are named.
    pub const PROCESSES: usize = 16;

    /// How many related incidents are named.
    pub const RELATED: usize = 16;

    /// The first target; there always is one.
    #[must_use]
    pub fn target(&self) -> Option<Address> {
        self.targets.listed.first().copied()
    }
}
