//! What can be filtered: flows and incidents; whoever has other things says what is in them.

use std::borrow::Cow;
use std::slice;

use crate::detect::{Class, Score, Verdict};
use crate::incident::{self, Incident, Pivot, Severity, Status, Who};
use crate::packet::Address;

/// A process as far as a filter can be about it. Of what is not known, nothing is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Process<'a> {
    /// Path of what it runs.
    pub binary: &'a str,
    /// Its arguments, in one line.
    pub arguments: &'a str,
    /// Path of what its parent runs.
    pub parent: &'a str,
    /// The user it runs as, by name or number.
    pub user: &'a str,
    /// The same by number.
    pub uid: Option<u32>,
    /// Its number on the node.
    pub pid: Option<u32>,
    /// Namespace of its pod.
    pub namespace: &'a str,
    /// Name of its pod.
    pub pod: &'a str,
    /// The node it runs on.
    pub node: &'a str,
}

impl<'a> From<&'a incident::Process> for Process<'a> {
    fn from(process: &'a incident::Process) -> Self {
        Self {
            binary: &process.binary,
            arguments: &process.arguments,
            parent: &process.parent,
            user: &process.user,
            uid: None,
            pid: Some(process.pid),
            namespace: &process.namespace,
            pod: &process.pod,
            node: &process.node,
        }
    }
}

/// Something that a filter lets through or not.
///
/// A term about something that a subject has not is false, and so is its comparison whichever way
/// round: neither `severity<high` nor `severity>=high` lets a flow through, `!severity:high` does.
pub trait Subject {
    /// Who opened the flows, as far as listed.
    fn sources(&self) -> Cow<'_, [Address]> {
        Cow::Borrowed(&[])
    }

    /// Whom they were opened to, as far as listed.
    fn targets(&self) -> Cow<'_, [Address]> {
        Cow::Borrowed(&[])
    }

    /// What the cluster says its sources are, as far as it does.
    fn source_names(&self) -> Vec<&Who> {
        Vec::new()
    }

    /// What the cluster says its targets are, as far as it does.
    fn target_names(&self) -> Vec<&Who> {
        Vec::new()
    }

    /// Port of the service, where it is only one; for ICMP the message type.
    fn port(&self) -> Option<u16> {
        None
    }

    /// IP protocol number.
    fn protocol(&self) -> Option<u8> {
        None
    }

    /// What it is taken for.
    fn class(&self) -> Option<Class> {
        None
    }

    /// How unusual it is.
    fn score(&self) -> Option<Score> {
        None
    }

    /// Number of flows.
    fn flows(&self) -> Option<u64> {
        None
    }

    /// Packets of these flows.
    fn packets(&self) -> Option<u64> {
        None
    }

    /// Transport payload of these flows.
    fn bytes(&self) -> Option<u64> {
        None
    }

    /// First packet, or when the event was, in µs since the epoch.
    fn first_us(&self) -> Option<i64> {
        None
    }

    /// How urgent it is.
    fn severity(&self) -> Option<Severity> {
        None
    }

    /// Where it is in its life.
    fn status(&self) -> Option<Status> {
        None
    }

    /// Whether a mute keeps it from those who are told.
    fn is_muted(&self) -> Option<bool> {
        None
    }

    /// The processes that have to do with it, as far as they are known.
    fn processes(&self) -> Vec<Process<'_>> {
        Vec::new()
    }

    /// What kind of event it is: as everything names it, and as the agent does.
    fn event_types(&self) -> Vec<&str> {
        Vec::new()
    }

    /// The policy that asked for it.
    fn policy(&self) -> Option<&str> {
        None
    }

    /// What was done about it.
    fn action(&self) -> Option<&str> {
        None
    }

    /// What else it says, for bare words.
    fn texts(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Its own identity, and those of the flows in it that are named.
    fn ids(&self) -> Vec<u64> {
        Vec::new()
    }
}

impl Subject for Verdict {
    fn sources(&self) -> Cow<'_, [Address]> {
        slice::from_ref(&self.flow.tuple.source).into()
    }

    fn targets(&self) -> Cow<'_, [Address]> {
        slice::from_ref(&self.flow.tuple.target).into()
    }

    fn port(&self) -> Option<u16> {
        Some(self.flow.tuple.server_port())
    }

    fn protocol(&self) -> Option<u8> {
        Some(self.flow.tuple.protocol)
    }

    fn class(&self) -> Option<Class> {
        Some(self.class)
    }

    fn score(&self) -> Option<Score> {
        Some(self.score)
    }

    fn flows(&self) -> Option<u64> {
        Some(1)
    }

    fn packets(&self) -> Option<u64> {
        Some(self.flow.packets)
    }

    fn bytes(&self) -> Option<u64> {
        Some(self.flow.bytes)
    }

    fn first_us(&self) -> Option<i64> {
        Some(self.flow.first_us)
    }

    fn ids(&self) -> Vec<u64> {
        vec![self.flow.id.0]
    }
}

impl Subject for Incident {
    fn sources(&self) -> Cow<'_, [Address]> {
        (&self.sources.listed).into()
    }

    fn targets(&self) -> Cow<'_, [Address]> {
        (&self.targets.listed).into()
    }

    fn source_names(&self) -> Vec<&Who> {
        names(self, Pivot::Source)
    }

    fn target_names(&self) -> Vec<&Who> {
        names(self, Pivot::Target)
    }

    fn port(&self) -> Option<u16> {
        self.target_port
    }

    fn class(&self) -> Option<Class> {
        Some(self.class)
    }

    fn score(&self) -> Option<Score> {
        Some(self.score)
    }

    fn flows(&self) -> Option<u64> {
        Some(self.flows)
    }

    fn packets(&self) -> Option<u64> {
        Some(self.packets)
    }

    fn bytes(&self) -> Option<u64> {
        Some(self.bytes)
    }

    fn first_us(&self) -> Option<i64> {
        Some(self.first_us)
    }

    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }

    fn status(&self) -> Option<Status> {
        Some(self.status)
    }

    fn is_muted(&self) -> Option<bool> {
        Some(self.muted_by.is_some())
    }

    fn processes(&self) -> Vec<Process<'_>> {
        self.processes.iter().map(|seen| Process::from(&seen.process)).collect()
    }

    fn ids(&self) -> Vec<u64> {
        [self.id.0].into_iter().chain(self.flow_ids.iter().map(|id| id.0)).collect()
    }
}

/// Names at one end of an incident; the host that it is about may not be among those listed.
fn names(incident: &Incident, end: Pivot) -> Vec<&Who> {
    let hosts = match end {
        Pivot::Source => &incident.sources,
        Pivot::Target => &incident.targets,
    };
    let is_about = Pivot::of(incident.class) == end;
    let pivot = Some(incident.pivot).filter(|pivot| is_about && !hosts.listed.contains(pivot));
    let all = pivot.into_iter().chain(hosts.listed.iter().copied());
    all.filter_map(|host| incident.names.get(host)).collect()
}
