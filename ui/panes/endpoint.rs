//! Hosts, services and protocols in words.

use weir::packet::{Address, protocol};

/// A host and a port of it; protocols other than TCP are named: `10.0.0.9:53/udp`, and of ICMP the
/// message type is given: `10.0.0.9 icmp/8`.
pub(crate) fn service(host: Address, port: u16, number: u8) -> String {
    match number {
        protocol::TCP => with_port(host, port),
        protocol::UDP | protocol::SCTP => {
            format!("{}/{}", with_port(host, port), protocol_name(number))
        }
        protocol::ICMP | protocol::ICMPV6 => {
            format!("{host} {}/{port}", protocol_name(number))
        }
        _ => format!("{host} {}", protocol_name(number)),
    }
}

/// A host and many of its ports: `10.0.0.9:*`.
pub(crate) fn services(host: Address, number: u8) -> String {
    let host = if host.as_v4().is_some() { host.to_string() } else { format!("[{host}]") };
    match number {
        protocol::TCP => format!("{host}:*"),
        number => format!("{host}:*/{}", protocol_name(number)),
    }
}

/// `10.0.0.9:443`, `[2001:db8::9]:443`.
pub(crate) fn with_port(host: Address, port: u16) -> String {
    match host.as_v4() {
        Some(v4) => format!("{v4}:{port}"),
        None => format!("[{host}]:{port}"),
    }
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
    use super::*;

    #[test]
    fn services_are_named_as_people_write_them() {
        let host = Address::v4([10, 0, 0, 9]);
        assert_eq!(service(host, 443, protocol::TCP), "10.0.0.9:443");
        assert_eq!(service(host, 53, protocol::UDP), "10.0.0.9:53/udp");
        assert_eq!(service(host, 8, protocol::ICMP), "10.0.0.9 icmp/8");
        assert_eq!(service(host, 0, 47), "10.0.0.9 protocol 47");
        let six = Address::from("2001:db8::9".parse::<std::net::IpAddr>().unwrap());
        assert_eq!(service(six, 80, protocol::TCP), "[2001:db8::9]:80");
    }
}
