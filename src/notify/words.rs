//! Parts of an incident in words, for messages to people. The whole of it in one sentence is
//! [`Incident::sentence`].

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use jiff::Timestamp;

use super::plain::line;
use crate::incident::{Deed, Hosts, Incident, Mark, Process, ProcessSeen, Status};
use crate::packet::Address;

/// How much of a name that people chose is said, in characters.
const NAME: usize = 80;

/// How much of the name of a host is said, in characters.
const HOST: usize = 32;

/// Processes that are named.
const PROCESSES: usize = 3;

/// How much of what a process runs, of its parent, and of its pod is said, in characters.
const PROGRAM: usize = 96;

/// The first processes of an incident in words, each part of others' text made by `quoted` within so many
/// characters.
pub(super) fn processes(
    incident: &Incident,
    quoted: impl Fn(&str, usize) -> String,
) -> impl Iterator<Item = String> {
    incident.processes.iter().take(PROCESSES).map(move |seen| process(seen, &quoted))
}

/// `opened by /usr/bin/curl in shop/web-1, a child of /bin/sh, as www-data`.
fn process(seen: &ProcessSeen, quoted: impl Fn(&str, usize) -> String) -> String {
    let Process { binary, user, parent, namespace, pod, node, .. } = &seen.process;
    let deed = match seen.deed {
        Deed::Started => "started there:",
        Deed::Client => "opened by",
        Deed::Server => "taken by",
    };
    let said = |before: &str, text: &str, most| {
        if text.is_empty() { String::new() } else { format!("{before}{}", quoted(text, most)) }
    };
    let place = if pod.is_empty() {
        said(" on ", node, PROGRAM)
    } else {
        said(" in ", &format!("{namespace}/{pod}"), PROGRAM)
    };
    let parent = said(", a child of ", parent, PROGRAM);
    let user = said(", as ", user, HOST);
    format!("{deed} {}{place}{parent}{user}", quoted(binary, PROGRAM))
}

/// An address, and the port where it is known.
pub(super) fn with_port(address: Address, port: Option<u16>) -> String {
    let address = IpAddr::from(address);
    port.map_or_else(|| address.to_string(), |port| SocketAddr::new(address, port).to_string())
}

/// A host by its name, where it has one, and its address: `shop/web:80 10.244.1.17`. A long name is cut,
/// an address never.
pub(super) fn host(incident: &Incident, address: Address, port: Option<u16>) -> String {
    let Some(who) = incident.names.get(address) else {
        return with_port(address, port);
    };
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}{port} {address}", line(&who.label(), HOST))
}

/// The first `most` of `hosts`, each as `shown`, and how many more there are.
pub(super) fn listed(hosts: &Hosts, most: usize, shown: impl Fn(&Address) -> String) -> String {
    let mut listed: Vec<_> = hosts.listed.iter().take(most).map(shown).collect();
    let said = u64::try_from(listed.len()).unwrap_or(u64::MAX);
    let more = hosts.total.saturating_sub(said);
    if more > 0 {
        listed.push(format!("and {more} more"));
    }
    listed.join(", ")
}

/// Where it is in its life, and who brought it there.
pub(super) fn standing(incident: &Incident) -> String {
    let by = |mark: &Mark| format!("by {} at {}", name(&mark.by), moment(mark.at_us));
    match (incident.status, &incident.acknowledged, &incident.resolved_by) {
        (Status::Resolved, _, Some(mark)) => format!("resolved {}", by(mark)),
        (Status::Resolved, ..) => match incident.resolved_us {
            Some(at_us) => format!("resolved by itself at {}", moment(at_us)),
            None => "resolved by itself".into(),
        },
        (Status::Acknowledged, Some(mark), _) => format!("acknowledged {}", by(mark)),
        (Status::Acknowledged, ..) => "acknowledged".into(),
        (Status::Open, ..) if incident.reopened > 0 => {
            format!("open again, came back {}", times(incident.reopened))
        }
        (Status::Open, ..) => "open".into(),
    }
}

/// How often.
pub(super) fn times(number: u32) -> String {
    match number {
        1 => "once".into(),
        2 => "twice".into(),
        more => format!("{more} times"),
    }
}

/// A name that somebody chose, on one line.
pub(super) fn name(text: &str) -> String {
    line(text, NAME)
}

/// A time as people read it: UTC, down to the second.
pub(super) fn moment(time_us: i64) -> String {
    let end = if time_us < 0 { Timestamp::MIN } else { Timestamp::MAX };
    let time = Timestamp::from_microsecond(time_us).unwrap_or(end);
    time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// From the first packet to the last, in the two units that say most.
pub(super) fn duration(incident: &Incident) -> String {
    let between_us = incident.last_us.saturating_sub(incident.first_us);
    let seconds = Duration::from_micros(u64::try_from(between_us).unwrap_or(0)).as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, ..) => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

/// How much traffic it was.
pub(super) fn traffic(incident: &Incident) -> String {
    let Incident { flows, packets, bytes, .. } = incident;
    format!("{flows} flows, {packets} packets, {bytes} bytes")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Class;
    use crate::notify::tests::{incident, invaded, named};

    #[test]
    fn a_port_is_told_from_an_address_of_either_family() {
        let six = Address::v6([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(with_port(six, Some(443)), "[2001:db8::1]:443");
        assert_eq!(with_port(six, None), "2001:db8::1");
        assert_eq!(with_port(Address::v4([192, 0, 2, 10]), Some(80)), "192.0.2.10:80");
    }

    #[test]
    fn a_host_goes_by_its_name_and_its_address() {
        let named = named(incident(Class::DosFlood));
        assert_eq!(host(&named, named.pivot, Some(80)), "shop/web:80 192.0.2.10");
        assert_eq!(host(&named, named.pivot, None), "shop/web 192.0.2.10");
        let other = Address::v4([203, 0, 113, 66]);
        assert_eq!(host(&named, other, Some(80)), "203.0.113.66:80");
    }

    #[test]
    fn a_process_is_named_with_its_pod_its_parent_and_its_user() {
        let flood = invaded(incident(Class::DosFlood));
        let said: Vec<_> = processes(&flood, line).collect();
        assert_eq!(
            said,
            [
                "started there: /bin/sh in shop/web-7f9c, a child of /usr/sbin/nginx, as www-data",
                "taken by /usr/sbin/nginx on worker-1, as 0",
            ]
        );
    }

    #[test]
    fn a_list_says_how_many_it_leaves_out() {
        let host = |number| Address::v4([192, 0, 2, number]);
        let hosts = Hosts { listed: vec![host(1), host(2), host(3)], total: 70 };
        assert_eq!(listed(&hosts, 2, Address::to_string), "192.0.2.1, 192.0.2.2, and 68 more");
        let hosts = Hosts { listed: vec![host(1)], total: 1 };
        assert_eq!(listed(&hosts, 2, Address::to_string), "192.0.2.1");
    }

    #[test]
    fn who_brought_it_where_it_stands_is_said() {
        let mark = |by: &str| Some(Mark { by: by.into(), at_us: 1_600_000_000_000_000 });
        let mut flood = incident(Class::DosFlood);
        assert_eq!(standing(&flood), "open");
        flood.reopened = 2;
        assert_eq!(standing(&flood), "open again, came back twice");
        (flood.status, flood.acknowledged) = (Status::Acknowledged, mark("ada\n"));
        assert_eq!(standing(&flood), "acknowledged by ada at 2020-09-13 12:26:40 UTC");
        (flood.status, flood.resolved_us) = (Status::Resolved, Some(1_600_000_060_000_000));
        assert_eq!(standing(&flood), "resolved by itself at 2020-09-13 12:27:40 UTC");
        flood.resolved_by = mark("bob");
        assert_eq!(standing(&flood), "resolved by bob at 2020-09-13 12:26:40 UTC");
    }

    #[test]
    fn a_duration_has_two_units() {
        let mut flood = incident(Class::DosFlood);
        for (seconds, said) in [
            (-5, "0 s"),
            (59, "59 s"),
            (61, "1 min 1 s"),
            (7_260, "2 h 1 min"),
            (90_000, "1 d 1 h"),
        ] {
            flood.last_us = flood.first_us + seconds * 1_000_000;
            assert_eq!(duration(&flood), said);
        }
    }

    #[test]
    fn times_beyond_all_calendars_are_said_too() {
        assert!(moment(i64::MAX).starts_with("9999-12-30"));
        assert!(!moment(i64::MIN).is_empty());
    }
}
