//! Whatever is lost, late or used again: never a wrong process.

use proptest::prelude::*;

use super::*;

/// Connections of one run.
const MOST: usize = 60;

/// How a connection is told of.
#[derive(Debug, Clone, Copy)]
enum Telling {
    /// With its port.
    Whole,
    /// Without, and the port by the socket.
    Socket,
    /// Without.
    Half,
}

/// A connection as a test makes it up.
#[derive(Debug, Clone)]
struct Made {
    client: usize,
    server: usize,
    is_by_service: bool,
    owners: [usize; 2],
    gap_us: i64,
    lasts_us: i64,
    telling: Telling,
    delays_us: [i64; 3],
    /// Which of its events are lost.
    lost: [bool; 5],
}

fn made() -> impl Strategy<Value = Made> {
    let telling = prop_oneof![3 => Just(Telling::Whole), 3 => Just(Telling::Socket), 1 => Just(Telling::Half)];
    let lost = prop::array::uniform5(prop::bool::weighted(0.25));
    let times = (100..3_000_000_i64, 300..2_000_000_i64);
    let delays = prop::array::uniform3(0..1_000_i64);
    let ends = (0..4_usize, 0..2_usize, any::<bool>());
    (ends, [0..3_usize, 0..2], times, telling, delays, lost).prop_map(
        |(
            (client, server, is_by_service),
            owners,
            (gap_us, lasts_us),
            telling,
            delays_us,
            lost,
        )| {
            Made {
                client,
                server,
                is_by_service,
                owners,
                gap_us,
                lasts_us,
                telling,
                delays_us,
                lost,
            }
        },
    )
}

const CLIENTS: [&str; 4] = ["10.1.0.1:40000", "10.1.0.1:40001", "10.1.0.2:40000", "10.1.0.2:50000"];
const SERVERS: [&str; 2] = ["10.2.0.1:8080", "10.2.0.2:8080"];
const SERVICE: &str = "10.96.0.10:80";

/// Flows with who is behind them, and claims.
type Run = (Vec<(Asked, [String; 2])>, Vec<Claim<'static>>);

fn run(all: &[Made]) -> Run {
    let (mut flows, mut claims) = (Vec::new(), Vec::new());
    // A client may use a port once at a time here: the kernel allows more, which is less of a trial.
    let mut free_us = [S; CLIENTS.len()];
    // The kernel uses places in memory again as soon as they are free.
    let mut sockets = Vec::<Vec<(i64, i64)>>::new();
    for made in all {
        let (local, seen) = (CLIENTS[made.client], SERVERS[made.server]);
        let remote = if made.is_by_service { SERVICE } else { seen };
        let client = owner(&format!("c{}", made.owners[0]), &format!("client-{}", made.client / 2));
        let server = owner(&format!("s{}", made.owners[1]), &format!("server-{}", made.server));
        let first_us = free_us[made.client] + made.gap_us;
        let last_us = first_us + made.lasts_us;
        free_us[made.client] = last_us + 50;
        let [early_us, late_us, close_us] = made.delays_us;
        let opened_us = first_us - early_us.min(made.gap_us / 2);
        let is_free = |used: &Vec<(i64, i64)>| {
            used.iter().all(|(from_us, until_us)| last_us < *from_us || *until_us < opened_us)
        };
        let free = sockets.iter().position(is_free).unwrap_or_else(|| {
            sockets.push(Vec::new());
            sockets.len() - 1
        });
        sockets[free].push((opened_us, last_us));
        let socket = free as u64 + 1;
        let named_us = first_us + (100 + late_us).min(made.lasts_us);
        let gone_us = (last_us - close_us).max(named_us);
        let opened = match made.telling {
            Telling::Whole => claim(Step::Connect, local, remote, opened_us, &client),
            Telling::Socket => {
                Claim { socket, ..claim(Step::Connect, "", remote, opened_us, &client) }
            }
            Telling::Half => claim(Step::Connect, "", remote, opened_us, &client),
        };
        let named =
            Claim { socket, owner: None, ..claim(Step::Named, local, remote, named_us, &client) };
        let events = [
            opened,
            named,
            claim(Step::Accept, seen, local, (named_us + late_us).min(last_us), &server),
            claim(Step::Close, local, remote, gone_us, &client),
            claim(Step::Close, seen, local, gone_us, &server),
        ];
        for (at, event) in events.into_iter().enumerate() {
            let is_told = at != 1 || matches!(made.telling, Telling::Socket);
            if is_told && !made.lost[at] {
                claims.push(event);
            }
        }
        let ids = [&client, &server].map(|one| one.id.clone());
        flows.push((flow(local, seen, first_us, last_us), ids));
    }
    flows.sort_by_key(|(asked, _)| asked.last_us);
    (flows, claims)
}

fn cluster() -> Cluster {
    let at = |text: &str| end(text).address;
    Cluster {
        pods: vec![
            ("client-0", at(CLIENTS[0])),
            ("client-1", at(CLIENTS[2])),
            ("server-0", at(SERVERS[0])),
            ("server-1", at(SERVERS[1])),
        ],
        service: Some((at(SERVICE), SERVERS.map(at).to_vec())),
    }
}

/// Right answers, wrong ones and all that were possible.
fn judged(
    all: &mut Correlator,
    flows: &[(Asked, [String; 2])],
    places: &Cluster,
) -> (u32, u32, u32) {
    let (mut right, mut wrong, mut possible) = (0, 0, 0);
    for (asked, ids) in flows {
        let found = all.ask(asked, places);
        for (one, name) in [found.client, found.server].iter().zip(ids) {
            possible += 1;
            match one {
                Answer::Owner(one) if one.id == *name => right += 1,
                Answer::Owner(_) => wrong += 1,
                Answer::Nobody | Answer::Unclear => {}
            }
        }
    }
    (right, wrong, possible)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_024, ..ProptestConfig::default() })]

    #[test]
    fn no_flow_gets_a_wrong_process(
        all in prop::collection::vec(made(), 1..MOST),
        order in prop::collection::vec(any::<u32>(), 5 * MOST),
    ) {
        let (flows, claims) = run(&all);
        let places = cluster();
        let mut shuffled: Vec<_> = claims.iter().zip(&order).collect();
        shuffled.sort_by_key(|(_, order)| **order);
        let mut correlator = Correlator::new(1 << 22);
        for (claim, _) in &shuffled {
            correlator.claim(claim);
        }
        for again in 0..3 {
            // Flows that began together are known together, as in an engine that reports open ones.
            let settled_us = 5 * S * again;
            let asked = |asked: &Asked| Asked { now_us: asked.last_us + settled_us, ..*asked };
            let flows: Vec<_> =
                flows.iter().map(|(flow, ids)| (asked(flow), ids.clone())).collect();
            let (_, wrong, _) = judged(&mut correlator, &flows, &places);
            prop_assert_eq!(wrong, 0, "asked {} times", again + 1);
        }
    }

    #[test]
    fn where_nothing_is_lost_nearly_all_is_found(
        all in prop::collection::vec(made(), 20..MOST),
        order in prop::collection::vec(any::<u32>(), 5 * MOST),
    ) {
        let whole: Vec<_> = all
            .into_iter()
            .map(|made| Made { lost: [false; 5], telling: match made.telling {
                Telling::Half => Telling::Socket,
                other => other,
            }, ..made })
            .collect();
        let (flows, claims) = run(&whole);
        let places = cluster();
        let mut shuffled: Vec<_> = claims.iter().zip(&order).collect();
        shuffled.sort_by_key(|(_, order)| **order);
        let mut correlator = Correlator::new(1 << 22);
        for (claim, _) in &shuffled {
            correlator.claim(claim);
        }
        judged(&mut correlator, &flows, &places);
        let (right, wrong, possible) = judged(&mut correlator, &flows, &places);
        prop_assert_eq!(wrong, 0);
        prop_assert!(f64::from(right) >= 0.95 * f64::from(possible), "{} of {}", right, possible);
    }
}
