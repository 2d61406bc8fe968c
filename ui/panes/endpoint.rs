//! Hosts, services and protocols in words.

use weir::incident::Who;
use weir::packet::{Address, protocol};

use crate::text;

/// A host by the short name that the cluster has for it, else by its address.
pub(crate) fn host(address: Address, who: Option<&Who>) -> String {
    who.map_or_else(|| address.to_string(), |who| text::clean(&who.label()))
}

/// A host and a port of it; protocols other than TCP are named: `shop/dns:53/udp`, and of ICMP the
/// message type is given: `10.0.0.9 icmp/8`.
pub(crate) fn service(address: Address, who: Option<&Who>, port: u16, number: u8) -> String {
    match number {
        protocol::TCP => with_port(address, who, port),
        protocol::UDP | protocol::SCTP => {
            format!("{}/{}", with_port(address, who, port), protocol_name(number))
        }
        protocol::ICMP | protocol::ICMPV6 => {
            format!("{} {}/{port}", host(address, who), protocol_name(number))
        }
        _ => format!("{} {}", host(address, who), protocol_name(number)),
    }
}

/// A host and many of its ports: `10.0.0.9:*`.
pub(crate) fn services(address: Address, who: Option<&Who>, number: u8) -> String {
    let host = before_port(address, who);
    match number {
        protocol::TCP => format!("{host}:*"),
        number => format!("{host}:*/{}", protocol_name(number)),
    }
}

/// `shop/web:443`, `10.0.0.9:443`, `[2001:db8::9]:443`.
pub(crate) fn with_port(address: Address, who: Option<&Who>, port: u16) -> String {
    format!("{}:{port}", before_port(address, who))
}

fn before_port(address: Address, who: Option<&Who>) -> String {
    let host = host(address, who);
    if who.is_none() && address.as_v4().is_none() { format!("[{host}]") } else { host }
}

/// All that the cluster says of a host: `pod shop/web-7f9c of Deployment web, behind service web`.
pub(crate) fn described(who: &Who) -> String {
    let workload = who.workload.as_ref();
    let of = workload.map(|workload| format!(" of {} {}", workload.kind, workload.name));
    let behind = who.service.as_ref().map(|service| format!(", behind service {service}"));
    let (of, behind) = (of.unwrap_or_default(), behind.unwrap_or_default());
    let name = match who.namespace.as_str() {
        "" => who.name.clone(),
        _ => who.to_string(),
    };
    text::clean(&format!("{} {name}{of}{behind}", who.kind.name()))
}

/// What a protocol is called; one without a name keeps its number.
pub(crate) fn protocol_name(number: u8) -> String {
    match number {
        protocol::ICMP => "icmp".into(),
        protocol::TCP => "tcp".into(),
        protocol::UDP => "udp".into(),
        protocol::ICMPV6 => "icmpv6".into(),
        protocol::SCTP => "sctp".into(),
        number => format!("protocol {number}"),
    }
}

#[cfg(test)]
mod tests {
    use weir::incident::{WhoKind, Workload};

    use super::*;

    #[test]
    fn services_are_named_as_people_write_them() {
        let host = Address::v4([10, 0, 0, 9]);
        assert_eq!(service(host, None, 443, protocol::TCP), "10.0.0.9:443");
        assert_eq!(service(host, None, 53, protocol::UDP), "10.0.0.9:53/udp");
        assert_eq!(service(host, None, 8, protocol::ICMP), "10.0.0.9 icmp/8");
        assert_eq!(service(host, None, 0, 47), "10.0.0.9 protocol 47");
        let six = Address::from("2001:db8::9".parse::<std::net::IpAddr>().unwrap());
        assert_eq!(service(six, None, 80, protocol::TCP), "[2001:db8::9]:80");
    }

    fn web() -> Who {
        Who {
            kind: WhoKind::Pod,
            namespace: "shop".into(),
            name: "web-7f9c".into(),
            workload: Some(Workload { kind: "Deployment".into(), name: "web".into() }),
            service: Some("front".into()),
        }
    }

    #[test]
    fn who_has_a_name_goes_by_it() {
        let six = Address::from("2001:db8::9".parse::<std::net::IpAddr>().unwrap());
        let web = web();
        assert_eq!(service(six, Some(&web), 80, protocol::TCP), "shop/web:80");
        assert_eq!(service(six, Some(&web), 53, protocol::UDP), "shop/web:53/udp");
        assert_eq!(services(six, Some(&web), protocol::TCP), "shop/web:*");
        assert_eq!(service(six, Some(&web), 128, protocol::ICMPV6), "shop/web icmpv6/128");
    }

    #[test]
    fn all_that_is_known_of_a_host_is_said() {
        let web = web();
        assert_eq!(described(&web), "pod shop/web-7f9c of Deployment web, behind service front");
        let bare = Who { workload: None, service: None, ..web.clone() };
        assert_eq!(described(&bare), "pod shop/web-7f9c");
        let node = Who { kind: WhoKind::Node, namespace: String::new(), ..bare };
        assert_eq!(described(&node), "node web-7f9c");
        let hostile = Who { name: "\u{1b}[2J".into(), ..web };
        assert!(!described(&hostile).contains('\u{1b}'));
    }
}
