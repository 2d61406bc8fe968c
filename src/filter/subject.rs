//! What can be filtered: flows and incidents; whoever has other things says what is in them.

use std::slice;

use crate::detect::{Class, Score, Verdict};
use crate::incident::{Incident, Pivot, Severity, Status, Who};
use crate::packet::Address;

/// Something that a filter lets through or not.
///
/// A term about something that a subject has not is false, and so is its comparison whichever way
/// round: neither `severity<high` nor `severity>=high` lets a flow through, `!severity:high` does.
pub trait Subject {
    /// Who opened the flows, as far as listed.
    fn sources(&self) -> &[Address] {
        &[]
    }

    /// Whom they were opened to, as far as listed.
    fn targets(&self) -> &[Address] {
        &[]
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

    /// First packet, in µs since the epoch.
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

    /// Its own identity, and those of the flows in it that are named.
    fn ids(&self) -> Vec<u64> {
        Vec::new()
    }
}

impl Subject for Verdict {
    fn sources(&self) -> &[Address] {
        slice::from_ref(&self.flow.tuple.source)
    }

    fn targets(&self) -> &[Address] {
        slice::from_ref(&self.flow.tuple.target)
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
    fn sources(&self) -> &[Address] {
        &self.sources.listed
    }

    fn targets(&self) -> &[Address] {
        &self.targets.listed
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
