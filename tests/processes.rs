//! The processes behind real flows: trace events of the kernel, in Tetragon's form, joined with what Weir
//! captures of the same traffic between network namespaces. Needs root, iproute2 and tracefs.

#[path = "processes/pods.rs"]
mod pods;
#[path = "processes/trace.rs"]
mod trace;
#[path = "processes/work.rs"]
mod work;

use std::collections::BTreeMap;
use std::sync::Arc;

use weir::correlate::{Asked, Owner, Places};
use weir::engine::{EventId, KeptEvent, Processes};
use weir::packet::{Address, protocol};
use weir::tetragon::Event;

use pods::{CLIENTS, Network, SERVER, SERVICE};
use trace::Trace;
use work::{Capture, Captured, Client, Server};

const S: i64 = 1_000_000;

/// Connections that are made one after another by each client, and turns of the ports that are used again.
const SHORT: usize = 120;
const TURNS: usize = 60;

/// Who made a connection, as the client and the server themselves say.
#[derive(Debug, Default)]
struct Truth {
    /// By both ends as packets have them: from when to when, and which process.
    clients: BTreeMap<String, Vec<(i64, i64, u32)>>,
    /// By both ends: when it was taken, and by which process.
    servers: BTreeMap<String, Vec<(i64, u32)>>,
}

impl Truth {
    fn client(&self, flow: &Captured) -> Option<u32> {
        let all = self.clients.get(&flow.ends)?;
        let fits = |(from, until, _): &&(i64, i64, u32)| {
            *from <= flow.asked.first_us && flow.asked.first_us <= *until
        };
        all.iter().find(fits).map(|(.., pid)| *pid)
    }

    fn server(&self, flow: &Captured) -> Option<u32> {
        let all = self.servers.get(&flow.ends)?;
        let after = all.iter().filter(|(at, _)| *at >= flow.asked.first_us);
        after.min_by_key(|(at, _)| *at).map(|(_, pid)| *pid)
    }
}

/// What a cluster would know of the pods.
struct Known;

impl Places for Known {
    fn is_same(&self, one: Address, other: Address) -> bool {
        let [service, server] = [SERVICE, SERVER].map(address);
        [(one, other), (other, one)].contains(&(service, server))
    }

    fn has(&self, owner: &Owner, address: Address) -> Option<bool> {
        Some(pods::address_of(&owner.process.pod).map(self::address) == Some(address))
    }
}

fn address(text: &str) -> Address {
    text.parse::<std::net::IpAddr>().expect("an address").into()
}

/// What came of asking for every flow.
#[derive(Debug, Default)]
struct Score {
    flows: usize,
    joined: usize,
    clients: usize,
    servers: usize,
    /// However often a flow was asked for.
    wrong: usize,
}

/// Asks for every flow as an engine does: as it ends, and again some time later.
fn judge(processes: &Processes, flows: &[Captured], truth: &Truth) -> Score {
    let mut wrong = 0;
    let mut last = Score::default();
    for later in [0, 3, 10] {
        last = Score { flows: flows.len(), ..Score::default() };
        for flow in flows {
            let asked = Asked { now_us: flow.asked.last_us + later * S, ..flow.asked };
            let found = processes.ask(&asked, &Known);
            let [client, server] =
                [&found.client, &found.server].map(|one| one.owner().map(|one| one.process.pid));
            for (found, is) in [(client, truth.client(flow)), (server, truth.server(flow))] {
                if found.is_some() && found != is {
                    println!("wrong: {found:?} for {is:?} after {later} s: {flow:?}");
                    wrong += 1;
                }
            }
            last.joined += usize::from(client.is_some() || server.is_some());
            last.clients += usize::from(client.is_some());
            last.servers += usize::from(server.is_some());
        }
    }
    Score { wrong, ..last }
}

/// Numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, most: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % most.max(1)
    }
}

fn shuffled(events: &[String], reach: usize) -> Vec<&String> {
    let mut numbers = Numbers(0x2545_f491_4f6c_dd1d);
    let mut places: Vec<_> =
        events.iter().enumerate().map(|(at, event)| (at + numbers.below(reach), event)).collect();
    places.sort_by_key(|(place, _)| *place);
    places.into_iter().map(|(_, event)| event).collect()
}

/// Every fourth event is lost, from each of the first four on; and a quarter or a half by chance. With what
/// is left, and how much must be found by it.
fn losses(events: &[String]) -> Vec<(String, Vec<&String>, Least)> {
    let phases = (0..4).map(|phase| {
        let kept = events.iter().enumerate().filter(|(at, _)| (at + phase) * 7 % 4 != 0);
        let kept = kept.map(|(_, event)| event).collect();
        (format!("every fourth lost, phase {phase}"), kept, FOURTH_LOST)
    });
    let chances = (0..8_u64).map(|seed| {
        let (of, least) = if seed % 2 == 0 { (4, QUARTER_LOST) } else { (2, HALF_LOST) };
        let mut numbers = Numbers(seed);
        let kept = events.iter().filter(|_| numbers.below(of) != 0);
        (format!("one of {of} lost, seed {seed}"), kept.collect(), least)
    });
    phases.chain(chances).collect()
}

fn feed<'a>(processes: &Processes, events: impl IntoIterator<Item = &'a String>) {
    for (number, line) in events.into_iter().enumerate() {
        let event = Event::from_json(line.as_bytes()).expect("an event");
        processes.observe(&Arc::new(KeptEvent { id: EventId(number as u64 + 1), event }));
    }
}

#[test]
fn nearly_every_flow_gets_its_process_and_none_a_wrong_one() {
    if !pods::is_possible() {
        return;
    }
    let network = Network::new();
    let mut truth = Truth::default();
    let capture = Capture::start();
    // Before anything is traced: a server, and connections that go on.
    let mut old = Server::start(&network, 8_079, 1);
    let mut long: Vec<_> = (0..3).map(|_| Client::start(CLIENTS[0])).collect();
    for client in &mut long {
        for _ in 0..4 {
            client.hold(SERVER, 8_079);
        }
    }
    let trace = match Trace::start() {
        Ok(trace) => trace,
        Err(why) => return println!("skipped: {why}"),
    };
    let mut servers = vec![Server::start(&network, 8_080, 1), Server::start(&network, 8_081, 3)];
    let mut clients: Vec<_> =
        [0, 0, 0, 1, 1].into_iter().map(|pod| Client::start(CLIENTS[pod])).collect();
    let by_service = network.has_service();
    std::thread::scope(|scope| {
        for (number, client) in clients.iter_mut().enumerate() {
            scope.spawn(move || {
                for at in 0..SHORT {
                    let is_reset = at % 5 == 4;
                    match at % 3 {
                        0 if by_service => client.connect(0, SERVICE, 80, is_reset),
                        1 => client.connect(0, SERVER, 8_081, is_reset),
                        _ => client.connect(0, SERVER, 8_080, is_reset),
                    }
                    // The same number in both pods.
                    if at % 10 == 0 && number % 3 == 0 {
                        client.connect(
                            30_000 + u16::try_from(at).unwrap_or(0),
                            SERVER,
                            8_080,
                            false,
                        );
                    }
                }
            });
        }
    });
    // One port, by one process right after the other.
    for turn in 0..TURNS {
        clients[turn % 3].connect(33_333, SERVER, 8_080, turn % 4 == 3);
    }
    for client in &mut long {
        client.drop_all();
    }
    let all_clients: Vec<_> = long.into_iter().chain(clients).map(Client::finish).collect();
    old.stop();
    servers.iter_mut().for_each(Server::stop);
    let all_servers: Vec<_> = servers.into_iter().chain([old]).map(Server::finish).collect();
    let flows = capture.finish();
    let mut tasks = BTreeMap::new();
    for done in all_clients.iter().chain(&all_servers).flat_map(|all| all.iter()) {
        tasks.extend(done.tasks());
        for (end, from, until) in &done.connections {
            let pid = done.pid;
            if done.is_server {
                truth.servers.entry(end.clone()).or_default().push((*from, pid));
            } else {
                truth.clients.entry(end.clone()).or_default().push((*from, *until, pid));
            }
        }
    }
    let events = trace.finish(&tasks);
    let flows: Vec<_> = flows
        .into_iter()
        .filter(|flow| flow.asked.tuple.protocol == protocol::TCP && truth.client(flow).is_some())
        .collect();
    println!("{} flows, {} events, service by DNAT: {by_service}", flows.len(), events.len());
    assert!(flows.len() >= 5 * SHORT, "the capture has missed much: {}", flows.len());

    // All events before the first flow is asked for; in their order, and not.
    for (name, reach) in [("in order", 1), ("shuffled", 400), ("shuffled much", 4_000)] {
        let processes = Processes::new();
        feed(&processes, shuffled(&events, reach));
        report(name, &judge(&processes, &flows, &truth), WHOLE);
    }
    // Events come late: flows are asked for before, between, and after.
    let processes = Processes::new();
    let half = events.len() / 2;
    assert_eq!(judge(&processes, &flows, &truth).joined, 0);
    feed(&processes, shuffled(events.split_at(half).0, 200));
    assert_eq!(judge(&processes, &flows, &truth).wrong, 0);
    feed(&processes, shuffled(events.split_at(half).1, 200));
    report("late", &judge(&processes, &flows, &truth), WHOLE);
    // Less is found where events are lost, and nothing wrong.
    for (name, kept, least) in losses(&events) {
        let processes = Processes::new();
        feed(&processes, kept);
        report(&name, &judge(&processes, &flows, &truth), least);
    }
}

/// How many of a hundred flows must get a process, a client and a server.
type Least = [usize; 3];

const WHOLE: Least = [95, 95, 70];
/// Where connections are told of in turns, these may all be of one kind.
const FOURTH_LOST: Least = [60, 0, 0];
const QUARTER_LOST: Least = [70, 60, 45];
const HALF_LOST: Least = [50, 35, 30];

fn report(name: &str, score: &Score, least: Least) {
    println!("{name}: {score:?}");
    assert_eq!(score.wrong, 0, "{name}");
    let Score { flows, joined, clients, servers, .. } = *score;
    for (found, least) in [joined, clients, servers].into_iter().zip(least) {
        assert!(found * 100 >= flows * least, "{name}: {score:?}, at least {least} of a hundred");
    }
}
