//! Which Ingress is attacked, and by whom.

use super::*;
use crate::respond::fixture::CONTROLLER;
use crate::respond::response::locate::locate;

/// From the controller to a pod.
fn inner(arrival: &Arrival, pod: Address) -> Arrival {
    Arrival { client: CONTROLLER, server: pod, server_port: 8_080, ..arrival.clone() }
}

fn without_host(arrival: &Arrival) -> Arrival {
    Arrival { host: None, path: None, ..arrival.clone() }
}

fn found(
    incident: &Incident,
    sites: &[Site],
    arrivals: Vec<Arrival>,
) -> Result<(String, Vec<Address>), Matter> {
    let traffic = Traffic { arrivals, ..Traffic::default() };
    let located = locate(incident, &Sites::new(sites), &traffic);
    located
        .map(|located| (located.site.ingress.to_string(), located.offenders.into_iter().collect()))
        .map_err(|obstacle| obstacle.matter)
}

fn sites() -> Vec<Site> {
    Stage::new(Mode::Observe).sites
}

fn shop() -> (String, Vec<Address>) {
    ("shop/web".to_owned(), vec![client(66)])
}

#[test]
fn the_host_that_the_attackers_ask_for_leads_to_the_ingress() {
    assert_eq!(found(&flood(), &sites(), seen(HEARD)), Ok(shop()));
}

#[test]
fn a_source_that_asks_next_to_nothing_is_not_taken_for_an_attacker() {
    let both = incident(1, &[client(66), client(1)], CONTROLLER);
    assert_eq!(found(&both, &sites(), seen(HEARD)), Ok(shop()));
}

#[test]
fn a_host_that_no_ingress_serves_leads_nowhere() {
    let other = |arrival| Arrival { host: Some(Arc::from("old.example")), ..arrival };
    let arrivals = seen(HEARD).into_iter().map(other).collect();
    assert_eq!(found(&flood(), &sites(), arrivals), Err(Matter::NoIngress));
}

#[test]
fn attackers_of_several_ingresses_leave_it_open() {
    let blog = |arrival| Arrival { host: Some(Arc::from("blog.example")), ..arrival };
    let too = steady(client(66), 100, (ATTACK, HEARD)).into_iter().map(blog).collect();
    let arrivals = merged([seen(HEARD), too]);
    assert_eq!(found(&flood(), &sites(), arrivals), Err(Matter::Ambiguous));
}

#[test]
fn where_hosts_are_not_seen_the_pods_that_are_attacked_lead_to_the_ingress() {
    let arrivals = seen(HEARD).iter().map(without_host).collect();
    let at_pod = incident(1, &[client(66), CONTROLLER], pod(1));
    assert_eq!(found(&at_pod, &sites(), arrivals), Ok(shop()));
}

#[test]
fn where_hosts_are_not_seen_the_only_ingress_whose_pods_are_asked_more_is_it() {
    let outer: Vec<_> = seen(HEARD).iter().map(without_host).collect();
    let to_shop = outer.iter().map(|arrival| inner(arrival, pod(1))).collect();
    let quiet = steady(client(5), 2, (0, HEARD));
    let quiet = quiet.iter().map(without_host);
    let to_blog: Vec<_> = quiet.map(|arrival| inner(&arrival, pod(2))).collect();
    let arrivals = merged([outer.clone(), to_shop, to_blog.clone()]);
    assert_eq!(found(&flood(), &sites(), arrivals), Ok(shop()));
    let both = outer.iter().map(|arrival| inner(arrival, pod(2))).collect();
    let to_shop = outer.iter().map(|arrival| inner(arrival, pod(1))).collect();
    assert_eq!(found(&flood(), &sites(), merged([outer, to_shop, both])), Err(Matter::Ambiguous));
}

#[test]
fn an_attack_that_is_seen_behind_the_controller_alone_is_traced_to_who_is_loud_in_front() {
    let behind = incident(1, &[CONTROLLER], pod(1));
    assert_eq!(found(&behind, &sites(), seen(HEARD)), Ok(shop()));
}

#[test]
fn of_very_many_attackers_those_that_are_not_listed_are_told_by_how_loud_they_are() {
    let more = steady(client(67), 100, (ATTACK, HEARD));
    let arrivals = merged([seen(HEARD), more]);
    let mut incident = flood();
    incident.sources.total = 2;
    let offenders = found(&incident, &sites(), arrivals).unwrap().1;
    assert_eq!(offenders, [client(66), client(67)]);
}

#[test]
fn pods_behind_two_ingresses_leave_it_open() {
    let sites = [site("shop/web", "shop.example", pod(1)), site("shop/api", "api.example", pod(1))];
    let arrivals = seen(HEARD).iter().map(without_host).collect();
    let at_pod = incident(1, &[client(66)], pod(1));
    assert_eq!(found(&at_pod, &sites, arrivals), Err(Matter::Ambiguous));
}
