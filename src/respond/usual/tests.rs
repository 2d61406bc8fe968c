use super::*;
use crate::respond::fixture::{SECOND, client, merged, request, steady};

#[test]
fn what_is_usual_is_the_peak_of_all_but_the_busiest_clients() {
    let quiet = (1..=99).map(|last| steady(client(last), 2, (0, 30)));
    let busy = [steady(client(200), 100, (0, 30))];
    let all = merged(quiet.chain(busy));
    let usual = Usual::of(all.iter());
    assert_eq!(usual, Usual { clients: 100, per_s: 2, per_min: 60, connections: 1 });
}

#[test]
fn a_peak_may_begin_in_one_second_and_end_in_the_next() {
    let moments = [0, 900_000, 950_000, 1_050_000, 1_850_000, 5_000_000];
    let arrivals = moments.map(|at_us| request(at_us, client(1)));
    assert_eq!(Usual::of(arrivals.iter()).per_s, 4);
}

#[test]
fn connections_are_those_used_within_a_minute() {
    let on = |at_us, port| Arrival { client_port: port, ..request(at_us, client(1)) };
    let arrivals =
        [on(0, 1), on(SECOND, 2), on(2 * SECOND, 1), on(61 * SECOND, 3), on(61 * SECOND + 1, 4)];
    // Of the first two connections, the one used last is still in use.
    assert_eq!(Usual::of(arrivals.iter()).connections, 3);
}

#[test]
fn nobody_asks_nothing() {
    assert_eq!(Usual::of([].iter()), Usual::default());
}
