//! Where traffic of some class has its place: a service that is attacked, or a host that attacks.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::record::Pivot;
use crate::detect::{Class, Service};
use crate::packet::{Address, Tuple, protocol};

/// What is said of a text that is no place.
const EXPECTED: &str = "expected an address such as 10.0.0.9, or a service such as 80/tcp";

/// Where something may be usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// Of classes that are about the source, the host that does it.
    Host(Address),
    /// Of those that are about the target, the service that is attacked, whoever serves it: of a
    /// workload any pod does, under an address that is another one tomorrow.
    Service(Service),
}

impl Place {
    /// The place of a flow of `class` between the ends of `tuple`.
    #[must_use]
    pub const fn of(class: Class, tuple: &Tuple) -> Self {
        match Pivot::of(class) {
            Pivot::Source => Self::Host(tuple.source),
            Pivot::Target => Self::Service(Service::of(tuple)),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Host(host) => host.fmt(f),
            Self::Service(Service { protocol, port }) => match protocol::name(protocol) {
                Some(name) => write!(f, "{port}/{name}"),
                None => write!(f, "{port}/{protocol}"),
            },
        }
    }
}

impl FromStr for Place {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some((port, name)) = text.split_once('/') else {
            let host = text.parse::<IpAddr>().map_err(|_| EXPECTED)?;
            return Ok(Self::Host(host.into()));
        };
        let port = port.parse().map_err(|_| EXPECTED)?;
        let protocol = protocol::named(name).or_else(|| name.parse().ok()).ok_or(EXPECTED)?;
        Ok(Self::Service(Service { protocol, port }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_is_written() {
        for text in ["10.0.0.9", "2001:db8::1", "80/tcp", "53/udp", "8/icmp", "0/47"] {
            assert_eq!(text.parse::<Place>().map(|place| place.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "web", "80", "10.0.0.9/tcp", "80/nfs", "80/999", "99999/tcp", "/tcp"] {
            assert_eq!(text.parse::<Place>(), Err(EXPECTED), "{text}");
        }
    }
}
