//! What asked whom, seen in the bundled capture and on the wire.

mod support;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use support::engine::{DEMO, await_some};
use support::evidence::{Spans, pipeline};
use weir::capture::{self, Interface};
use weir::engine::{Arrivals, Live, Meters, Options, Pipeline, Replay, Wanted, arrivals_of};
use weir::flow::Timeouts;
use weir::packet::Address;
use weir::respond::{Arrival, ArrivalKind};
use weir::settings::Speed;

const CONTROLLER: Address = Address::v4([192, 0, 2, 10]);
const WEB: Address = Address::v4([10, 244, 1, 21]);
const API: Address = Address::v4([10, 244, 1, 22]);
const ATTACKER: Address = Address::v4([203, 0, 113, 66]);

fn demo() -> PathBuf {
    DEMO.into()
}

/// The arrivals of the bundled capture.
fn bundled() -> Arc<Arrivals> {
    arrivals_of(&[demo()], &AtomicBool::new(false), |error| panic!("{error}"))
}

fn all(arrivals: &Arrivals) -> Vec<Arrival> {
    arrivals.recent().arrivals(&Wanted::default()).collect()
}

fn counted<K: Ord>(keys: impl Iterator<Item = K>) -> BTreeMap<K, usize> {
    let mut counts = BTreeMap::new();
    for key in keys {
        *counts.entry(key).or_default() += 1;
    }
    counts
}

#[test]
fn the_requests_of_the_bundled_capture_are_those_that_tshark_counts() {
    let arrivals = bundled();
    let requests = all(&arrivals).into_iter().filter(|one| one.kind == ArrivalKind::Request);
    let by_host = counted(requests.map(|one| one.host.map(|host| host.to_string())));
    let expected = [
        ("10.244.1.21", 78),
        ("10.244.1.22", 103),
        ("api.shop.example", 404),
        ("shop.example", 5_057),
    ];
    assert_eq!(by_host, expected.map(|(host, count)| (Some(host.to_owned()), count)).into());
    let handshakes = all(&arrivals).into_iter().filter(|one| one.kind == ArrivalKind::Handshake);
    assert_eq!(handshakes.count(), 14);
    let counts = arrivals.counts();
    assert_eq!((counts.recorded, counts.unnamed, counts.unrecorded), (5_656, 0, 0));
}

#[test]
fn both_legs_of_the_ingress_are_seen_the_sources_on_the_outer_the_victim_on_the_inner() {
    let arrivals = all(&bundled());
    let outer = |one: &&Arrival| one.server == CONTROLLER && one.kind == ArrivalKind::Request;
    let flood = arrivals.iter().filter(outer).filter(|one| one.client == ATTACKER);
    let asked = counted(flood.map(|one| (one.host.as_deref(), one.path.as_deref())));
    assert_eq!(asked.into_values().sum::<usize>(), 2_161);
    let legs =
        counted(arrivals.iter().filter(|one| one.kind == ArrivalKind::Request).filter_map(|one| {
            let is_inner = one.client == CONTROLLER && [WEB, API].contains(&one.server);
            let leg = if is_inner { "inner" } else { "outer" };
            let is_leg = is_inner || one.server == CONTROLLER;
            is_leg.then(|| (leg, one.host.as_deref().unwrap_or_default()))
        }));
    let expected = [
        (("inner", "api.shop.example"), 215),
        (("inner", "shop.example"), 2_545),
        (("outer", "api.shop.example"), 189),
        (("outer", "shop.example"), 2_512),
    ];
    assert_eq!(legs, expected.into());
}

#[test]
fn the_answers_of_the_bundled_capture_are_those_that_tshark_counts() {
    let recent = bundled().recent();
    let answers = recent.answers(&Wanted::default());
    let by_server =
        counted(answers.map(|answer| (answer.server, answer.server_port, answer.status)));
    let expected = [
        ((WEB, 80, 200), 2_616),
        ((WEB, 80, 404), 7),
        ((API, 8_080, 200), 318),
        ((CONTROLLER, 80, 200), 2_694),
        ((CONTROLLER, 80, 404), 7),
    ];
    assert_eq!(by_server, expected.into());
}

#[test]
fn a_replay_records_the_same_with_any_number_of_threads() {
    let expected = all(&bundled());
    for shards in [1, 3] {
        let timeouts = Timeouts { report_us: None, ..Timeouts::default() };
        let options = Options { timeouts, max_flows: 100_000, shards };
        let mut pipeline = Pipeline::new(options, Spans::default()).expect("threads");
        let arrivals = Arrivals::new(timeouts.idle_us);
        let replay = Replay {
            paths: &[demo()],
            filter: "",
            speed: Speed::Max,
            meters: &Meters::default(),
            recording: None,
            arrivals: Some(&arrivals),
            stop: &AtomicBool::new(false),
        };
        replay.run(&mut pipeline, |_| {});
        drop(pipeline.finish());
        assert!(all(&arrivals) == expected, "{shards} threads");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_told_and_the_next_one_is_read() {
    let mut failures = 0;
    let paths = [PathBuf::from("absent.pcap"), demo()];
    let arrivals = arrivals_of(&paths, &AtomicBool::new(false), |_| failures += 1);
    assert_eq!((failures, arrivals.counts().recorded), (1, 5_656));
}

#[test]
fn a_live_capture_shows_requests_and_answers_while_it_goes_on() {
    let server = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let port = server.local_addr().expect("an address").port();
    let filter = Some(format!("tcp port {port}"));
    let interface = match Interface::open("lo", &capture::Options { filter, ..Default::default() })
    {
        Ok(interface) => interface,
        Err(capture::Error::Permission { .. }) => {
            println!("skipped: needs root");
            return;
        }
        Err(error) => panic!("{error}"),
    };
    let arrivals = Arrivals::new(120_000_000);
    let stop = Arc::<AtomicBool>::default();
    let live = Live::start(vec![interface], &Arc::default(), None, Some(&arrivals), &stop);
    let live = live.expect("a thread");
    let running = std::thread::spawn(move || {
        let mut pipeline = pipeline();
        live.run(&mut pipeline);
    });
    let answering = std::thread::spawn(move || {
        let (mut stream, _) = server.accept().expect("a connection");
        let mut request = [0; 512];
        let len = stream.read(&mut request).expect("a request");
        stream.write_all(b"HTTP/1.1 503 Service Unavailable\r\n\r\n").expect("an answer");
        len
    });
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(5))).expect("a timeout");
    stream.write_all(b"GET /live/x HTTP/1.1\r\nHost: Live.example\r\n\r\n").expect("a request");
    stream.read_to_end(&mut Vec::new()).expect("an answer");
    assert!(answering.join().expect("it answers") > 0);
    let status = await_some("an answer", || {
        let recent = arrivals.recent();
        recent.answers(&Wanted::default()).next().map(|answer| answer.status)
    });
    assert_eq!(status, 503);
    let found = all(&arrivals);
    let [arrival] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(arrival.host.as_deref(), Some("live.example"));
    assert_eq!((arrival.path.as_deref(), arrival.server_port), (Some("/live"), port));
    stop.store(true, Ordering::Relaxed);
    running.join().expect("it ends");
}
