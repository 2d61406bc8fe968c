use proptest::prelude::*;

use super::*;
use crate::respond::fixture::{SECOND, client, named};

fn asker(last: u8) -> Asker {
    Asker { client: client(last), port: 1_000, replica: 0 }
}

fn rps(rps: u32) -> Limit {
    Limit { rps: Some(rps), ..Limit::default() }
}

fn rpm(rpm: u32) -> Limit {
    Limit { rpm: Some(rpm), ..Limit::default() }
}

/// How many of `count` requests pass that come `gap_us` apart.
fn passed(limiter: &mut Limiter, count: i64, gap_us: i64) -> usize {
    let rulings = (0..count).map(|number| limiter.offer(number * gap_us, asker(1)));
    rulings.filter(|ruling| *ruling == Ruling::Passed).count()
}

fn limiter(controller: Controller, limit: &Limit) -> Limiter {
    Limiter::new(controller, limit).unwrap()
}

#[test]
fn ingress_nginx_passes_what_nginx_was_measured_to_pass() {
    let nginx = |limit| limiter(Controller::IngressNginx, &limit);
    assert_eq!(passed(&mut nginx(rps(5)), 200, 0), 26);
    assert_eq!(passed(&mut nginx(rpm(60)), 400, 0), 301);
    let in_ten_seconds = passed(&mut nginx(rps(5)), 498, 20_080);
    assert!((74..=76).contains(&in_ten_seconds), "{in_ten_seconds}");
}

#[test]
fn connections_beyond_the_limit_are_refused_until_one_is_free() {
    let limit = Limit { connections: Some(2), ..Limit::default() };
    let mut limiter = limiter(Controller::IngressNginx, &limit);
    let on = |port| Asker { port, ..asker(1) };
    let rulings: Vec<_> = (0..6).map(|port| limiter.offer(0, on(port))).collect();
    assert_eq!(rulings.iter().filter(|ruling| **ruling == Ruling::Passed).count(), 2);
    limiter.answered(on(0));
    assert_eq!(limiter.offer(1, on(7)), Ruling::Passed);
    assert_eq!(limiter.offer(2, on(8)), Ruling::Refused);
    assert_eq!(limiter.offer(61 * SECOND, on(9)), Ruling::Passed, "none is served for ever");
}

#[test]
fn a_request_that_one_limit_of_nginx_refuses_counts_in_none() {
    let both =
        Limit { rps: Some(1), rpm: Some(2), burst: Some(Burst::Multiplier(1)), ..Limit::default() };
    let mut limiter = limiter(Controller::IngressNginx, &both);
    let at_once = (0..100).filter(|_| limiter.offer(0, asker(1)) == Ruling::Passed).count();
    assert_eq!(at_once, 2);
    // The rate by the minute holds three, of which the flood has taken two.
    assert_eq!(limiter.offer(2 * SECOND, asker(1)), Ruling::Passed);
    assert_eq!(limiter.offer(4 * SECOND, asker(1)), Ruling::Refused);
}

#[test]
fn traefik_empties_a_bucket_and_lets_one_wait() {
    let limit = Limit { burst: Some(Burst::Requests(20)), ..rps(10) };
    let mut limiter = limiter(Controller::Traefik, &limit);
    assert_eq!(passed(&mut limiter, 100, 0), 20);
    assert_eq!(limiter.offer(49_000, asker(1)), Ruling::Refused);
    assert_eq!(limiter.offer(50_000, asker(1)), Ruling::Passed, "it waits for half a token");
    let silent_for_two_seconds =
        (0..100).filter(|_| limiter.offer(2 * SECOND + 50_000, asker(1)) == Ruling::Passed).count();
    assert_eq!(silent_for_two_seconds, 20);
}

#[test]
fn haproxy_refuses_everything_to_a_client_that_does_not_slow_down() {
    for controller in [Controller::HaproxyCommunity, Controller::HaproxyTechnologies] {
        let abusive = passed(&mut limiter(controller, &rps(10)), 1_500, 20_000);
        assert_eq!(abusive, 10, "{controller:?}");
        let below = passed(&mut limiter(controller, &rps(10)), 270, 112_000);
        assert_eq!(below, 270, "{controller:?}");
    }
}

#[test]
fn what_a_controller_cannot_do_is_refused() {
    let burst = Limit { burst: Some(Burst::Requests(7)), ..rps(5) };
    let connections = Limit { connections: Some(5), ..Limit::default() };
    let both = Limit { rpm: Some(60), ..rps(5) };
    let cases = [
        (Controller::IngressNginx, &burst),
        (Controller::F5Nginx, &connections),
        (Controller::F5Nginx, &both),
        (Controller::Traefik, &connections),
        (Controller::HaproxyCommunity, &burst),
        (Controller::HaproxyCommunity, &rpm(60)),
        (Controller::HaproxyTechnologies, &both),
        (Controller::HaproxyTechnologies, &connections),
    ];
    for (controller, limit) in cases {
        let refusal = Limiter::new(controller, limit).unwrap_err();
        assert!(matches!(refusal, Refusal::Unable { .. }), "{controller:?} {limit:?}: {refusal}");
    }
}

#[test]
fn each_replica_counts_for_itself() {
    let mut limiter = limiter(Controller::IngressNginx, &rps(5));
    let at = |replica| Asker { replica, ..asker(1) };
    let passed = (0..200).filter(|number| limiter.offer(0, at(number % 2)) == Ruling::Passed);
    assert_eq!(passed.count(), 52);
}

#[test]
fn of_very_many_clients_those_heard_of_last_are_known() {
    let mut limiter =
        limiter(Controller::IngressNginx, &Limit { burst: Some(Burst::Multiplier(1)), ..rps(1) });
    for number in 0..200_000_u32 {
        let client = Address::v4(number.to_be_bytes());
        assert_eq!(limiter.offer(0, Asker { client, ..asker(0) }), Ruling::Passed);
    }
    let last = Asker { client: Address::v4(199_999_u32.to_be_bytes()), ..asker(0) };
    assert_eq!([limiter.offer(0, last), limiter.offer(0, last)], [Ruling::Passed, Ruling::Refused]);
}

fn limits() -> impl Strategy<Value = (Controller, Limit)> {
    let controller = (0..Controller::ALL.len()).prop_map(|at| Controller::ALL[at]);
    let part = || prop::option::of(prop_oneof![1..100_u32, Just(Limit::MOST)]);
    let burst = prop::option::of(prop_oneof![
        (1..20_u32).prop_map(Burst::Multiplier),
        (1..200_u32).prop_map(Burst::Requests),
    ]);
    (controller, part(), part(), part(), burst).prop_map(
        |(controller, rps, rpm, connections, burst)| {
            (controller, Limit { rps, rpm, connections, burst, ..Limit::default() })
        },
    )
}

proptest! {
    #[test]
    fn what_can_be_written_can_be_foreseen_and_nothing_else((controller, limit) in limits()) {
        let written = controller.fields(&limit, &named("shop/web"), &|_| None);
        let foreseen = Limiter::new(controller, &limit);
        let is_checked = limit.clone().checked().is_ok();
        prop_assert_eq!(written.is_ok() && is_checked, foreseen.is_ok(), "{:?}", written);
    }

    #[test]
    fn any_moments_are_ruled_on_and_twice_the_same_way(
        (controller, limit) in limits(),
        asks in prop::collection::vec((any::<i64>(), 0..4_u8, 0..8_u16), 0..200),
    ) {
        let Ok(mut first) = Limiter::new(controller, &limit) else { return Ok(()) };
        let mut second = limiter(controller, &limit);
        for (at_us, last, port) in asks {
            let asker = Asker { port, ..asker(last) };
            prop_assert_eq!(first.offer(at_us, asker), second.offer(at_us, asker));
        }
    }

    #[test]
    fn whoever_stays_under_half_the_limit_is_never_refused(
        at in 0..Controller::ALL.len(),
        most in 2..50_u32,
        starts_us in 0..10 * SECOND,
        jitter in prop::collection::vec(0..1_000_i64, 120),
        abuse in 0..40_u32,
    ) {
        let controller = Controller::ALL[at];
        let mut limiter = limiter(controller, &rps(most));
        let gap_us = 2 * SECOND / i64::from(most);
        for (number, late) in (0..).zip(jitter) {
            let at_us = starts_us + number * gap_us + gap_us * late / 4_000;
            for _ in 0..abuse {
                limiter.offer(at_us, asker(66));
            }
            prop_assert_eq!(limiter.offer(at_us, asker(1)), Ruling::Passed, "{:?}", controller);
        }
    }
}
