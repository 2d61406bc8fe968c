//! Which interfaces there are, and which has the default route.

use std::fs;

use nix::net::if_::{InterfaceFlags, if_nameindex};

use super::Error;

/// libpcap's name for all interfaces at once.
pub(super) const ANY: &str = "any";

const ROUTE_UP: u32 = 0x1;
const ROUTE_REJECT: u32 = 0x200;

/// The interfaces of this network namespace by name, then `any`.
#[must_use]
pub fn interfaces() -> Vec<String> {
    let mut names = Vec::new();
    if let Ok(known) = if_nameindex() {
        names.extend(known.iter().map(|one| one.name().to_string_lossy().into_owned()));
    }
    names.push(ANY.to_owned());
    names
}

/// The interface with the default route of the lowest metric; IPv4 before IPv6 at the same one.
pub fn default_interface() -> Result<String, Error> {
    // Without IPv6 in the kernel the second file is missing.
    let [v4, v6] = ["/proc/net/route", "/proc/net/ipv6_route"]
        .map(|table| fs::read_to_string(table).unwrap_or_default());
    default_route(&v4, &v6)
        .map(str::to_owned)
        .ok_or_else(|| Error::NoDefaultRoute { known: interfaces() })
}

/// Whether the interface exists, and if so whether it is up.
pub(super) fn is_up(name: &str) -> Option<bool> {
    let mut all = nix::ifaddrs::getifaddrs().ok()?;
    let found = all.find(|one| one.interface_name == name)?;
    Some(found.flags.contains(InterfaceFlags::IFF_UP))
}

/// The interface of the best default route in the kernel's two tables as it prints them.
fn default_route<'a>(v4: &'a str, v6: &'a str) -> Option<&'a str> {
    let routes = v4.lines().filter_map(default_v4).chain(v6.lines().filter_map(default_v6));
    routes.min_by_key(|(metric, _)| *metric).map(|(_, name)| name)
}

/// Metric and interface of a line of `/proc/net/route`, if it is a default route in use.
fn default_v4(line: &str) -> Option<(u32, &str)> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let [name, "00000000", _, flags, _, _, metric, "00000000", ..] = fields[..] else {
        return None;
    };
    usable(flags).then(|| Some((metric.parse().ok()?, name)))?
}

/// Metric and interface of a line of `/proc/net/ipv6_route`, if it is a default route in use.
fn default_v6(line: &str) -> Option<(u32, &str)> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let [target, "00", _, _, _, metric, _, _, flags, name] = fields[..] else { return None };
    let any = target.bytes().all(|digit| digit == b'0');
    (any && usable(flags)).then(|| Some((u32::from_str_radix(metric, 16).ok()?, name)))?
}

fn usable(flags: &str) -> bool {
    u32::from_str_radix(flags, 16).is_ok_and(|flags| flags & (ROUTE_UP | ROUTE_REJECT) == ROUTE_UP)
}

#[cfg(test)]
mod tests {
    use super::*;

    const V4: &str = "\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0
eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
eth1\t00000000\t010300C0\t0002\t0\t0\t1\t00000000\t0\t0\t0
eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
";
    const V6: &str = "\
fd000000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000001 00000001 00000000 00000001     eth2
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fd000000000000000000000000000001 00000032 00000002 00000000 00000003     wg0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 00000001 00000000 00200200       lo
";

    #[test]
    fn the_default_route_of_the_lowest_metric_wins() {
        assert_eq!(default_route(V4, ""), Some("eth0"));
        assert_eq!(default_route(V4, V6), Some("wg0"));
        assert_eq!(default_route("", V6), Some("wg0"));
    }

    #[test]
    fn rejecting_and_garbled_lines_are_no_routes() {
        assert_eq!(default_route("", ""), None);
        assert_eq!(default_route("eth0 00000000 x", "00 00 00"), None);
        assert_eq!(default_route("eth0 00000000 0 zz 0 0 1 00000000", ""), None);
    }

    #[test]
    fn any_is_always_among_the_interfaces() {
        assert_eq!(interfaces().last().map(String::as_str), Some(ANY));
    }
}
