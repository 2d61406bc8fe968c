//! Arrivals and Ingresses for tests.

use std::sync::Arc;

use super::{
    Answer, Arrival, ArrivalKind, Controller, IngressName, Reset, ResetBy, Site, SiteRoute,
};
use crate::detect::{Class, Score, Weight};
use crate::incident::{Hosts, Incident, IncidentId, Names, Severity, Status};
use crate::packet::Address;
use crate::packet::application::Head;

/// A second in µs.
pub(super) const SECOND: i64 = 1_000_000;

/// When an attack begins, in s.
pub(super) const ATTACK: i64 = 60;

/// When it is first heard of, in s.
pub(super) const HEARD: i64 = 70;

/// The controller of every Ingress here.
pub(super) const CONTROLLER: Address = Address::v4([10, 0, 0, 1]);

/// A client outside.
pub(super) const fn client(last: u8) -> Address {
    Address::v4([203, 0, 113, last])
}

/// A pod.
pub(super) const fn pod(last: u8) -> Address {
    Address::v4([10, 244, 1, last])
}

/// A request for `shop.example`, on a connection that others of the client share.
pub(super) fn request(at_us: i64, client: Address) -> Arrival {
    Arrival {
        at_us,
        client,
        client_port: 40_000,
        server: CONTROLLER,
        server_port: 80,
        host: Some(Arc::from("shop.example")),
        path: Some(Arc::from("/")),
        kind: ArrivalKind::Request,
        head: Head::Complete,
    }
}

fn hosts(of: &[Address]) -> Hosts {
    Hosts { listed: of.to_vec(), total: of.len() as u64 }
}

/// A flood of `target` by `sources` since [`ATTACK`].
pub(super) fn incident(id: u64, sources: &[Address], target: Address) -> Incident {
    Incident {
        id: IncidentId(id),
        class: Class::DosFlood,
        severity: Severity::High,
        status: Status::Open,
        score: Score::new(0.99),
        weight: Weight::nats(42.1),
        pivot: target,
        sources: hosts(sources),
        targets: hosts(&[target]),
        target_port: Some(80),
        flows: 100,
        packets: 1_000,
        bytes: 100_000,
        first_us: ATTACK * SECOND,
        last_us: HEARD * SECOND,
        detected_us: HEARD * SECOND,
        resolved_us: None,
        reopened: 0,
        acknowledged: None,
        resolved_by: None,
        feedback: None,
        muted_by: None,
        related: Vec::new(),
        names: Names::default(),
        processes: Vec::new(),
        why: Vec::new(),
        flow_ids: Vec::new(),
    }
}

/// Requests of a client at even intervals: so many a second, from and to these seconds.
pub(super) fn steady(client: Address, per_s: i64, (from_s, until_s): (i64, i64)) -> Vec<Arrival> {
    let gap_us = SECOND / per_s;
    let count = (until_s - from_s) * per_s;
    (0..count).map(|number| request(from_s * SECOND + number * gap_us, client)).collect()
}

/// All of them in order of time.
pub(super) fn merged(each: impl IntoIterator<Item = Vec<Arrival>>) -> Vec<Arrival> {
    let mut all: Vec<_> = each.into_iter().flatten().collect();
    all.sort_by_key(|arrival| (arrival.at_us, arrival.client, arrival.client_port));
    all
}

/// The answer to an arrival, a millisecond later.
pub(super) fn answer(to: &Arrival, status: u16) -> Answer {
    Answer {
        at_us: to.at_us + 1_000,
        client: to.client,
        client_port: to.client_port,
        server: to.server,
        server_port: to.server_port,
        status,
    }
}

/// The connection of an arrival is broken off by the server, a millisecond later.
pub(super) fn reset(of: &Arrival) -> Reset {
    Reset {
        at_us: of.at_us + 1_000,
        client: of.client,
        client_port: of.client_port,
        server: of.server,
        server_port: of.server_port,
        by: ResetBy::Server,
    }
}

/// `NAMESPACE/NAME`.
pub(super) fn named(name: &str) -> IngressName {
    IngressName::parse(name).unwrap()
}

/// An Ingress of ingress-nginx with one host, in front of one pod.
pub(super) fn site(name: &str, host: &str, backend: Address) -> Site {
    Site {
        ingress: named(name),
        controller: Ok(Controller::IngressNginx),
        replicas: 1,
        controller_addresses: vec![CONTROLLER],
        routes: vec![SiteRoute { host: host.to_owned(), path: "/".to_owned() }],
        backends: vec![backend],
        unprotected_by: None,
    }
}
