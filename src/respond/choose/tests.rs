use proptest::prelude::*;

use super::*;
use crate::respond::fixture::{SECOND, client, merged, request, steady};

/// Since when it is attacked.
const ATTACK: i64 = 60 * SECOND;

/// A while with twenty ordinary clients and one that attacks at this rate from the middle on.
fn minutes(attackers: &[(u8, i64)]) -> Vec<Arrival> {
    let ordinary = (1..=20).map(|last| steady(client(last), 4, (0, 90)));
    let attack = attackers.iter().map(|(last, per_s)| steady(client(*last), *per_s, (60, 90)));
    merged(ordinary.chain(attack))
}

struct Attack<'a> {
    controller: Controller,
    remedy: Remedy,
    arrivals: &'a [Arrival],
    offenders: &'a [u8],
    allowed: &'a [IpNet],
}

impl Attack<'_> {
    fn choose(&self) -> Result<Choice, Obstacle> {
        let offenders = self.offenders.iter().map(|last| client(*last)).collect();
        let arrivals: Vec<_> = self.arrivals.iter().collect();
        Case {
            controller: (self.controller, 1),
            remedy: self.remedy,
            offenders: &offenders,
            arrivals: &arrivals,
            answers: &[],
            since_us: ATTACK,
            allowed: self.allowed,
        }
        .choose()
    }
}

fn attack(arrivals: &[Arrival]) -> Attack<'_> {
    Attack {
        controller: Controller::IngressNginx,
        remedy: Remedy::Rate,
        arrivals,
        offenders: &[66],
        allowed: &[],
    }
}

#[test]
fn a_limit_is_twice_what_is_usual_there_and_spares_everybody_else() {
    let arrivals = minutes(&[(66, 200)]);
    let choice = attack(&arrivals).choose().unwrap();
    assert_eq!((choice.usual.per_s, choice.usual.clients), (4, 20));
    assert_eq!((choice.limit.rps, choice.limit.burst), (Some(8), Some(Burst::Multiplier(5))));
    let refused: Vec<_> = choice.preview.clients.iter().filter(|one| one.refused > 0).collect();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].client, client(66));
    assert!((0.95..0.97).contains(&choice.refused), "{}", choice.refused);
}

#[test]
fn every_controller_is_given_a_limit_that_it_takes() {
    let arrivals = minutes(&[(66, 200)]);
    for controller in Controller::ALL {
        let choice = Attack { controller, ..attack(&arrivals) }.choose().unwrap();
        let ingress = crate::respond::fixture::named("shop/web");
        let fields = controller.fields(&choice.limit, &ingress, &|_| None);
        assert!(fields.is_ok(), "{controller:?}: {:?}", choice.limit);
        assert!(choice.preview.refused() > 2_500, "{controller:?}");
    }
}

#[test]
fn one_client_that_asks_more_than_others_makes_room_for_itself() {
    let busy = steady(client(30), 60, (0, 90));
    let arrivals = merged([minutes(&[(66, 200)]), busy]);
    let choice = attack(&arrivals).choose().unwrap();
    assert_eq!(choice.limit.rps, Some(64));
    let spared = choice.preview.clients.iter().find(|one| one.client == client(30)).unwrap();
    assert_eq!(spared.refused, 0);
}

#[test]
fn slow_guessing_is_held_by_the_minute() {
    let few = (1..=20).map(|last| vec![request(i64::from(last) * SECOND, client(last))]);
    let guesses = steady(client(66), 4, (60, 90));
    let arrivals = merged(few.chain([guesses]));
    let choice = attack(&arrivals).choose().unwrap();
    assert_eq!((choice.limit.rps, choice.limit.rpm), (None, Some(30)));
}

#[test]
fn attackers_that_ask_no_more_than_others_are_not_held_and_it_is_said() {
    let attackers: Vec<_> = (100..200).map(|last| (last, 4)).collect();
    let arrivals = minutes(&attackers);
    let offenders: Vec<u8> = (100..200).collect();
    let obstacle = Attack { offenders: &offenders, ..attack(&arrivals) }.choose().unwrap_err();
    assert_eq!(obstacle.matter, Matter::NoLimitFits);
    assert!(obstacle.text.contains("each of the 100 attackers asks little more"), "{obstacle}");
}

#[test]
fn a_limit_that_would_hurt_is_not_chosen() {
    let as_loud = steady(client(30), 190, (0, 90));
    let arrivals = merged([minutes(&[(66, 200)]), as_loud]);
    let obstacle = attack(&arrivals).choose().unwrap_err();
    assert_eq!(obstacle.matter, Matter::NoLimitFits);
    assert!(obstacle.text.contains("203.0.113.30"), "{obstacle}");
}

#[test]
fn whoever_must_not_be_held_is_exempt_or_nothing_is_done() {
    let monitor = steady(client(30), 190, (0, 90));
    let arrivals = merged([minutes(&[(66, 200)]), monitor]);
    let allowed = ["203.0.113.30/32".parse().unwrap()];
    let with = |controller| Attack { controller, allowed: &allowed, ..attack(&arrivals) }.choose();
    assert_eq!(with(Controller::IngressNginx).unwrap().limit.allowlist, allowed);
    assert_eq!(with(Controller::Traefik).unwrap_err().matter, Matter::Allowed);
}

#[test]
fn slow_bodies_are_held_by_connections_where_the_controller_counts_them() {
    let on = |port: u16| Arrival {
        client_port: port,
        ..request(ATTACK + i64::from(port) * 1_000, client(66))
    };
    let arrivals = merged([minutes(&[]), (1..=300).map(on).collect()]);
    let slow = |controller| Attack { controller, remedy: Remedy::Connections, ..attack(&arrivals) };
    let choice = slow(Controller::IngressNginx).choose().unwrap();
    assert_eq!(choice.limit.connections, Some(10));
    assert_eq!(slow(Controller::F5Nginx).choose().unwrap_err().matter, Matter::Controller);
}

#[test]
fn replicas_let_each_client_ask_more() {
    let arrivals = minutes(&[(66, 20)]);
    let offenders = BTreeSet::from([client(66)]);
    let arrivals: Vec<_> = arrivals.iter().collect();
    let with = |replicas| {
        Case {
            controller: (Controller::IngressNginx, replicas),
            remedy: Remedy::Rate,
            offenders: &offenders,
            arrivals: &arrivals,
            answers: &[],
            since_us: ATTACK,
            allowed: &[],
        }
        .choose()
    };
    assert_eq!(with(1).unwrap().limit.rps, Some(8));
    assert!(with(4).is_err(), "four replicas pass 32 a second, more than is asked");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_comes_a_limit_that_is_chosen_refuses_nobody_else(
        others in prop::collection::vec((1..20_u8, 1..40_i64, 0..60_i64, 1..30_i64), 0..12),
        attack in 1..300_i64,
        at in 0..Controller::ALL.len(),
        kind in 0..2_usize,
    ) {
        let others = others.into_iter();
        let others = others.map(|(last, per_s, from, lasts)| {
            steady(client(last), per_s, (from, from + lasts))
        });
        let arrivals = merged(others.chain([steady(client(66), attack, (60, 70))]));
        let remedy = [Remedy::Rate, Remedy::Connections][kind];
        let case = Attack { controller: Controller::ALL[at], remedy, ..super::tests::attack(&arrivals) };
        if let Ok(choice) = case.choose() {
            let refused = choice.preview.clients.iter().filter(|one| one.refused > 0);
            prop_assert!(refused.map(|one| one.client).all(|one| one == client(66)));
            prop_assert!(choice.refused >= HELPS);
        }
    }
}
