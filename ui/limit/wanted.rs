//! A limit as it is written on the command line.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use weir::respond::{Burst, IngressName, Limit, LimitRequest, Refusal};

use crate::when;

/// What each client address may ask; one of the first three must be there.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub(super) struct Wanted {
    /// Requests a second of each client address
    #[arg(long, value_name = "NUMBER", value_parser = number())]
    rps: Option<u32>,
    /// Requests a minute of each client address
    #[arg(long, value_name = "NUMBER", value_parser = number())]
    rpm: Option<u32>,
    /// Connections at once of each client address
    #[arg(long, value_name = "NUMBER", value_parser = number())]
    connections: Option<u32>,
    /// Requests beyond the rate
    #[arg(long, value_name = "NUMBER", value_parser = number())]
    burst: Option<u32>,
    /// The same in multiples of the rate
    #[arg(long, value_name = "NUMBER", value_parser = number(), conflicts_with = "burst")]
    burst_multiplier: Option<u32>,
    /// Networks that it does not hold, with commas between them
    #[arg(long, value_name = "CIDR", value_delimiter = ',', value_parser = network)]
    allowlist: Vec<IpNet>,
}

impl Wanted {
    /// The limit, if it is one that could be meant.
    pub(super) fn limit(&self) -> Result<Limit, Refusal> {
        let Self { rps, rpm, connections, burst, burst_multiplier, allowlist } = self;
        let burst = burst.map(Burst::Requests).or(burst_multiplier.map(Burst::Multiplier));
        Limit {
            rps: *rps,
            rpm: *rpm,
            connections: *connections,
            burst,
            allowlist: allowlist.clone(),
        }
        .checked()
    }
}

fn number() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=i64::from(Limit::MOST))
}

/// A network, or an address that stands for itself.
fn network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    let alone = || text.parse::<IpAddr>().ok().map(IpNet::from);
    let network = text.parse::<IpNet>().ok().or_else(alone).map(|network| network.trunc());
    network.ok_or_else(|| "expected a network such as 203.0.113.0/24".to_owned())
}

/// `NAMESPACE/NAME`.
pub(super) fn ingress(text: &str) -> Result<IngressName, Refusal> {
    IngressName::parse(text)
}

/// How long a limit lasts.
pub(super) fn ttl(text: &str) -> Result<Duration, String> {
    let span = when::span_us(text).ok().and_then(|us| u64::try_from(us).ok());
    let span = span.map(Duration::from_micros).filter(|span| LimitRequest::TTL.contains(span));
    span.ok_or_else(|| "expected a span of time from 10s to 24h, such as 15m".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_alone_is_a_network_of_one() {
        let networks = ["203.0.113.7", "10.1.2.3/8", " 2001:db8::1 "].map(network);
        let networks = networks.map(|network| network.unwrap().to_string());
        assert_eq!(networks, ["203.0.113.7/32", "10.0.0.0/8", "2001:db8::1/128"]);
        assert!(network("10.0.0.0/33").is_err() && network("shop").is_err());
    }

    #[test]
    fn a_limit_lasts_from_ten_seconds_to_a_day() {
        let spans = ["10s", "15m", "24h"].map(|text| ttl(text).unwrap().as_secs());
        assert_eq!(spans, [10, 900, 86_400]);
        for wrong in ["9s", "25h", "0", "900", "soon", "-5m"] {
            assert!(ttl(wrong).is_err(), "{wrong}");
        }
    }
}
