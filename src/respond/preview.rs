//! Who would have been refused: recorded arrivals, asked again of the controller's own algorithm.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use foldhash::fast::RandomState;
use ipnet::IpNet;

use super::limiter::{Asker, Limiter, Ruling};
use super::{Answer, Arrival, ArrivalKind, Controller, Limit, Refusal};
use crate::packet::Address;

#[cfg(test)]
mod tests;

/// Clients that are told apart; all others count as one that is not listed.
const LISTED: usize = 65_536;

/// What a limit would have meant to one client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientPreview {
    /// Who.
    pub client: Address,
    /// Requests (of a limit by connections: connections) that came.
    pub asked: u64,
    /// Of these, how many would have been refused.
    pub refused: u64,
}

/// What a limit would have meant to those who came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preview {
    /// First arrival that was looked at, in µs since the epoch; 0 where there was none.
    pub from_us: i64,
    /// The last.
    pub until_us: i64,
    /// What each client would have seen, those refused most first.
    pub clients: Vec<ClientPreview>,
    /// What the figures do not say, each in a sentence: what was not seen, what is assumed.
    pub notes: Vec<String>,
}

impl Preview {
    /// What `limit` would have meant to `arrivals` at one Ingress, which `controller` serves with so
    /// many `replicas`; both in order of time. The `answers` to them say for how long a connection was
    /// in use, which only a limit by connections asks.
    pub fn of<'a>(
        (controller, replicas): (Controller, u32),
        limit: &Limit,
        arrivals: impl Iterator<Item = &'a Arrival> + Clone,
        answers: &[Answer],
    ) -> Result<Self, Refusal> {
        let mut run = Run {
            limiter: Limiter::new(controller, limit)?,
            spread: Spread::over(replicas, arrivals.clone()),
            allowed: &limit.allowlist,
            clients: HashMap::default(),
            unlisted: 0,
            hidden: 0,
        };
        let (mut from_us, mut until_us) = (None, 0);
        let mut answers = answers.iter().peekable();
        for arrival in arrivals {
            while let Some(answer) = answers.next_if(|answer| answer.at_us <= arrival.at_us) {
                run.answered(answer);
            }
            run.ask(arrival);
            from_us = from_us.or(Some(arrival.at_us));
            until_us = arrival.at_us;
        }
        let notes = run.notes(replicas, limit);
        let mut clients: Vec<_> = run.clients.into_values().collect();
        clients.sort_by_key(|one| (Reverse((one.refused, one.asked)), one.client));
        Ok(Self { from_us: from_us.unwrap_or_default(), until_us, clients, notes })
    }

    /// All that came.
    #[must_use]
    pub fn asked(&self) -> u64 {
        self.clients.iter().map(|client| client.asked).sum()
    }

    /// All that would have been refused.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.clients.iter().map(|client| client.refused).sum()
    }
}

/// Arrivals that are asked again.
struct Run<'l> {
    limiter: Limiter,
    spread: Spread,
    allowed: &'l [IpNet],
    clients: HashMap<Address, ClientPreview, RandomState>,
    unlisted: u64,
    hidden: u64,
}

impl Run<'_> {
    fn ask(&mut self, arrival: &Arrival) {
        let client = arrival.client;
        self.hidden += u64::from(arrival.kind != ArrivalKind::Request);
        let ruling = if is_allowed(self.allowed, client) {
            Ruling::Passed
        } else {
            let replica = self.spread.replica(arrival.server, arrival.client_port);
            self.limiter.offer(arrival.at_us, Asker { client, port: arrival.client_port, replica })
        };
        if self.clients.len() >= LISTED && !self.clients.contains_key(&client) {
            self.unlisted += 1;
            return;
        }
        let new = ClientPreview { client, asked: 0, refused: 0 };
        let seen = self.clients.entry(client).or_insert(new);
        seen.asked += 1;
        seen.refused += u64::from(ruling == Ruling::Refused);
    }

    fn answered(&mut self, answer: &Answer) {
        let (client, port) = (answer.client, answer.client_port);
        let replica = self.spread.replica(answer.server, port);
        self.limiter.answered(Asker { client, port, replica });
    }

    fn notes(&self, replicas: u32, limit: &Limit) -> Vec<String> {
        let mut notes = Vec::new();
        if self.hidden > 0 {
            notes.push(format!(
                "{} arrivals are connections of TLS or HTTP/2: requests in them are not seen, and each counts as one",
                self.hidden
            ));
        }
        if replicas > 1 && self.spread.servers.is_empty() {
            notes.push(format!(
                "each of the {replicas} replicas of the controller counts for itself; which of them a \
                 connection went to is not seen, and they are taken to share connections evenly"
            ));
        } else if replicas > 1 {
            notes.push(format!(
                "each of the {replicas} replicas of the controller counts for itself"
            ));
        }
        if limit.connections.is_some() {
            notes.push(
                "a connection is taken to be in use until its request is answered, or for a minute \
                 where no answer is seen"
                    .to_owned(),
            );
        }
        if self.unlisted > 0 {
            notes.push(format!("{} arrivals of further clients are not listed", self.unlisted));
        }
        notes
    }
}

/// Which replica a connection goes to.
struct Spread {
    replicas: u32,
    /// Their addresses where packets show them, in order; empty where all come to one address.
    servers: Vec<Address>,
}

impl Spread {
    fn over<'a>(replicas: u32, arrivals: impl Iterator<Item = &'a Arrival>) -> Self {
        let mut servers = BTreeSet::new();
        if replicas > 1 {
            let most = usize::try_from(replicas).unwrap_or(usize::MAX);
            for arrival in arrivals {
                if servers.len() < most {
                    servers.insert(arrival.server);
                }
            }
        }
        let servers = if servers.len() > 1 { servers.into_iter().collect() } else { Vec::new() };
        Self { replicas: replicas.max(1), servers }
    }

    fn replica(&self, server: Address, port: u16) -> u32 {
        match self.servers.binary_search(&server) {
            Ok(at) => u32::try_from(at).unwrap_or(u32::MAX),
            Err(_) => u32::from(port) % self.replicas,
        }
    }
}

/// Whether `client` is in one of `networks`.
pub(super) fn is_allowed(networks: &[IpNet], client: Address) -> bool {
    networks.iter().any(|network| network.contains(&std::net::IpAddr::from(client)))
}
