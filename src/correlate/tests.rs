//! Which process a flow gets, and when none.

mod losses;
mod properties;

use std::sync::Arc;

use super::*;
use crate::incident::Process;
use crate::packet::{Address, Tuple, protocol};

const S: i64 = 1_000_000;
const MS: i64 = 1_000;

fn owner(name: &str, pod: &str) -> Arc<Owner> {
    let namespace = if pod.is_empty() { String::new() } else { "shop".into() };
    let process = Process {
        binary: name.into(),
        namespace,
        pod: pod.into(),
        node: "worker-1".into(),
        ..Process::default()
    };
    Arc::new(Owner { id: format!("{pod}/{name}"), parent_id: "none".into(), process })
}

fn end(text: &str) -> End {
    let at: std::net::SocketAddr = text.parse().unwrap();
    End { address: at.ip().into(), port: at.port() }
}

fn claim(step: Step, local: &str, remote: &str, at_us: i64, owner: &Arc<Owner>) -> Claim<'static> {
    let known = |text: &str| (!text.is_empty()).then(|| end(text));
    Claim {
        step,
        protocol: protocol::TCP,
        local: known(local),
        remote: known(remote),
        socket: 0,
        node: "worker-1",
        at_us,
        owner: Some(Arc::clone(owner)),
    }
}

/// A flow that is over.
pub(super) fn flow(source: &str, target: &str, first_us: i64, last_us: i64) -> Asked {
    let (source, target) = (end(source), end(target));
    let tuple = Tuple {
        source: source.address,
        target: target.address,
        source_port: source.port,
        target_port: target.port,
        protocol: protocol::TCP,
        icmp_type: 0,
    };
    Asked { tuple, first_us, last_us, ending: Ending::Over, now_us: last_us + 10 * S }
}

/// What a cluster knows: pods by their addresses, and a service in front of some.
#[derive(Default)]
struct Cluster {
    pods: Vec<(&'static str, Address)>,
    service: Option<(Address, Vec<Address>)>,
}

impl Places for Cluster {
    fn is_same(&self, one: Address, other: Address) -> bool {
        self.service.as_ref().is_some_and(|(service, behind)| {
            (one == *service && behind.contains(&other))
                || (other == *service && behind.contains(&one))
        })
    }

    fn has(&self, owner: &Owner, address: Address) -> Option<bool> {
        let mut of_pod = self.pods.iter().filter(|(pod, _)| *pod == owner.process.pod).peekable();
        of_pod.peek()?;
        Some(of_pod.any(|(_, one)| *one == address))
    }
}

fn names(found: &Found) -> [&str; 2] {
    [&found.client, &found.server].map(|one| one.owner().map_or("-", |one| &one.process.binary))
}

const WEB: &str = "10.1.0.1:40000";
const DB: &str = "10.2.0.1:5432";

fn correlator() -> Correlator {
    Correlator::new(1 << 20)
}

#[test]
fn a_flow_has_who_opened_it_and_who_took_it() {
    let mut all = correlator();
    all.claim(&claim(Step::Connect, WEB, DB, S, &owner("curl", "web")));
    all.claim(&claim(Step::Accept, DB, WEB, S + 2 * MS, &owner("postgres", "db")));
    let asked = flow(WEB, DB, S + 100, 2 * S);
    assert_eq!(names(&all.ask(&asked, &Nowhere)), ["curl", "postgres"]);
    let other = flow("10.1.0.1:40001", DB, S + 100, 2 * S);
    assert_eq!(names(&all.ask(&other, &Nowhere)), ["-", "-"]);
}

#[test]
fn a_port_that_is_used_again_gets_the_new_process_and_never_the_old_one() {
    let (first, second) = (owner("first", "web"), owner("second", "web"));
    let flows = [flow(WEB, DB, S + 100, 2 * S), flow(WEB, DB, 2 * S + 3 * MS, 3 * S)];
    let claims = [
        claim(Step::Connect, WEB, DB, S, &first),
        claim(Step::Connect, WEB, DB, 2 * S + 2 * MS, &second),
    ];
    let mut all = correlator();
    // Late, and in the wrong order.
    claims.iter().rev().for_each(|claim| all.claim(claim));
    let found = flows.map(|asked| all.ask(&asked, &Nowhere));
    assert_eq!(found.each_ref().map(|found| names(found)[0]), ["first", "second"]);
    let mut all = correlator();
    all.claim(&claims[0]);
    let found = flows.map(|asked| all.ask(&asked, &Nowhere));
    assert_eq!(found.each_ref().map(|found| names(found)[0]), ["first", "-"], "it was not heard");
    let mut all = correlator();
    all.claim(&claims[1]);
    let found = flows.map(|asked| all.ask(&asked, &Nowhere));
    assert_eq!(found.each_ref().map(|found| names(found)[0]), ["-", "second"]);
}

#[test]
fn a_process_that_closes_is_behind_a_flow_that_began_before_anything_was_heard() {
    let of = |first_us, last_us| {
        let mut all = correlator();
        all.claim(&claim(Step::Close, WEB, DB, 90 * S, &owner("curl", "web")));
        names(&all.ask(&flow(WEB, DB, first_us, last_us), &Nowhere))[0].to_owned()
    };
    assert_eq!(of(S, 91 * S), "curl");
    assert_eq!(of(S, 80 * S), "-", "of another");
    assert_eq!(of(90 * S + MS, 91 * S), "-");
}

#[test]
fn flows_that_go_on_where_another_was_cut_off_are_of_the_same_connection() {
    let mut all = correlator();
    all.claim(&claim(Step::Connect, WEB, DB, S, &owner("curl", "web")));
    let cut = |first_us, last_us| Asked { ending: Ending::Cut, ..flow(WEB, DB, first_us, last_us) };
    let flows = [cut(S + 50, 121 * S), cut(122 * S, 240 * S), flow(WEB, DB, 241 * S, 250 * S)];
    let again = flow(WEB, DB, 251 * S, 252 * S);
    let found = [flows[0], flows[1], flows[2], again].map(|asked| all.ask(&asked, &Nowhere));
    assert_eq!(found.each_ref().map(|one| names(one)[0]), ["curl", "curl", "curl", "-"]);
}

#[test]
fn a_connection_that_was_opened_and_never_seen_is_no_other_that_begins_later() {
    let mut all = correlator();
    all.claim(&claim(Step::Connect, WEB, DB, S, &owner("curl", "web")));
    assert_eq!(names(&all.ask(&flow(WEB, DB, 9 * S, 10 * S), &Nowhere))[0], "-");
    let opened = Claim { socket: 7, ..claim(Step::Connect, "", DB, 20 * S, &owner("curl", "web")) };
    all.claim(&opened);
    let named = Claim { owner: None, ..claim(Step::Named, WEB, DB, 21 * S + MS, &owner("-", "")) };
    all.claim(&Claim { socket: 7, ..named });
    assert_eq!(names(&all.ask(&flow(WEB, DB, 21 * S, 22 * S), &Nowhere))[0], "-");
}

#[test]
fn what_was_handed_to_a_child_stays_with_whoever_opened_it() {
    let mut all = correlator();
    let parent = owner("parent", "web");
    let child = Owner { parent_id: parent.id.clone(), ..Owner::clone(&owner("child", "web")) };
    all.claim(&claim(Step::Connect, WEB, DB, S, &parent));
    all.claim(&claim(Step::Close, WEB, DB, 2 * S, &Arc::new(child)));
    assert_eq!(names(&all.ask(&flow(WEB, DB, S, 2 * S), &Nowhere))[0], "parent");
    all.claim(&claim(Step::Connect, WEB, DB, 3 * S, &parent));
    all.claim(&claim(Step::Close, WEB, DB, 4 * S, &owner("stranger", "web")));
    assert_eq!(names(&all.ask(&flow(WEB, DB, 3 * S, 4 * S), &Nowhere))[0], "-");
}

#[test]
fn the_address_of_a_service_is_that_of_the_pod_behind_it() {
    let pod = end(DB).address;
    let service = end("10.96.0.10:80");
    let cluster = Cluster { service: Some((service.address, vec![pod])), ..Cluster::default() };
    let mut all = correlator();
    all.claim(&claim(Step::Connect, WEB, "10.96.0.10:80", S, &owner("curl", "web")));
    all.claim(&claim(Step::Accept, DB, WEB, S + MS, &owner("postgres", "db")));
    let behind = flow(WEB, DB, S + 50, 2 * S);
    assert_eq!(names(&all.ask(&behind, &cluster)), ["curl", "postgres"]);
    let before = flow(WEB, "10.96.0.10:80", S + 50, 2 * S);
    assert_eq!(names(&all.ask(&before, &cluster)), ["curl", "postgres"]);
    let elsewhere = flow(WEB, "10.2.0.9:5432", S + 50, 2 * S);
    assert_eq!(names(&all.ask(&elsewhere, &cluster)), ["-", "-"]);
}

#[test]
fn a_port_that_the_kernel_picks_is_known_by_the_socket() {
    let (first, second) = (owner("first", "web"), owner("second", "web"));
    let opened = |at_us, who| Claim { socket: 7, ..claim(Step::Connect, "", DB, at_us, who) };
    let named = |local, at_us| Claim {
        socket: 7,
        owner: None,
        ..claim(Step::Named, local, DB, at_us, &first)
    };
    let claims = [
        opened(S, &first),
        named(WEB, S + MS),
        // The kernel uses the place in memory again.
        opened(2 * S, &second),
        named("10.1.0.1:40001", 2 * S + MS),
    ];
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [3, 0, 1, 2]] {
        let mut all = correlator();
        for at in order {
            all.claim(&claims[at]);
        }
        let asked =
            [flow(WEB, DB, S + 50, S + 9 * MS), flow("10.1.0.1:40001", DB, 2 * S + 50, 3 * S)];
        let found = asked.map(|asked| all.ask(&asked, &Nowhere));
        assert_eq!(found.each_ref().map(|one| names(one)[0]), ["first", "second"], "{order:?}");
    }
}

#[test]
fn who_waits_at_a_port_is_not_believed_to_take_what_comes() {
    let cluster = Cluster { pods: vec![("web", end("10.1.0.1:0").address)], ..Cluster::default() };
    let mut all = correlator();
    all.claim(&claim(Step::Listen, "0.0.0.0:80", "", S, &owner("nginx", "web")));
    let asked = flow("10.9.0.1:1000", "10.1.0.1:80", 2 * S, 3 * S);
    assert_eq!(names(&all.ask(&asked, &cluster)), ["-", "-"], "a child may");
    all.claim(&claim(Step::Accept, "10.1.0.1:80", "10.9.0.1:1000", 2 * S, &owner("worker", "web")));
    assert_eq!(names(&all.ask(&asked, &cluster)), ["-", "worker"]);
}

#[test]
fn two_places_that_claim_the_same_are_believed_only_where_one_has_the_address() {
    let mut all = correlator();
    all.claim(&claim(Step::Connect, WEB, DB, S, &owner("curl", "web")));
    all.claim(&claim(Step::Connect, WEB, DB, S, &owner("wget", "other")));
    let asked = flow(WEB, DB, S + 50, 2 * S);
    assert_eq!(names(&all.ask(&asked, &Nowhere))[0], "-");
    let (web, other) = (end(WEB).address, end("10.1.0.7:0").address);
    let half = Cluster { pods: vec![("web", web)], ..Cluster::default() };
    assert_eq!(names(&all.ask(&asked, &half))[0], "curl");
    let both = Cluster { pods: vec![("web", web), ("other", other)], ..Cluster::default() };
    assert_eq!(names(&all.ask(&asked, &both))[0], "curl");
    let neither = Cluster { pods: vec![("web", other), ("other", other)], ..Cluster::default() };
    assert_eq!(names(&all.ask(&asked, &neither))[0], "-");
}

#[test]
fn a_claim_without_a_port_counts_where_only_one_flow_may_be_meant() {
    let unnamed = |who: &Arc<Owner>| Claim { protocol: 0, ..claim(Step::Connect, "", DB, S, who) };
    let (one, other) = (flow(WEB, DB, S + MS, 2 * S), flow("10.1.0.1:40001", DB, S + MS, 2 * S));
    let mut all = correlator();
    all.claim(&unnamed(&owner("curl", "web")));
    assert_eq!(names(&all.ask(&Asked { now_us: S + MS, ..one }, &Nowhere))[0], "-", "too soon");
    assert_eq!(names(&all.ask(&one, &Nowhere))[0], "curl");
    all.ask(&other, &Nowhere);
    assert_eq!(names(&all.ask(&one, &Nowhere))[0], "-", "either");
    let mut all = correlator();
    all.claim(&unnamed(&owner("curl", "web")));
    all.claim(&unnamed(&owner("wget", "web")));
    assert_eq!(names(&all.ask(&one, &Nowhere))[0], "-", "either of them");
    let mut all = correlator();
    all.claim(&unnamed(&owner("curl", "web")));
    all.claim(&claim(Step::Connect, "10.1.0.1:40001", DB, S, &owner("wget", "web")));
    all.ask(&other, &Nowhere);
    assert_eq!(names(&all.ask(&one, &Nowhere))[0], "curl", "the other one is known");
}

#[test]
fn a_clock_that_is_wrong_is_set_right() {
    let mut all = correlator();
    let behind = -1_300 * MS;
    for number in 0..10 {
        let at = S + number * 100 * MS;
        let from = format!("10.1.0.1:{}", 41_000 + number);
        all.claim(&claim(Step::Connect, &from, DB, at + behind, &owner("usual", "web")));
        all.ask(&flow(&from, DB, at + 50, at + 50 * MS), &Nowhere);
    }
    let (first, second) = (owner("first", "web"), owner("second", "web"));
    for (at, who) in [(10 * S, &first), (11 * S, &second), (12 * S, &first)] {
        all.claim(&claim(Step::Connect, WEB, DB, at + behind, who));
    }
    let found = [10, 11, 12].map(|at| all.ask(&flow(WEB, DB, at * S + 60, at * S + MS), &Nowhere));
    assert_eq!(found.each_ref().map(|one| names(one)[0]), ["first", "second", "first"]);
}

#[test]
fn a_datagram_socket_has_both_what_it_sends_and_what_it_gets() {
    let udp =
        |asked: Asked| Asked { tuple: Tuple { protocol: protocol::UDP, ..asked.tuple }, ..asked };
    let sent = |local, at_us, who: &str| Claim {
        protocol: protocol::UDP,
        ..claim(Step::Listen, local, "", at_us, &owner(who, "dns"))
    };
    let dns = "10.3.0.1:53";
    let mut all = correlator();
    all.claim(&sent(dns, 2 * S + 10, "coredns"));
    let asked = udp(flow(WEB, dns, 2 * S, 2 * S + MS));
    assert_eq!(names(&all.ask(&asked, &Nowhere)), ["-", "coredns"]);
    let upstream = udp(flow(dns, "10.9.0.1:53", 2 * S + 60, 2 * S + MS));
    assert_eq!(names(&all.ask(&upstream, &Nowhere)), ["coredns", "-"]);
    // It has ended since, and nobody has told of it.
    let later = udp(flow(WEB, dns, 9 * S, 9 * S + MS));
    assert_eq!(names(&all.ask(&later, &Nowhere)), ["-", "-"]);
    all.claim(&sent(dns, 9 * S + 10, "dnsmasq"));
    assert_eq!(names(&all.ask(&later, &Nowhere)), ["-", "dnsmasq"]);
    all.claim(&sent(dns, 9 * S + 20, "other"));
    assert_eq!(names(&all.ask(&later, &Nowhere)), ["-", "-"], "they share it");
}

#[test]
fn memory_is_bounded_and_what_is_forgotten_is_counted() {
    let mut all = Correlator::new(200_000);
    for number in 0..5_000_u16 {
        let who = owner(&"x".repeat(usize::from(number % 300)), &number.to_string());
        let from = format!("10.1.{}.{}:40000", number / 250, number % 250);
        all.claim(&claim(Step::Connect, &from, DB, S, &who));
        let listen = claim(Step::Listen, &format!("0.0.0.0:{}", number + 1), "", S, &who);
        all.claim(&Claim { protocol: protocol::UDP, ..listen });
        let socket = u64::from(number) + 1;
        all.claim(&Claim { socket, ..claim(Step::Connect, "", DB, S, &who) });
        assert!(all.bytes() <= 200_000, "{}", all.bytes());
    }
    assert!(all.evicted() > 3_000, "{}", all.evicted());
    while all.forget_for_test() {}
    assert_eq!(all.owners.bytes, 0, "what is kept is counted");
}
