use super::*;
use crate::incident::IncidentId;
use crate::respond::fixture::{
    CONTROLLER, SECOND, client, incident, merged, named, pod, site, steady,
};
use crate::respond::{Controller, Held};

fn shop() -> Site {
    site("shop/web", "shop.example", pod(1))
}

struct Around {
    surroundings: Surroundings,
    never: Vec<IngressName>,
    limited: BTreeSet<IngressName>,
    limits: Vec<Arc<LimitStatus>>,
    incidents: Vec<Arc<Incident>>,
}

fn around() -> Around {
    Around {
        surroundings: Surroundings {
            own: vec![pod(99)],
            nodes: vec![Address::v4([10, 0, 0, 7])],
            monitors: vec![pod(50)],
        },
        never: Vec::new(),
        limited: BTreeSet::new(),
        limits: vec![status(Standing::Unlimited, "")],
        incidents: Vec::new(),
    }
}

impl Around {
    fn check(&self, site: &Site) -> Result<(), Matter> {
        let guard = Guard {
            surroundings: &self.surroundings,
            never: &self.never,
            at_once: 2,
            limited: &self.limited,
            limits: &self.limits,
            incidents: &self.incidents,
        };
        guard.check(site).map_err(|obstacle| obstacle.matter)
    }
}

fn status(standing: Standing, by: &str) -> Arc<LimitStatus> {
    status_at("shop/web", standing, by)
}

fn status_at(ingress: &str, standing: Standing, by: &str) -> Arc<LimitStatus> {
    Arc::new(LimitStatus {
        ingress: named(ingress),
        controller: Ok(Controller::IngressNginx),
        standing,
        held: Some(Held {
            limit: Limit::default(),
            by: by.to_owned(),
            reason: String::new(),
            incident: Some(IncidentId(1)),
            since_us: 0,
            until_us: SECOND,
            values: Vec::new(),
        }),
        foreign: vec![("limit-rps\u{7}".to_owned(), "3".to_owned())],
    })
}

#[test]
fn an_ordinary_ingress_may_be_limited() {
    assert_eq!(around().check(&shop()), Ok(()));
}

#[test]
fn settings_and_labels_keep_weir_away() {
    let never = Around { never: vec![named("shop/web")], ..around() };
    assert_eq!(never.check(&shop()), Err(Matter::KeptAway));
    let labelled = Site { unprotected_by: Some("namespace"), ..shop() };
    assert_eq!(around().check(&labelled), Err(Matter::KeptAway));
}

#[test]
fn what_carries_weirs_own_api_is_never_limited() {
    let own = Site { backends: vec![pod(1), pod(99)], ..shop() };
    assert_eq!(around().check(&own), Err(Matter::OwnApi));
}

#[test]
fn no_more_ingresses_than_allowed_are_limited_at_once() {
    let limited = |names: &[&str]| Around {
        limited: names.iter().map(|name| named(name)).collect(),
        ..around()
    };
    assert_eq!(limited(&["a/a"]).check(&shop()), Ok(()));
    assert_eq!(limited(&["a/a", "b/b"]).check(&shop()), Err(Matter::AtOnce));
    assert_eq!(limited(&["a/a", "shop/web"]).check(&shop()), Ok(()), "it is one of them");
}

#[test]
fn a_limit_of_somebody_else_is_left_alone() {
    let with =
        |standing, by| Around { limits: vec![status(standing, by)], ..around() }.check(&shop());
    assert_eq!(with(Standing::Active, "alice via api"), Err(Matter::Foreign));
    assert_eq!(with(Standing::Foreign, ""), Err(Matter::Foreign));
    assert_eq!(with(Standing::Overridden, AUTOMATIC), Err(Matter::Foreign));
    assert_eq!(with(Standing::Unlimited, ""), Ok(()));
}

#[test]
fn a_limit_of_another_weir_is_left_to_it_and_counts_for_how_many_there_may_be() {
    let others = |ingress| {
        let here = status(Standing::Unlimited, "");
        vec![status_at(ingress, Standing::Active, AUTOMATIC), here]
    };
    let here = Around { limits: others("shop/web"), ..around() };
    assert_eq!(here.check(&shop()), Err(Matter::Foreign));
    let own = incident(1, &[client(66)], pod(1));
    let own = Around { incidents: vec![Arc::new(own)], limits: others("shop/web"), ..around() };
    assert_eq!(own.check(&shop()), Ok(()));
    let limited = || BTreeSet::from([named("a/a")]);
    let full = Around { limits: others("b/b"), limited: limited(), ..around() };
    assert_eq!(full.check(&shop()), Err(Matter::AtOnce));
    let twice = Around { limits: others("a/a"), limited: limited(), ..around() };
    assert_eq!(twice.check(&shop()), Ok(()), "it is the same");
}

#[test]
fn an_ingress_of_which_it_is_not_known_how_it_stands_is_left_alone_for_now() {
    let unread = Around { limits: Vec::new(), ..around() }.check(&shop());
    assert_eq!(unread, Err(Matter::NotRead));
    assert!(Matter::NotRead.may_pass());
}

#[test]
fn an_ingress_whose_controller_takes_no_limit_is_refused_by_name() {
    let other = Site { controller: Err("Kong is not supported".to_owned()), ..shop() };
    assert_eq!(around().check(&other), Err(Matter::Controller));
}

fn sharing(offenders: &[Address], arrivals: &[crate::respond::Arrival]) -> Result<(), Matter> {
    let arrivals: Vec<_> = arrivals.iter().collect();
    let around = around();
    let offenders = offenders.iter().copied().collect();
    let seen = (arrivals.as_slice(), 60 * SECOND);
    check_sharing(&shop(), &around.surroundings, &offenders, seen)
        .map_err(|obstacle| obstacle.matter)
}

/// So many others, each asking once a second between these.
fn others(count: u8, between_s: (i64, i64)) -> Vec<crate::respond::Arrival> {
    merged((1..=count).map(|last| steady(client(last), 1, between_s)))
}

#[test]
fn a_node_or_a_load_balancer_is_no_attacker() {
    let seen = others(3, (0, 60));
    assert_eq!(sharing(&[Address::v4([10, 0, 0, 7])], &seen), Err(Matter::SharedAddress));
    assert_eq!(sharing(&[CONTROLLER], &seen), Err(Matter::SharedAddress));
    assert_eq!(sharing(&[client(66)], &seen), Ok(()));
}

#[test]
fn an_address_that_carried_most_requests_before_is_shared_by_many() {
    let attack = || steady(client(66), 200, (60, 70));
    let behind_it = steady(client(66), 2, (0, 60));
    let shared = merged([behind_it, others(1, (0, 60)), attack()]);
    assert_eq!(sharing(&[client(66)], &shared), Err(Matter::SharedAddress));
    let own = merged([steady(client(66), 1, (0, 60)), others(2, (0, 60)), attack()]);
    assert_eq!(sharing(&[client(66)], &own), Ok(()));
}

#[test]
fn several_addresses_that_carried_most_requests_together_are_shared_by_many() {
    let balancers = [client(64), client(65), client(66)];
    let before = balancers.map(|balancer| steady(balancer, 3, (0, 60)));
    let attack = balancers.map(|balancer| steady(balancer, 100, (60, 70)));
    let shared = merged(before.into_iter().chain(attack.clone()));
    assert_eq!(sharing(&balancers, &shared), Err(Matter::SharedAddress), "a third each");
    let beside_others = merged(attack.into_iter().chain([others(3, (0, 60))]));
    assert_eq!(sharing(&balancers, &beside_others), Ok(()));
}

#[test]
fn where_little_came_before_only_many_others_show_that_addresses_are_not_shared() {
    let attack = || steady(client(66), 200, (60, 70));
    assert_eq!(sharing(&[client(66)], &attack()), Err(Matter::Unclear));
    let few = merged([attack(), others(3, (60, 70))]);
    assert_eq!(sharing(&[client(66)], &few), Err(Matter::Unclear));
    let many = merged([attack(), others(8, (60, 70))]);
    assert_eq!(sharing(&[client(66)], &many), Ok(()));
}

#[test]
fn nodes_and_monitors_are_always_in_the_allowlist_and_networks_while_they_are_valid() {
    let network = |network: &str, until_us| AllowedNetwork {
        network: network.parse().unwrap(),
        until_us,
        reason: "our office".to_owned(),
    };
    let networks = [network("198.51.100.9/24", 2 * SECOND), network("192.0.2.0/24", SECOND)];
    let allowed = around().surroundings.allowed(&networks, SECOND);
    let allowed: Vec<_> = allowed.iter().map(ToString::to_string).collect();
    assert_eq!(allowed, ["198.51.100.0/24", "10.0.0.7/32", "10.244.1.50/32"]);
}

#[test]
fn very_many_nodes_fit_one_allowlist() {
    let nodes = (0..512_u32).map(|number| Address::v4((0x0a00_0000 + number).to_be_bytes()));
    let many = Surroundings { nodes: nodes.collect(), ..Surroundings::default() };
    assert_eq!(many.allowed(&[], 0), ["10.0.0.0/23".parse::<IpNet>().unwrap()]);
}

#[test]
fn nodes_that_fit_no_allowlist_are_not_dropped_from_it() {
    let apart = (0..300_u32).map(|number| Address::v4((0x0a00_0000 + 2 * number).to_be_bytes()));
    let many = Surroundings { nodes: apart.collect(), ..Surroundings::default() };
    assert_eq!(many.allowed(&[], 0).len(), 300);
}

#[test]
fn attackers_that_are_exempt_are_not_held_by_a_limit() {
    let allowed = ["203.0.113.64/29".parse().unwrap()];
    let both = BTreeSet::from([client(66), client(9)]);
    assert_eq!(check_allowed(both, &allowed).unwrap(), BTreeSet::from([client(9)]));
    let exempt = check_allowed(BTreeSet::from([client(66)]), &allowed);
    assert_eq!(exempt.unwrap_err().matter, Matter::Allowed);
}
