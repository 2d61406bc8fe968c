//! What helps against which class: the table from class to response.

use super::obstacle::{Matter, Obstacle};
use super::{Arrival, ArrivalKind};
use crate::detect::Class;
use crate::packet::application::Head;

#[cfg(test)]
mod tests;

/// What kind of limit helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Remedy {
    /// Requests over time.
    Rate,
    /// Connections at once.
    Connections,
}

/// Of how many arrivals of the attackers their kind is clear.
const CLEAR: u64 = 10;

/// What attackers were seen to ask.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked {
    /// Requests in the clear.
    pub requests: u64,
    /// Of these, those whose head came whole.
    pub whole: u64,
    /// Of these, those whose head did not.
    pub unfinished: u64,
    /// Connections in which requests are not seen: TLS and HTTP/2.
    pub hidden: u64,
}

impl Asked {
    /// What `arrivals` show.
    pub fn of<'a>(arrivals: impl Iterator<Item = &'a Arrival>) -> Self {
        let mut asked = Self::default();
        for arrival in arrivals {
            match (arrival.kind, arrival.head) {
                (ArrivalKind::Handshake | ArrivalKind::Http2, _) => asked.hidden += 1,
                (ArrivalKind::Request, head) => {
                    asked.requests += 1;
                    asked.whole += u64::from(head == Head::Complete);
                    asked.unfinished += u64::from(head == Head::Open);
                }
            }
        }
        asked
    }

    /// Whether an attack of `class` by those who asked this goes through an Ingress at all, or what
    /// would help instead.
    pub(super) fn any(self, class: Class) -> Result<(), Obstacle> {
        match self.requests + self.hidden {
            0 => Err(Obstacle::new(Matter::NoRequests, no_requests(class))),
            _ => Ok(()),
        }
    }

    /// What helps against an attack of `class` by those who asked this, or what would help instead.
    pub fn remedy(self, class: Class) -> Result<Remedy, Obstacle> {
        helps(class)?;
        self.any(class)?;
        if self.hidden > self.requests {
            return Err(Obstacle::new(Matter::Unclear, HIDDEN));
        }
        match class {
            Class::DosSlow => self.slow(),
            _ => Ok(Remedy::Rate),
        }
    }

    /// Slow headers are requests that do not end; slow bodies and slow reading follow whole ones.
    fn slow(self) -> Result<Remedy, Obstacle> {
        let Self { whole, unfinished, .. } = self;
        if whole + unfinished < CLEAR {
            return Err(Obstacle::new(Matter::Unclear, FEW));
        }
        if unfinished >= whole.saturating_mul(4) {
            return Err(Obstacle::new(Matter::Class, SLOW_HEADERS));
        }
        if whole >= unfinished.saturating_mul(4) {
            return Ok(Remedy::Connections);
        }
        Err(Obstacle::new(Matter::Unclear, MIXED))
    }
}

/// Whether any Ingress limit helps against `class`, or what would help instead.
pub(super) fn helps(class: Class) -> Result<(), Obstacle> {
    advice(class).map_or(Ok(()), |advice| Err(Obstacle::new(Matter::Class, advice)))
}

/// What helps against a class that an Ingress limit cannot help against.
const fn advice(class: Class) -> Option<&'static str> {
    match class {
        Class::DosFlood | Class::DosSlow | Class::BruteForce | Class::WebAttack => None,
        Class::Benign => Some("nothing is wrong there"),
        Class::Scan => Some(
            "an Ingress limit does not stop a scan, which asks little of many: close the ports that \
             nobody needs, by a NetworkPolicy or at the firewall, or block the source there",
        ),
        Class::DosReflection => Some(
            "an Ingress limit does not stop answers to forged requests, which never reach a \
             controller: have the provider filter the protocol, and close what answers in the cluster",
        ),
        Class::Beacon => Some(
            "an Ingress limit does not hold what calls out: cut the pod off by an egress \
             NetworkPolicy, and look into it before it is deleted",
        ),
        Class::Exfiltration => Some(
            "an Ingress limit does not hold what leaves: cut the pod off by an egress NetworkPolicy, \
             and revoke the secrets that it could read",
        ),
        Class::LateralMovement => Some(
            "an Ingress limit does not hold what goes from pod to pod: separate the namespaces by \
             NetworkPolicies, and isolate the source",
        ),
        Class::Exploit => Some(
            "an Ingress limit does not stop an exploit, for which one request is enough: isolate the \
             target, mend the hole, and block the source at the firewall",
        ),
        Class::Unknown => Some(
            "nobody knows what this is, and Weir limits nothing on a guess: look at the reasons and \
             the packets, and set a limit by hand if it harms: weir limit apply",
        ),
    }
}

const fn no_requests(class: Class) -> &'static str {
    match class {
        Class::DosFlood => {
            "the sources flood with packets and ask nothing that an Ingress could refuse: a limit \
             there would not help. Turn SYN cookies on, and have the load balancer or the provider \
             drop the sources"
        }
        Class::DosSlow => {
            "the sources hold connections open and send no request, which no Ingress limit counts: \
             shorten the time in which a controller waits for a request, and have the load balancer \
             drop the sources"
        }
        _ => {
            "the sources ask nothing of an Ingress that was seen: this does not go through one, and a \
             limit there would not help. Block the sources where they come in"
        }
    }
}

const HIDDEN: &str = "the sources speak TLS or HTTP/2, in which requests are not seen: neither how many they send \
     nor how many others usually do is known, and Weir chooses no limit. If one is needed, preview and \
     set it by hand: weir limit apply";

const FEW: &str = "too little was seen of the sources to tell slow headers, which no Ingress limit \
     stops, from slow bodies and slow reading, which a limit on connections does: look at their \
     connections, and set one by hand if it is the latter";

const MIXED: &str = "some sources send heads that do not end and others whole requests: an Ingress limit \
     on connections would hold the latter alone. Shorten the time in which the controller waits for a \
     head, and set a limit by hand if it is needed";

const SLOW_HEADERS: &str = "the sources send heads that do not end, and a controller counts a connection \
     only when its request is whole: an Ingress limit would not help. Shorten the time in which it \
     waits for a head (client-header-timeout of ingress-nginx), or have the load balancer drop the \
     sources";
