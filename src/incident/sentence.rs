//! An incident in one plain sentence.

use std::net::{IpAddr, SocketAddr};

use super::record::{Incident, Pivot};
use super::time::rfc3339;
use crate::detect::Class;
use crate::packet::Address;

impl Incident {
    /// All of it in one plain sentence, such as `critical dos-flood of 192.0.2.10:80 by 203.0.113.66
    /// (412 flows)`; a host that has a name is called by it: `shop/web:80`.
    #[must_use]
    pub fn sentence(&self) -> String {
        let Self { class, severity, pivot, sources, targets, flows, names, .. } = self;
        let of = match class {
            Class::Beacon | Class::Exfiltration | Class::LateralMovement => "to",
            _ => "of",
        };
        let (source, target) = match Pivot::of(*class) {
            Pivot::Source => (Some(*pivot), self.target()),
            Pivot::Target => (sources.listed.first().copied(), Some(*pivot)),
        };
        let whom = target.map_or_else(String::new, |target| {
            let target = self.host(target, self.target_port);
            format!(" {of} {target}{}", and_others(targets.total))
        });
        let by = source.map_or_else(String::new, |source| {
            format!(" by {}{}", names.label(source), and_others(sources.total))
        });
        let s = if *flows == 1 { "" } else { "s" };
        format!("{} {class}{whom}{by} ({flows} flow{s})", severity.name())
    }
}

impl Incident {
    /// A host by its short name, if it has one, and a port of it: `shop/web:80`, `192.0.2.10:80`,
    /// `[2001:db8::1]:80`.
    #[must_use]
    pub fn host(&self, host: Address, port: Option<u16>) -> String {
        match (self.names.get(host), port) {
            (None, Some(port)) => SocketAddr::new(IpAddr::from(host), port).to_string(),
            (Some(_), Some(port)) => format!("{}:{port}", self.names.label(host)),
            (_, None) => self.names.label(host),
        }
    }

    /// What a file of its packets says of itself, where the packets of `remembered` flows can be
    /// found.
    #[must_use]
    pub fn caption(&self, remembered: usize) -> String {
        let Self { id, class, severity, pivot, flows, names, .. } = self;
        let pivot = match names.get(*pivot) {
            Some(_) => format!("{} ({pivot})", names.label(*pivot)),
            None => pivot.to_string(),
        };
        let (first, last) = (rfc3339(self.first_us), rfc3339(self.last_us));
        let s = if *flows == 1 { "" } else { "s" };
        format!(
            "weir alert {id}: {} {class}, {pivot}, first packet {first}, last packet {last}; \
             {remembered} of {flows} flow{s} remembered",
            severity.name(),
        )
    }
}

fn and_others(total: u64) -> String {
    match total {
        0 | 1 => String::new(),
        2 => " and another".to_owned(),
        _ => format!(" and {} others", total - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::tests::{after, alarm, only};

    #[test]
    fn it_says_what_to_whom_by_whom_and_how_much() {
        let flows = |class| (0..3).map(move |id| alarm(id, class, (7, 1), 0));
        let said = |class| only(&after(flows(class))).sentence();
        assert_eq!(said(Class::DosFlood), "high dos-flood of 192.0.2.1:80 by 192.0.2.7 (3 flows)");
        assert_eq!(said(Class::Beacon), "high beacon to 192.0.2.1:80 by 192.0.2.7 (3 flows)");
    }

    #[test]
    fn many_hosts_are_counted() {
        let scan = (0..3_u8).map(|id| alarm(id.into(), Class::Scan, (7, 1 + id), 0));
        let text = only(&after(scan)).sentence();
        assert_eq!(text, "low scan of 192.0.2.1:80 and 2 others by 192.0.2.7 (3 flows)");
    }

    #[test]
    fn a_port_of_an_ipv6_host_can_be_told_from_its_address() {
        let host = Address::v6([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        let incident = only(&after((0..3).map(|id| alarm(id, Class::DosFlood, (7, 1), 0))));
        assert_eq!(incident.host(host, Some(80)), "[2001:db8::1]:80");
    }
}
