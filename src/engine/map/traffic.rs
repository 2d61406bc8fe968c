//! The traffic that was seen, between places of the map.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::LiveEdge;
use super::place::Place;
use crate::detect::{Class, Score};
use crate::engine::snapshot::{Conversation, Snapshot};
use crate::incident::Who;
use crate::packet::Address;

/// Addresses outside that have a node of their own: those with the worst scores.
const OUTSIDE: usize = 50;

/// Ports that are named of an edge.
const PORTS: usize = 8;

/// Where an edge begins and where it ends.
type Ends = (Place, Place);

#[derive(Debug, Default)]
struct Sum {
    ports: BTreeSet<u16>,
    flows: u64,
    bytes: u64,
    flows_per_s: f64,
    bytes_per_s: f64,
    resets: u64,
    /// Whether it alarmed comes first.
    worst: Option<(bool, Score, Class)>,
}

/// The traffic of all conversations, the worst first, and where it begins and ends.
pub(super) fn edges(snapshot: &Snapshot) -> Vec<(Place, Place, LiveEdge)> {
    let ends: Vec<_> = snapshot
        .conversations
        .iter()
        .map(|one| (one, who(snapshot, one, Side::Client), who(snapshot, one, Side::Server)))
        .collect();
    let mut outside = BTreeSet::new();
    for (one, client, server) in &ends {
        let strangers = [(client, one.client), (server, one.server)];
        for (_, address) in strangers.iter().filter(|(who, _)| who.is_none()) {
            if outside.len() < OUTSIDE {
                outside.insert(*address);
            }
        }
    }
    let place = |who: &Option<Arc<Who>>, address: Address| match who {
        Some(who) => Place::from(who.as_ref()),
        None if outside.contains(&address) => Place::outside(address),
        None => Place::others_outside(),
    };
    let mut sums = BTreeMap::<Ends, Sum>::new();
    for (one, client, server) in &ends {
        let ends = (place(client, one.client), place(server, one.server));
        sums.entry(ends).or_default().add(one);
    }
    let mut edges: Vec<_> = sums
        .into_iter()
        .map(|((from, to), sum)| {
            let edge = sum.edge(from.id(), to.id());
            (from, to, edge)
        })
        .collect();
    edges.sort_by_cached_key(|(_, _, edge)| {
        (Reverse(edge.is_alarm), Reverse(edge.score.to_bits()), Reverse(edge.flows))
    });
    edges
}

#[derive(Clone, Copy)]
enum Side {
    Client,
    Server,
}

fn who(snapshot: &Snapshot, one: &Conversation, side: Side) -> Option<Arc<Who>> {
    let (known, address) = match side {
        Side::Client => (&one.client_who, one.client),
        Side::Server => (&one.server_who, one.server),
    };
    known.clone().or_else(|| snapshot.world.who(address, one.last_us))
}

impl Sum {
    fn add(&mut self, one: &Conversation) {
        let lasted_us = one.last_us.saturating_sub(one.first_us);
        if self.ports.len() < PORTS {
            self.ports.extend(one.server_port);
        }
        self.flows += one.flows;
        self.bytes += one.bytes;
        self.resets += one.resets;
        self.flows_per_s += per_s(one.flows, lasted_us);
        self.bytes_per_s += per_s(one.bytes, lasted_us);
        let worst = (one.is_alarm, one.score, one.class);
        if self.worst.is_none_or(|known| (known.0, known.1) < (worst.0, worst.1)) {
            self.worst = Some(worst);
        }
    }

    fn edge(self, from: String, to: String) -> LiveEdge {
        let (is_alarm, score, class) = self.worst.unwrap_or((false, Score::ZERO, Class::Benign));
        LiveEdge {
            from,
            to,
            ports: self.ports.into_iter().collect(),
            flows: self.flows,
            bytes: self.bytes,
            flows_per_s: self.flows_per_s,
            bytes_per_s: self.bytes_per_s,
            resets: self.resets,
            score: score.value(),
            class: class.name(),
            is_alarm,
        }
    }
}

/// A rate over a time that is at least a second.
#[expect(clippy::cast_precision_loss, reason = "a rate is rounded anyway")]
fn per_s(count: u64, lasted_us: i64) -> f64 {
    count as f64 / (lasted_us.max(1_000_000) as f64 / 1e6)
}
