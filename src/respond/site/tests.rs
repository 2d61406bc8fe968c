use std::sync::Arc;

use super::*;
use crate::respond::fixture::{client, pod, request, site};

fn at(host: Option<&str>, path: Option<&str>) -> Arrival {
    let text = |text: Option<&str>| text.map(Arc::from);
    Arrival { host: text(host), path: text(path), ..request(0, client(1)) }
}

fn with_path(site: Site, path: &str) -> Site {
    let routes = site.routes.into_iter();
    let routes = routes.map(|route| SiteRoute { path: path.to_owned(), ..route }).collect();
    Site { routes, ..site }
}

fn sites() -> Vec<Site> {
    vec![
        site("shop/web", "shop.example", pod(1)),
        site("shop/any", "*.shop.example", pod(2)),
        site("blog/web", "blog.example", pod(3)),
        with_path(site("blog/admin", "blog.example", pod(4)), "/admin/panel"),
    ]
}

#[test]
fn the_exact_host_goes_before_a_wildcard_and_that_before_any() {
    let sites = sites();
    let without = Sites::new(&sites);
    let place = |sites: &Sites<'_>, host| sites.place(&at(Some(host), Some("/")));
    assert_eq!(place(&without, "shop.example"), Place::Site(0));
    assert_eq!(place(&without, "api.shop.example"), Place::Site(1));
    assert_eq!(place(&without, "v1.api.shop.example"), Place::Nowhere, "one label only");
    assert_eq!(place(&without, "other.example"), Place::Nowhere);
    let with_any: Vec<_> = sites.into_iter().chain([site("infra/any", "", pod(9))]).collect();
    assert_eq!(place(&Sites::new(&with_any), "other.example"), Place::Site(4));
}

#[test]
fn ingresses_of_one_host_are_told_apart_by_path_where_it_is_seen() {
    let sites = sites();
    let sites = Sites::new(&sites);
    let place = |path| sites.place(&at(Some("blog.example"), path));
    assert_eq!(place(Some("/admin")), Place::Site(3));
    assert_eq!(place(Some("/posts")), Place::Site(2));
    assert_eq!(place(None), Place::Several);
}

#[test]
fn two_controllers_with_one_host_are_told_apart_by_their_addresses() {
    let other = Address::v4([10, 0, 0, 2]);
    let sites = [
        site("shop/web", "shop.example", pod(1)),
        Site { controller_addresses: vec![other], ..site("old/web", "shop.example", pod(2)) },
    ];
    let sites = Sites::new(&sites);
    let to = |server| sites.place(&Arrival { server, ..at(Some("shop.example"), Some("/")) });
    assert_eq!(to(other), Place::Site(1));
    assert_eq!(to(Address::v4([192, 0, 2, 1])), Place::Several);
}

#[test]
fn a_request_without_a_host_is_for_nobody_known() {
    let sites = sites();
    assert_eq!(Sites::new(&sites).place(&at(None, None)), Place::Nowhere);
}

#[test]
fn a_request_to_a_pod_came_through_the_ingress_of_its_host() {
    let shared = [
        site("shop/web", "shop.example", pod(1)),
        site("shop/api", "api.shop.example", pod(1)),
        site("blog/web", "blog.example", pod(3)),
    ];
    let sites = Sites::new(&shared);
    let to = |server, host| sites.inner_place(&Arrival { server, ..at(host, None) });
    assert_eq!(to(pod(1), Some("api.shop.example")), Some(1));
    assert_eq!(to(pod(1), None), None, "two Ingresses are in front of it");
    assert_eq!(to(pod(3), None), Some(2));
    assert_eq!(to(pod(7), Some("shop.example")), None, "not behind it");
}
