//! Where traffic of some class has its place: a service that is attacked, or a host that attacks.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use super::record::Pivot;
use crate::detect::Class;
use crate::packet::{Address, Tuple, protocol};

/// What is said of a text that is no place.
const EXPECTED: &str = "expected an address such as 10.0.0.9, or a service such as 10.0.0.9:80/tcp";

/// What a host serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Service {
    /// IP protocol number.
    pub protocol: u8,
    /// Its port; for ICMP the type of message.
    pub port: u16,
}

/// Where something may be usual: of classes that are about the target the service that is attacked,
/// of those that are about the source the host that does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Which host.
    pub host: Address,
    /// Which service of it.
    pub service: Option<Service>,
}

impl Place {
    /// The place of a flow of `class` between the ends of `tuple`.
    #[must_use]
    pub const fn of(class: Class, tuple: &Tuple) -> Self {
        match Pivot::of(class) {
            Pivot::Source => Self { host: tuple.source, service: None },
            Pivot::Target => {
                let service = Service { protocol: tuple.protocol, port: tuple.server_port() };
                Self { host: tuple.target, service: Some(service) }
            }
        }
    }

    /// Whether `other` is this place or, where this is a host, a service of it.
    #[must_use]
    pub fn holds(self, other: Self) -> bool {
        self.host == other.host && (self.service.is_none() || self.service == other.service)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(Service { protocol, port }) = self.service else {
            return self.host.fmt(f);
        };
        let at = SocketAddr::new(self.host.into(), port);
        match protocol::name(protocol) {
            Some(name) => write!(f, "{at}/{name}"),
            None => write!(f, "{at}/{protocol}"),
        }
    }
}

impl FromStr for Place {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some((at, name)) = text.split_once('/') else {
            let host = text.parse::<IpAddr>().map_err(|_| EXPECTED)?;
            return Ok(Self { host: host.into(), service: None });
        };
        let at = at.parse::<SocketAddr>().map_err(|_| EXPECTED)?;
        let protocol = protocol::named(name).or_else(|| name.parse().ok()).ok_or(EXPECTED)?;
        Ok(Self { host: at.ip().into(), service: Some(Service { protocol, port: at.port() }) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_is_written() {
        for text in [
            "10.0.0.9",
            "2001:db8::1",
            "10.0.0.9:80/tcp",
            "[2001:db8::1]:53/udp",
            "10.0.0.9:8/icmp",
        ] {
            assert_eq!(text.parse::<Place>().map(|place| place.to_string()), Ok(text.to_owned()));
        }
        assert_eq!("10.0.0.9:0/47".parse::<Place>().unwrap().to_string(), "10.0.0.9:0/47");
        for text in ["", "web", "10.0.0.9:80", "10.0.0.9/tcp", "10.0.0.9:80/nfs", "10.0.0.9:80/999"]
        {
            assert_eq!(text.parse::<Place>(), Err(EXPECTED), "{text}");
        }
    }

    #[test]
    fn a_host_holds_its_services_and_a_service_itself_alone() {
        let place = |text: &str| text.parse::<Place>().unwrap();
        assert!(place("10.0.0.9").holds(place("10.0.0.9:80/tcp")));
        assert!(place("10.0.0.9:80/tcp").holds(place("10.0.0.9:80/tcp")));
        for other in ["10.0.0.9", "10.0.0.9:81/tcp", "10.0.0.9:80/udp", "10.0.0.8:80/tcp"] {
            assert!(!place("10.0.0.9:80/tcp").holds(place(other)), "{other}");
        }
    }
}
