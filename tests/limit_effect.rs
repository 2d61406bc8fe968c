//! The effect of a limit is real: nginx, configured as ingress-nginx would from what Weir writes,
//! holds a client that asks too much and leaves others alone, and a preview says so beforehand.

mod support;

use std::sync::Arc;

use support::nginx::{Client, Nginx, SLOW, Sent};
use weir::packet::Address;
use weir::packet::application::Head;
use weir::respond::{Answer, Arrival, ArrivalKind, Burst, Controller, Limit, Preview};

/// For how long clients are watched after the burst, in s.
const WATCHED_S: f64 = 30.0;

/// What one client sent, and when.
fn arrivals(sent: &[Sent]) -> impl Iterator<Item = Arrival> {
    sent.iter().map(|sent| Arrival {
        at_us: sent.at_us,
        client: Address::from(sent.from.ip()),
        client_port: sent.from.port(),
        server: Address::v4([127, 0, 0, 1]),
        server_port: 80,
        host: Some(Arc::from("shop.example")),
        path: Some(Arc::from("/")),
        kind: ArrivalKind::Request,
        head: Head::Complete,
    })
}

/// The answers that `/slow` gives where nothing is limited: those that it gave took as long as they did.
fn answers(sent: &[Sent]) -> impl Iterator<Item = Answer> {
    let slow_us = i64::try_from(SLOW.as_micros()).expect("a short time");
    arrivals(sent).zip(sent).map(move |(arrival, sent)| Answer {
        at_us: arrival.at_us + if sent.status == 200 { sent.took_us } else { slow_us },
        client: arrival.client,
        client_port: arrival.client_port,
        server: arrival.server,
        server_port: arrival.server_port,
        status: 200,
    })
}

/// What `limit` would have meant to those who sent this.
fn preview(limit: &Limit, sent: &[&[Sent]]) -> Preview {
    let mut asked: Vec<_> = sent.iter().flat_map(|sent| arrivals(sent)).collect();
    let mut answered: Vec<_> = sent.iter().flat_map(|sent| answers(sent)).collect();
    asked.sort_by_key(|arrival| arrival.at_us);
    answered.sort_by_key(|answer| answer.at_us);
    Preview::of((Controller::IngressNginx, 1), limit, asked.iter(), &answered)
        .expect("a limit of ingress-nginx")
}

fn refused(sent: &[Sent]) -> u64 {
    sent.iter().filter(|sent| sent.status == 503).count() as u64
}

fn real(count: u64) -> f64 {
    f64::from(u32::try_from(count).expect("thousands at most"))
}

fn assert_within(what: &str, share: f64, seen: f64, expected: f64) {
    println!("{what}: {seen}, expected {expected} ± {} %", share * 100.0);
    assert!((seen - expected).abs() <= expected * share, "{what}: {seen} instead of {expected}");
}

/// The abusive client is held to what is allowed, the other loses nothing, and the preview says both.
fn assert_effect(limit: &Limit, (burst, allowed): (u32, f64), abusive: &[Sent], behaved: &[Sent]) {
    let watched = abusive.iter().skip(burst as usize).filter(|sent| sent.status == 200).count();
    assert_within("served to the abusive client", 0.10, real(watched as u64), allowed);
    assert_eq!(refused(behaved), 0, "the well-behaved client was refused");
    let preview = preview(limit, &[abusive, behaved]);
    let of = |sent: &[Sent]| {
        let client = Address::from(sent[0].from.ip());
        preview.clients.iter().find(|one| one.client == client).expect("it came").clone()
    };
    let (held, spared) = (of(abusive), of(behaved));
    assert_eq!((spared.asked, spared.refused), (behaved.len() as u64, 0));
    assert_within(
        "refused to the abusive client",
        0.05,
        real(refused(abusive)),
        real(held.refused),
    );
    let passed = |asked: u64, refused: u64| real(asked - refused);
    assert_within(
        "served in all",
        0.05,
        passed(abusive.len() as u64, refused(abusive)),
        passed(held.asked, held.refused),
    );
}

#[test]
fn a_limit_by_the_second_holds_the_abusive_client_alone() {
    const BURST: u32 = 70;
    let limit = Limit {
        rps: Some(10),
        burst: Some(Burst::Multiplier(5)),
        allowlist: vec!["127.0.0.4/32".parse().unwrap()],
        ..Limit::default()
    };
    let Some(nginx) = Nginx::limited(&limit) else { return };
    let [abusive, behaved, monitor] = nginx.load([
        Client::at("127.0.0.2").at_once(BURST).then(50.0, WATCHED_S),
        Client::at("127.0.0.3").then(5.0, WATCHED_S),
        Client::at("127.0.0.4").then(40.0, WATCHED_S),
    ]);
    assert_effect(&limit, (BURST, 10.0 * WATCHED_S), &abusive, &behaved);
    assert_eq!(refused(&monitor), 0, "whoever is in the allowlist was refused");
}

#[test]
fn a_limit_by_the_minute_holds_the_abusive_client_alone() {
    const BURST: u32 = 150;
    let limit = Limit { rpm: Some(120), burst: Some(Burst::Multiplier(1)), ..Limit::default() };
    let Some(nginx) = Nginx::limited(&limit) else { return };
    let [abusive, behaved] = nginx.load([
        Client::at("127.0.0.2").at_once(BURST).then(20.0, WATCHED_S),
        Client::at("127.0.0.3").then(1.0, WATCHED_S),
    ]);
    assert_effect(&limit, (BURST, 2.0 * WATCHED_S), &abusive, &behaved);
}

#[test]
fn a_limit_of_connections_holds_the_abusive_client_alone() {
    let limit = Limit { connections: Some(4), ..Limit::default() };
    let Some(nginx) = Nginx::limited(&limit) else { return };
    let [abusive, behaved] = nginx.load([
        Client::at("127.0.0.2").asks("/slow").anew().then(40.0, WATCHED_S),
        Client::at("127.0.0.3").asks("/slow").anew().then(4.0, WATCHED_S),
    ]);
    let served: Vec<_> = abusive.iter().filter(|sent| sent.status == 200).collect();
    let sum_us: i64 = served.iter().map(|sent| sent.took_us).sum();
    let took_s = real(sum_us.unsigned_abs()) / 1e6 / real(served.len() as u64);
    // Four at a time, and on a busy machine each takes longer.
    assert!(took_s < 2.0 * SLOW.as_secs_f64(), "{took_s} s for each");
    assert_effect(&limit, (0, 4.0 * WATCHED_S / took_s), &abusive, &behaved);
}
