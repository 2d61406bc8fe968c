//! Lists and watches, and what goes wrong with them.

use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use weir::cluster::{ClusterStatus, Link};

use crate::support::double::fault::Fault;
use crate::support::double::http::Piece;
use crate::support::double::kube::rights::{Grant, Rights};
use crate::{LONGEST, Stage, named, now_us, pod};

fn failure<'a>(status: &'a ClusterStatus, resource: &str) -> Option<&'a str> {
    status.watches.iter().find(|watch| watch.resource == resource)?.failure.as_deref()
}

#[test]
fn what_is_listed_is_known_and_what_changes_is_followed() {
    let stage = Stage::new();
    stage.seed(pod("first", "10.244.0.1"));
    let mut watched = stage.watch();
    watched.until_listed();
    watched.until(|status, world| {
        status.version == "v1.33.1"
            && status.context == "double"
            && named(world, "10.244.0.1").as_deref() == Some("default/first")
    });
    stage.seed(pod("second", "10.244.0.2"));
    watched.until(|_, world| named(world, "10.244.0.2").as_deref() == Some("default/second"));
    stage.api.with(|kube| kube.remove("pods", "default", "first"));
    watched.until(|_, world| world.pods().len() == 1);
    assert_eq!(named(&watched.latest.1, "10.244.0.1").as_deref(), Some("default/first"));
}

#[test]
fn a_watch_that_was_forgotten_begins_with_a_list() {
    let stage = Stage::new();
    stage.seed(pod("first", "10.244.0.1"));
    let mut watched = stage.watch();
    watched.until_listed();
    stage.api.with(|kube| {
        kube.store.cut_watches(&Piece::Cut);
        kube.remove("pods", "default", "first");
        kube.seed(pod("second", "10.244.0.2"));
        kube.store.compact();
    });
    watched.until(|_, world| {
        world.pods().len() == 1 && named(world, "10.244.0.2").as_deref() == Some("default/second")
    });
    watched.until(|status, _| failure(status, "pods").is_none());
}

#[test]
fn a_kind_that_is_forbidden_says_so_and_stops_no_other() {
    let stage = Stage::new();
    stage.api.with(|kube| {
        let all = Grant::new(&["list", "watch"], "", &["namespaces", "services", "nodes"]);
        kube.users[0].rights = Rights::Only(vec![all]);
    });
    let mut watched = stage.watch();
    watched.until(|status, world| {
        let is_failing = failure(status, "pods").is_some();
        is_failing && !world.namespaces().is_empty() && status.link == Link::Up
    });
    let said = failure(&watched.latest.0, "pods").unwrap();
    assert!(said.contains("forbidden") && said.contains("(403)"), "{said}");
}

#[test]
fn while_the_api_server_is_away_what_was_known_stays() {
    let stage = Stage::new();
    stage.seed(pod("first", "10.244.0.1"));
    let mut watched = stage.watch();
    watched.until_listed();
    let before_us = now_us();
    stage.api.refuse();
    watched.until(|status, _| matches!(status.link, Link::Down { .. }));
    let (status, world) = &watched.latest;
    let Link::Down { since_us, why } = &status.link else { panic!("{status:?}") };
    assert!((before_us - since_us).abs() < 10_000_000, "{since_us}");
    assert!(why.starts_with("the API server cannot be reached: "), "{why}");
    assert_eq!(named(world, "10.244.0.1").as_deref(), Some("default/first"));
    stage.seed(pod("second", "10.244.0.2"));
    stage.api.heal();
    watched.until(|status, world| {
        status.link == Link::Up
            && named(world, "10.244.0.2").is_some()
            && status.watches.iter().all(|watch| watch.failure.is_none())
    });
}

#[test]
fn credentials_that_have_expired_are_said_in_one_sentence() {
    let stage = Stage::new();
    stage.api.with(|kube| kube.users[0].token = Some("another".into()));
    let mut watched = stage.watch();
    watched.until(|status, _| matches!(status.link, Link::Down { .. }));
    let Link::Down { why, .. } = &watched.latest.0.link else { panic!() };
    let said = "the credentials are not accepted, they may have expired: renew them (401)";
    assert_eq!(why, said);
}

#[test]
fn answers_that_are_slow_broken_off_or_refused_are_asked_for_again() {
    let stage = Stage::new();
    stage.seed(pod("first", "10.244.0.1"));
    stage.api.with(|kube| {
        let faults = [Fault::Half, Fault::Cut, Fault::Late(Duration::from_millis(300))];
        for fault in faults {
            kube.plan.fail(1, fault, |asked| asked.resource == "pods" && asked.verb == "list");
        }
        kube.plan.fail(1, Fault::Busy(1), |asked| asked.resource == "nodes");
        kube.plan.fail(1, Fault::Status(503), |asked| asked.resource == "services");
        kube.plan.fail(1, Fault::Half, |asked| asked.resource == "jobs" && asked.verb == "watch");
    });
    let mut watched = stage.watch();
    watched.until_listed();
    watched.until(|status, world| {
        named(world, "10.244.0.1").is_some()
            && status.watches.iter().all(|watch| watch.failure.is_none())
    });
}

#[test]
fn an_event_that_is_cut_in_the_middle_is_not_lost() {
    let stage = Stage::new();
    let mut watched = stage.watch();
    watched.until_listed();
    stage.api.with(|kube| {
        kube.store.cut_watches(&Piece::Half("{\"type\":\"ADDED\",\"object\":{}}\n".into()));
        kube.seed(pod("first", "10.244.0.1"));
    });
    watched.until(|_, world| named(world, "10.244.0.1").is_some());
}

#[test]
fn a_watch_that_is_stopped_tells_nothing_more() {
    let stage = Stage::new();
    let mut watched = stage.watch();
    watched.until_listed();
    watched.stop.cancel();
    let end = std::iter::repeat_with(|| watched.news.recv_timeout(LONGEST)).find_map(Result::err);
    assert_eq!(end, Some(RecvTimeoutError::Disconnected));
}

#[test]
fn lists_that_come_in_pages_come_whole_even_if_a_page_has_expired() {
    let stage = Stage::new();
    stage.api.with(|kube| {
        for n in 0..1_100 {
            kube.seed(pod(&format!("pod-{n}"), &format!("10.244.{}.{}", n / 250, n % 250)));
        }
        kube.plan.fail(1, Fault::Status(410), |asked| asked.query.contains("continue="));
    });
    let mut watched = stage.watch();
    watched.until_listed();
    assert_eq!(watched.latest.1.pods().len(), 1_100);
    assert_eq!(named(&watched.latest.1, "10.244.4.99").as_deref(), Some("default/pod-1099"));
}

#[test]
fn an_api_server_that_falls_silent_is_down_although_no_connection_breaks() {
    let stage = Stage::new();
    let mut watched = stage.watch();
    watched.until_listed();
    stage.api.with(|kube| kube.plan.fail(1, Fault::Hang, |asked| asked.path == "/version"));
    watched.until(|status, _| matches!(status.link, Link::Down { .. }));
    let Link::Down { why, .. } = &watched.latest.0.link else { panic!() };
    assert_eq!(why, "the API server did not answer within 5 s");
    watched.until(|status, _| status.link == Link::Up);
}

#[test]
fn watches_begin_anew_as_soon_as_the_api_server_was_away() {
    let stage = Stage::new();
    let mut watched = stage.watch();
    watched.until_listed();
    watched.until(|status, _| status.link == Link::Up);
    let begun = || {
        let asked = stage.api.with(|kube| kube.log.iter().map(|one| one.asked.clone()).collect());
        let asked: Vec<_> = asked;
        asked.iter().filter(|one| one.verb == "watch" && one.resource == "pods").count()
    };
    let before = begun();
    stage.api.with(|kube| kube.plan.fail(1, Fault::Hang, |asked| asked.path == "/version"));
    watched.until(|status, _| matches!(status.link, Link::Down { .. }));
    watched.until(|status, _| status.link == Link::Up);
    let begins_anew = (0..100).any(|_| {
        watched.news.recv_timeout(Duration::from_millis(100)).ok();
        begun() > before
    });
    assert!(begins_anew, "the watch of before is trusted still");
}
