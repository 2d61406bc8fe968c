//! What is kept, for how long, and that nobody waits.

use super::entry::Entry;
use super::*;
use crate::packet::application::Head;
use crate::packet::{Address, Decoder, Frame, LinkType};
use crate::respond::{Answer, Arrival, ResetBy};

const SECOND_US: i64 = 1_000_000;
const START_US: i64 = 1_700_000_000 * SECOND_US;

const SERVER: ([u8; 4], u16) = ([192, 0, 2, 10], 80);
const ACK: u8 = 0x10;
const RST: u8 = 0x04;

/// A segment on its way.
#[derive(Clone)]
struct Sent {
    at_us: i64,
    from: ([u8; 4], u16),
    to: ([u8; 4], u16),
    sequence: u32,
    flags: u8,
    text: String,
}

impl Sent {
    /// A request for `host`, as the first bytes of a connection of its own.
    fn request(at_us: i64, client: u8, host: &str) -> Self {
        let port = u16::try_from(at_us / 100 % 30_000).unwrap() + 30_000;
        Self {
            at_us: START_US + at_us,
            from: ([203, 0, 113, client], port),
            to: SERVER,
            sequence: u32::try_from(at_us & 0xffff_ffff).unwrap(),
            flags: ACK,
            text: format!("GET /login HTTP/1.1\r\nHost: {host}\r\n\r\n"),
        }
    }

    fn answer(&self, status: &str) -> Self {
        let text = format!("HTTP/1.1 {status}\r\n\r\n");
        Self { from: self.to, to: self.from, at_us: self.at_us + 1_000, text, ..self.clone() }
    }

    fn reset(&self) -> Self {
        let at_us = self.at_us + 2_000;
        Self { at_us, flags: RST, text: String::new(), sequence: 7, ..self.clone() }
    }

    fn back(&self) -> Self {
        Self { from: self.to, to: self.from, ..self.clone() }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0x45, 0, 0, 0, 0, 0, 0, 0, 64, 6, 0, 0];
        bytes.extend(self.from.0.iter().chain(&self.to.0));
        bytes.extend(self.from.1.to_be_bytes());
        bytes.extend(self.to.1.to_be_bytes());
        bytes.extend(self.sequence.to_be_bytes());
        bytes.extend([0, 0, 0, 0, 0x50, self.flags, 0x20, 0, 0, 0, 0, 0]);
        bytes.extend(self.text.as_bytes());
        let len = u16::try_from(bytes.len()).unwrap();
        bytes[2..4].copy_from_slice(&len.to_be_bytes());
        bytes
    }
}

fn observe(recorder: &mut ArrivalRecorder, sent: &Sent) {
    let mut decoder = Decoder::default();
    let bytes = sent.bytes();
    let wire_len = u32::try_from(bytes.len()).unwrap();
    let frame = Frame { time_us: sent.at_us, link: LinkType::RawIp, wire_len, bytes: &bytes };
    let packet = decoder.decode(&frame).unwrap();
    recorder.observe(&decoder, &frame, &packet);
}

/// What is there after a replay of `sent`.
fn replayed(sent: &[Sent]) -> Arc<Arrivals> {
    let arrivals = Arrivals::new(120 * SECOND_US);
    let mut recorder = arrivals.recorder(Pace::Replay);
    for sent in sent {
        observe(&mut recorder, sent);
    }
    arrivals
}

fn hosts(arrivals: &Arrivals) -> Vec<String> {
    let recent = arrivals.recent();
    let host = |arrival: Arrival| arrival.host.map_or("-".into(), |host| host.to_string());
    recent.arrivals(&Wanted::default()).map(host).collect()
}

#[test]
fn a_million_arrivals_fit_40_mib() {
    assert_eq!(size_of::<Entry>(), 40);
}

#[test]
fn an_arrival_says_who_asked_whom_for_what_and_its_answer_says_what_came_of_it() {
    let request = Sent::request(0, 66, "Shop.example:80");
    let arrivals =
        replayed(&[request.clone(), request.answer("100 Continue"), request.answer("503 x")]);
    let recent = arrivals.recent();
    let found: Vec<_> = recent.arrivals(&Wanted::default()).collect();
    let [arrival] = found.as_slice() else { panic!("{found:?}") };
    let (client, server) = (Address::v4([203, 0, 113, 66]), Address::v4(SERVER.0));
    assert_eq!((arrival.at_us, arrival.client, arrival.server), (START_US, client, server));
    assert_eq!((arrival.client_port, arrival.server_port), (30_000, 80));
    assert_eq!(
        (arrival.host.as_deref(), arrival.path.as_deref()),
        (Some("shop.example"), Some("/login"))
    );
    assert_eq!(arrival.head, Head::Complete);
    let answers: Vec<_> = recent.answers(&Wanted::default()).collect();
    let at_us = START_US + 1_000;
    let answer =
        Answer { at_us, client, client_port: 30_000, server, server_port: 80, status: 503 };
    assert_eq!(answers, [answer], "what only says that an answer will come is none");
}

#[test]
fn what_is_sent_again_or_seen_at_two_interfaces_counts_once() {
    let arrivals = Arrivals::new(SECOND_US);
    let (mut one, mut other) = (arrivals.recorder(Pace::Live), arrivals.recorder(Pace::Live));
    let request = Sent::request(0, 1, "a");
    let again = Sent { at_us: request.at_us + 300_000, ..request.clone() };
    let next = Sent { sequence: request.sequence + 1, ..again.clone() };
    for sent in [&request, &again, &next, &request.reset(), &request.reset()] {
        observe(&mut one, sent);
        observe(&mut other, sent);
    }
    drop((one, other));
    assert_eq!(hosts(&arrivals), ["a", "a"]);
    assert_eq!(arrivals.recent().resets(&Wanted::default()).count(), 1);
}

#[test]
fn a_reset_is_told_by_who_sent_it_and_only_where_something_arrived() {
    let [by_client, by_server] = [1, 2].map(|client| Sent::request(i64::from(client), client, "a"));
    let scan = Sent { to: (SERVER.0, 22), ..by_client.clone() };
    let arrivals = replayed(&[
        scan.reset().back(),
        by_client.clone(),
        by_client.reset(),
        by_server.reset().back(),
    ]);
    let recent = arrivals.recent();
    let told =
        recent.resets(&Wanted::default()).map(|reset| (reset.client, reset.server_port, reset.by));
    let expected = [([203, 0, 113, 1], ResetBy::Client), ([203, 0, 113, 2], ResetBy::Server)];
    assert_eq!(
        told.collect::<Vec<_>>(),
        expected.map(|(client, by)| (Address::v4(client), 80, by))
    );
}

#[test]
fn what_is_wanted_is_told_by_time_server_and_host() {
    let elsewhere = Sent { to: ([10, 0, 0, 1], 80), ..Sent::request(3 * SECOND_US, 1, "a") };
    let arrivals = replayed(&[
        Sent::request(0, 1, "a"),
        Sent::request(SECOND_US, 1, "b"),
        Sent::request(2 * SECOND_US, 1, "no name"),
        elsewhere,
    ]);
    let recent = arrivals.recent();
    let seconds = |wanted: &Wanted<'_>| -> Vec<i64> {
        recent.arrivals(wanted).map(|arrival| (arrival.at_us - START_US) / SECOND_US).collect()
    };
    assert_eq!(seconds(&Wanted::default()), [0, 1, 2, 3]);
    let span_us = Some(START_US + 1..=START_US + 2 * SECOND_US);
    assert_eq!(seconds(&Wanted { span_us, ..Wanted::default() }), [1, 2]);
    let servers: &[Address] = &[Address::v4(SERVER.0)];
    assert_eq!(seconds(&Wanted { servers: Some(servers), ..Wanted::default() }), [0, 1, 2]);
    let is_a: &dyn Fn(Option<&str>) -> bool = &|host| host == Some("a");
    assert_eq!(seconds(&Wanted { host: Some(is_a), ..Wanted::default() }), [0, 3]);
    let is_none: &dyn Fn(Option<&str>) -> bool = &|host| host.is_none();
    assert_eq!(seconds(&Wanted { host: Some(is_none), ..Wanted::default() }), [2]);
    assert_eq!(arrivals.counts().without_host, 1);
}

#[test]
fn late_packets_are_in_their_place_and_those_of_ten_minutes_ago_are_gone() {
    let minute = 60 * SECOND_US;
    let arrivals = replayed(&[
        Sent::request(0, 1, "first"),
        Sent::request(5 * minute, 1, "third"),
        Sent::request(5 * minute - SECOND_US, 1, "second"),
        Sent::request(10 * minute + 1, 1, "last"),
    ]);
    assert_eq!(hosts(&arrivals), ["second", "third", "last"]);
    assert_eq!(arrivals.recent().now_us(), START_US + 10 * minute + 1);
}

#[test]
fn a_clock_that_jumps_back_begins_another_capture() {
    let arrivals = replayed(&[
        Sent::request(0, 1, "a"),
        Sent::request(600 * SECOND_US, 1, "b"),
        Sent::request(300 * SECOND_US, 1, "c"),
        Sent::request(301 * SECOND_US, 1, "d"),
    ]);
    assert_eq!(hosts(&arrivals), ["c", "d"]);
    assert_eq!(arrivals.counts().recorded, 4);
}

#[test]
fn whoever_makes_up_hosts_pushes_no_host_out_that_is_in_use() {
    let mut sent = vec![Sent::request(0, 1, "shop.example")];
    sent.extend((1..=5_000).map(|at| Sent::request(at, 2, &format!("x{at}"))));
    sent.push(Sent::request(6_000, 1, "shop.example"));
    let arrivals = replayed(&sent);
    assert_eq!(hosts(&arrivals).last().map(String::as_str), Some("shop.example"));
    assert_eq!((arrivals.counts().recorded, arrivals.counts().unnamed), (5_002, 905));
    // Once they are forgotten there is room again.
    let mut recorder = arrivals.recorder(Pace::Replay);
    observe(&mut recorder, &Sent::request(700 * SECOND_US, 1, "api.example"));
    observe(&mut recorder, &Sent::request(701 * SECOND_US, 1, "new.example"));
    assert_eq!(hosts(&arrivals).last().map(String::as_str), Some("new.example"));
}

#[test]
fn what_a_reader_holds_is_not_changed_by_what_comes() {
    let arrivals = replayed(&[Sent::request(0, 1, "a")]);
    let before = arrivals.recent();
    let mut recorder = arrivals.recorder(Pace::Replay);
    for at in [1, 2] {
        observe(&mut recorder, &Sent::request(at * 900 * SECOND_US, 1, "b"));
    }
    let found: Vec<_> = before.arrivals(&Wanted::default()).collect();
    assert_eq!(
        found.iter().map(|arrival| arrival.host.as_deref()).collect::<Vec<_>>(),
        [Some("a")]
    );
    assert_eq!(hosts(&arrivals), ["b"]);
}

#[test]
fn a_live_capture_does_not_wait_for_a_reader_and_what_has_no_room_is_counted() {
    let arrivals = Arrivals::new(SECOND_US);
    let mut recorder = arrivals.recorder(Pace::Live);
    let reader = arrivals.locked();
    for at in 0..70_000 {
        observe(&mut recorder, &Sent::request(at, 1, "a"));
        recorder.hand_over();
    }
    drop(reader);
    assert_eq!(arrivals.counts().recorded, 0, "somebody was there all the time");
    recorder.hand_over();
    let counts = arrivals.counts();
    assert_eq!((counts.recorded, counts.unrecorded), (65_536, 70_000 - 65_536));
}

#[test]
fn of_more_than_a_million_the_oldest_go_first() {
    let mut store = Store::default();
    let request = Sent::request(0, 1, "a");
    let mut recorder = Arrivals::new(SECOND_US).recorder(Pace::Live);
    observe(&mut recorder, &request);
    let template = recorder.batch().found()[0];
    let count = 1_100_000_i64;
    for first in (0..count).step_by(50_000) {
        let mut batch = batch::Batch::default();
        let host = Some(batch.text("a"));
        for at in first..first + 50_000 {
            let print = 1 + at.unsigned_abs();
            let what = entry::What::Handshake { host, head: Head::Complete };
            batch.push(entry::Found { at_us: START_US + at, print, what, ..template });
        }
        store.take(&batch, START_US + first);
    }
    let recent = store.recent();
    let found: Vec<i64> =
        recent.arrivals(&Wanted::default()).map(|arrival| arrival.at_us - START_US).collect();
    assert!(found.len() <= 1 << 20 && found.len() > (1 << 20) - 4_096, "{}", found.len());
    assert_eq!(found.last(), Some(&(count - 1)));
    assert_eq!(recent.since_us(), Some(START_US + count - i64::try_from(found.len()).unwrap()));
}
