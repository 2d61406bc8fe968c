//! Hard scenarios of which every few events are lost, and half of them by chance: never a wrong process.

use super::*;

/// Events of which every subset of up to this many is lost.
const LOST: usize = 3;

/// Losses by chance for each scenario.
const CHANCES: u64 = 400;

const SERVER: &str = "10.2.0.1:8080";
const OTHER: &str = "10.2.0.2:8080";
const SERVICE: &str = "10.96.0.10:80";

/// What is told of connections and what packets show of them.
#[derive(Default)]
struct Scenario {
    claims: Vec<Claim<'static>>,
    /// Flows, and those who ever had each end of them.
    flows: Vec<(Asked, [Vec<Arc<Owner>>; 2])>,
}

/// A connection that is made up.
#[derive(Clone, Copy)]
struct Made<'a> {
    from: &'a str,
    to: &'a str,
    /// Where it is seen to go.
    seen: &'a str,
    client: &'a Arc<Owner>,
    server: &'a Arc<Owner>,
    /// Its socket at the client; that at the server is the next.
    socket: u64,
    at_us: i64,
    lasts_us: i64,
}

impl Scenario {
    fn tell(&mut self, claim: Claim<'static>, socket: u64) {
        self.claims.push(Claim { socket, ..claim });
    }

    fn show(&mut self, made: &Made<'_>) {
        let asked = flow(made.from, made.seen, made.at_us, made.at_us + made.lasts_us);
        let had = [made.client, made.server].map(|one| vec![Arc::clone(one)]);
        self.flows.push((asked, had));
    }

    /// As the kernel's trace of states tells of it: the port comes with the socket.
    fn by_socket(&mut self, made: &Made<'_>) {
        let Made { from, to, seen, client, server, socket, at_us, lasts_us } = *made;
        self.tell(claim(Step::Connect, "", to, at_us - 20, client), socket);
        let named = Claim { owner: None, ..claim(Step::Named, from, to, at_us + 40, client) };
        self.tell(named, socket);
        self.tell(claim(Step::Close, seen, from, at_us + lasts_us - 60, server), socket + 1);
        self.tell(claim(Step::Close, from, to, at_us + lasts_us - 30, client), socket);
        self.show(made);
    }

    /// As functions of the kernel tell of it: with its port.
    fn by_port(&mut self, made: &Made<'_>) {
        let Made { from, to, seen, client, server, socket, at_us, lasts_us } = *made;
        self.tell(claim(Step::Connect, from, to, at_us - 20, client), socket);
        self.tell(claim(Step::Accept, seen, from, at_us + 80, server), socket + 1);
        self.tell(claim(Step::Close, seen, from, at_us + lasts_us - 60, server), socket + 1);
        self.tell(claim(Step::Close, from, to, at_us + lasts_us - 30, client), socket);
        self.show(made);
    }
}

/// Three processes of two pods, and two that take connections.
struct Cast([Arc<Owner>; 5]);

impl Cast {
    fn new() -> Self {
        Self([
            owner("first", "one"),
            owner("second", "one"),
            owner("third", "two"),
            owner("server", "s"),
            owner("worker", "s"),
        ])
    }

    fn made<'a>(&'a self, from: &'a str, client: usize, socket: u64, at_us: i64) -> Made<'a> {
        let [client, server] = [client, 3].map(|number| &self.0[number]);
        Made { from, to: SERVER, seen: SERVER, client, server, socket, at_us, lasts_us: 250 }
    }
}

fn cluster() -> Cluster {
    let at = |text: &str| end(text).address;
    Cluster {
        pods: vec![
            ("one", at("10.1.0.1:0")),
            ("two", at("10.1.0.2:0")),
            ("s", at(SERVER)),
            ("s", at(OTHER)),
        ],
        service: Some((at(SERVICE), vec![at(SERVER), at(OTHER)])),
    }
}

/// Three processes use one place in memory for their sockets, one right after the other.
fn a_socket_goes_round(told: fn(&mut Scenario, &Made<'_>)) -> Scenario {
    let (cast, mut all) = (Cast::new(), Scenario::default());
    for (number, from) in (0..).zip(["10.1.0.1:40001", "10.1.0.1:40002", "10.1.0.2:40003"]) {
        let made = cast.made(from, usize::try_from(number).unwrap(), 7, S + number * 400);
        told(&mut all, &made);
    }
    all
}

/// A port that processes pick themselves, one right after the other.
fn a_port_goes_round(told: fn(&mut Scenario, &Made<'_>)) -> Scenario {
    let (cast, mut all) = (Cast::new(), Scenario::default());
    for number in 0..3 {
        let client = usize::try_from(number % 2).unwrap();
        let socket = 7 + 2 * u64::from(number == 1);
        told(&mut all, &cast.made("10.1.0.1:33333", client, socket, S + number * 600));
    }
    all
}

/// Two pods and three processes talk to one service, at the same time.
fn two_pods_talk_to_one_service(told: fn(&mut Scenario, &Made<'_>)) -> Scenario {
    let (cast, mut all) = (Cast::new(), Scenario::default());
    let (clients, ports) = ([0, 1, 2], ["10.1.0.1:40001", "10.1.0.1:40002", "10.1.0.2:40001"]);
    for (number, seen) in (0..).zip([SERVER, OTHER, SERVER]) {
        let at = usize::try_from(number).unwrap();
        let made = cast.made(ports[at], clients[at], 7 + 2 * at as u64, S + number * 30);
        told(&mut all, &Made { to: SERVICE, seen, ..made });
    }
    all
}

/// One that waits, and those to which it hands what comes, as it was handed what it opens.
fn sockets_are_handed_over() -> Scenario {
    let (cast, mut all) = (Cast::new(), Scenario::default());
    let [parent, _, _, master, worker] = &cast.0;
    let child = Owner { parent_id: parent.id.clone(), ..Owner::clone(&owner("child", "one")) };
    let child = Arc::new(child);
    all.tell(claim(Step::Listen, "0.0.0.0:8080", "", 0, master), 3);
    for (number, from) in (0..).zip(["10.1.0.1:40001", "10.1.0.1:40002"]) {
        let made = cast.made(from, 0, 7, S + number * 700);
        let Made { at_us, socket, .. } = made;
        all.tell(claim(Step::Connect, "", SERVER, at_us - 20, parent), socket);
        let named = Claim { owner: None, ..claim(Step::Named, from, SERVER, at_us + 40, parent) };
        all.tell(named, socket);
        all.tell(claim(Step::Accept, SERVER, from, at_us + 80, worker), socket + 1);
        all.tell(claim(Step::Close, from, SERVER, at_us + 200, &child), socket);
        all.show(&Made { server: worker, ..made });
        all.flows.last_mut().unwrap().1[0].push(Arc::clone(&child));
    }
    all.by_socket(&cast.made("10.1.0.1:40003", 1, 7, S + 1_100));
    all
}

/// The first is refused, and another process is given its socket; the first tries again.
fn a_connection_fails() -> Scenario {
    let (cast, mut all) = (Cast::new(), Scenario::default());
    let refused = cast.made("10.1.0.1:40001", 0, 7, S);
    all.tell(claim(Step::Connect, "", SERVER, S - 20, refused.client), 7);
    all.show(&Made { lasts_us: 30, ..refused });
    all.by_socket(&cast.made("10.1.0.1:40002", 1, 7, S + 100));
    all.by_socket(&cast.made("10.1.0.1:40003", 0, 7, S + 900));
    all
}

/// A connection of which no packet was ever sent.
fn a_connection_is_never_sent() -> Scenario {
    let (cast, mut all) = (Cast::new(), Scenario::default());
    all.tell(claim(Step::Connect, "", SERVER, S, &cast.0[0]), 7);
    all.tell(claim(Step::Connect, "10.1.0.1:33333", SERVER, S, &cast.0[0]), 9);
    all.by_socket(&cast.made("10.1.0.1:40002", 1, 7, S + 9 * MS));
    all.by_port(&cast.made("10.1.0.1:33333", 1, 9, S + 300 * MS));
    all
}

/// Processes open connections and only that is told, without a port.
fn only_openings_are_told() -> Scenario {
    let (cast, mut all) = (Cast::new(), Scenario::default());
    let ports = ["10.1.0.1:40001", "10.1.0.1:40002", "10.1.0.1:40003"];
    for (number, (from, later_us)) in ports.into_iter().zip([0, 50 * MS, 500 * MS]).enumerate() {
        let made = cast.made(from, number % 2, 0, S + later_us);
        all.tell(claim(Step::Connect, "", SERVER, made.at_us - 20, made.client), 0);
        all.show(&made);
    }
    all
}

/// What is answered of a flow that is not of one that ever had it.
fn wrong<'a>(scenario: &Scenario, claims: impl Iterator<Item = &'a Claim<'static>>) -> Vec<String> {
    let mut all = correlator();
    claims.for_each(|claim| all.claim(claim));
    let places = cluster();
    let mut wrong = Vec::new();
    // Flows are known some time before they are asked for last.
    for later_us in [0, 3 * S, 8 * S] {
        for (asked, had) in &scenario.flows {
            let found = all.ask(&Asked { now_us: asked.last_us + later_us, ..*asked }, &places);
            for (answer, had) in [found.client, found.server].iter().zip(had) {
                if let Answer::Owner(one) = answer
                    && !had.iter().any(|had| had.id == one.id)
                {
                    wrong.push(format!("{} of {asked:?}", one.id));
                }
            }
        }
    }
    wrong
}

/// Numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn shuffled<T>(&mut self, all: &mut [T]) {
        for at in (1..all.len()).rev() {
            let other = usize::try_from(self.next()).unwrap() % (at + 1);
            all.swap(at, other);
        }
    }
}

/// Every subset of `0..of` of at most `most`.
fn subsets(of: usize, most: usize) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    let mut from = 0;
    for _ in 0..most {
        let until = all.len();
        for at in from..until {
            let next = all[at].last().map_or(0, |last: &usize| last + 1);
            for one in next..of {
                let mut more = all[at].clone();
                more.push(one);
                all.push(more);
            }
        }
        from = until;
    }
    all
}

fn try_all(name: &str, scenario: &Scenario) {
    let of = scenario.claims.len();
    let mut numbers = Numbers(7);
    for lost in subsets(of, LOST) {
        let kept = (0..of).filter(|at| !lost.contains(at)).map(|at| &scenario.claims[at]);
        let mut kept: Vec<_> = kept.collect();
        let none: [String; 0] = [];
        assert_eq!(wrong(scenario, kept.iter().copied()), none, "{name}: without {lost:?}");
        numbers.shuffled(&mut kept);
        assert_eq!(wrong(scenario, kept.into_iter()), none, "{name}: without {lost:?}, shuffled");
    }
    for chance in 0..CHANCES {
        let mut kept: Vec<_> =
            scenario.claims.iter().filter(|_| numbers.next().is_multiple_of(2)).collect();
        numbers.shuffled(&mut kept);
        assert!(wrong(scenario, kept.into_iter()).is_empty(), "{name}: chance {chance}");
    }
}

/// How many of both ends are known where nothing is lost.
fn known(scenario: &Scenario) -> usize {
    let mut all = correlator();
    scenario.claims.iter().for_each(|claim| all.claim(claim));
    let found = |_| {
        let found = scenario.flows.iter().map(|(asked, _)| all.ask(asked, &cluster()));
        found
            .flat_map(|found| [found.client, found.server])
            .filter(|one| one.owner().is_some())
            .count()
    };
    (0..2).map(found).last().unwrap()
}

#[test]
fn whatever_is_lost_of_hard_scenarios_nothing_is_wrong() {
    type Told = fn(&mut Scenario, &Made<'_>);
    let told: [Told; 2] = [Scenario::by_socket, Scenario::by_port];
    let mut all = Vec::new();
    for told in told {
        all.push(("a socket goes round", 6, a_socket_goes_round(told)));
        all.push(("a port goes round", 6, a_port_goes_round(told)));
        all.push(("a service", 6, two_pods_talk_to_one_service(told)));
    }
    all.push(("handed over", 6, sockets_are_handed_over()));
    all.push(("refused", 4, a_connection_fails()));
    all.push(("never sent", 4, a_connection_is_never_sent()));
    all.push(("only openings", 1, only_openings_are_told()));
    for (name, least, scenario) in &all {
        assert!(known(scenario) >= *least, "{name}: {} known", known(scenario));
        try_all(name, scenario);
    }
}
