//! What a client may ask of an Ingress, whichever controller serves it.

use std::fmt;

use ipnet::IpNet;

use super::Refusal;

/// How much more than its rate a client may ask at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Burst {
    /// So many requests.
    Requests(u32),
    /// So many times the rate.
    Multiplier(u32),
}

/// What each client address may ask of an Ingress. At least one of the three is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limit {
    /// Requests a second.
    pub rps: Option<u32>,
    /// Requests a minute.
    pub rpm: Option<u32>,
    /// Connections at once.
    pub connections: Option<u32>,
    /// Beyond the rate; none means what the controller does by itself.
    pub burst: Option<Burst>,
    /// Whom it does not hold.
    pub allowlist: Vec<IpNet>,
}

impl fmt::Display for Limit {
    /// As it is asked for: `rps=5 burst=25`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rps, rpm, connections, burst, allowlist } = self;
        let (requests, multiplier) = match burst {
            Some(Burst::Requests(requests)) => (Some(*requests), None),
            Some(Burst::Multiplier(times)) => (None, Some(*times)),
            None => (None, None),
        };
        let parts = [
            ("rps", *rps),
            ("rpm", *rpm),
            ("connections", *connections),
            ("burst", requests),
            ("burst_multiplier", multiplier),
        ];
        let mut gap = "";
        for (name, value) in parts {
            if let Some(value) = value {
                write!(f, "{gap}{name}={value}")?;
                gap = " ";
            }
        }
        for (at, network) in allowlist.iter().enumerate() {
            let before = if at == 0 { format!("{gap}allowlist=") } else { ",".to_owned() };
            write!(f, "{before}{network}")?;
        }
        Ok(())
    }
}

impl Limit {
    /// The highest rate or count that is taken for a limit and not for a slip.
    pub const MOST: u32 = 1_000_000;

    /// The most networks in an allowlist.
    pub const MOST_ALLOWED: usize = 256;

    /// The same limit if it is one that could be meant.
    pub fn checked(self) -> Result<Self, Refusal> {
        let parts = [("rps", self.rps), ("rpm", self.rpm), ("connections", self.connections)];
        if parts.iter().all(|(_, value)| value.is_none()) {
            return Err(Refusal::NoLimit);
        }
        let burst = self.burst.map(|burst| match burst {
            Burst::Requests(requests) => ("burst", requests),
            Burst::Multiplier(times) => ("burst_multiplier", times),
        });
        let given = parts.into_iter().filter_map(|(name, value)| Some((name, value?)));
        for (name, value) in given.chain(burst) {
            if !(1..=Self::MOST).contains(&value) {
                return Err(Refusal::Absurd { name, value });
            }
        }
        if burst.is_some() && self.rps.is_none() && self.rpm.is_none() {
            return Err(Refusal::BurstOfNothing);
        }
        if self.allowlist.len() > Self::MOST_ALLOWED {
            return Err(Refusal::ManyAllowed { networks: self.allowlist.len() });
        }
        Ok(self)
    }
}
