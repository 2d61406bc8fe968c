//! When a limit is set, and when it is only spoken of.

use std::time::Duration;

use super::*;
use crate::respond::{Burst, ResponseRule, Scope};

#[test]
fn a_flood_is_limited_where_weir_may() {
    let mut stage = Stage::new(Mode::Enforce);
    let request = request(only(stage.acts(HEARD)));
    assert_eq!(request.ingress.to_string(), "shop/web");
    assert_eq!((request.limit.rps, request.limit.burst), (Some(5), Some(Burst::Multiplier(5))));
    assert_eq!((request.ttl, request.is_dry_run), (Duration::from_mins(10), false));
    assert_eq!((request.incident, &*request.by), (Some(IncidentId(1)), "weir (auto)"));
    assert!(request.clone().checked().is_ok(), "{request:?}");
    let said = stage.response.settle(&request.ingress, Outcome::Done, HEARD * SECOND).unwrap();
    assert_eq!(said.kind, DecisionKind::Applied);
    assert_eq!(
        said.text,
        "Weir limits each client of shop/web to 5 requests a second (burst 5 times that) for 10 min. \
         The attackers ask 100 requests a second, of which about 95 % are refused; of those who came \
         in the last minutes, all 10 other clients are spared"
    );
}

#[test]
fn how_far_weir_goes_is_a_matter_of_mode() {
    let kind = |mode| only(Stage::new(mode).done(HEARD)).kind;
    assert_eq!(kind(Mode::Observe), DecisionKind::Recommended);
    assert_eq!(kind(Mode::DryRun), DecisionKind::Checked);
    assert_eq!(kind(Mode::Enforce), DecisionKind::Applied);
}

#[test]
fn a_dry_run_asks_the_api_server_to_write_nothing() {
    assert!(request(only(Stage::new(Mode::DryRun).acts(HEARD))).is_dry_run);
}

#[test]
fn a_rule_for_the_namespace_holds_weir_back() {
    let mut stage = Stage::new(Mode::Enforce);
    let scope = Scope::Namespace("shop".to_owned());
    let rules = vec![ResponseRule { scope, mode: Mode::Observe }];
    stage.response = Response::new(ResponseOptions { rules, ..options(Mode::Enforce) });
    assert_eq!(only(stage.done(HEARD)).kind, DecisionKind::Recommended);
}

#[test]
fn on_a_replayed_capture_nothing_is_done_and_it_is_said_why() {
    let mut stage = Stage::new(Mode::Enforce);
    stage.response.hold_back(Some("this is a replayed capture".to_owned()));
    let said = only(stage.done(HEARD));
    assert_eq!(said.kind, DecisionKind::Recommended);
    assert!(said.text.contains("and does not: this is a replayed capture"), "{}", said.text);
}

#[test]
fn everything_is_said_once() {
    for mode in Mode::ALL {
        let said = Stage::new(mode).done_between(HEARD, HEARD + 200);
        assert_eq!(said.len(), 1, "{mode:?}: {said:?}");
    }
}

#[test]
fn what_no_ingress_limit_helps_against_is_said_at_once() {
    for class in [Class::Scan, Class::Exploit, Class::Beacon] {
        let mut stage = Stage::new(Mode::Enforce);
        stage.says(Incident { class, ..flood() });
        let said = only(stage.done(HEARD));
        assert_eq!((said.kind, said.ingress), (DecisionKind::Refused, None));
        assert!(said.text.contains("an Ingress limit does not"), "{}", said.text);
    }
}

#[test]
fn an_attack_that_shows_no_requests_yet_is_given_time() {
    let mut stage = Stage::new(Mode::Enforce);
    stage.traffic = Traffic::default();
    assert!(stage.acts(HEARD).is_empty());
    let mut packets = Stage::new(Mode::Enforce);
    packets.traffic = Traffic::default();
    let said = packets.done_between(HEARD, HEARD + 60);
    assert_eq!(said, [(HEARD + 5, DecisionKind::Refused)]);
    stage.traffic.arrivals = seen(HEARD + 5);
    assert_eq!(only(stage.done(HEARD + 5)).kind, DecisionKind::Applied);
}

#[test]
fn a_guard_that_holds_weir_back_is_explained() {
    let mut stage = Stage::new(Mode::Enforce);
    stage.surroundings.nodes = vec![client(66)];
    let said = only(stage.done(HEARD));
    let web = IngressName::new("shop", "web").unwrap();
    assert_eq!((said.kind, said.ingress), (DecisionKind::Refused, Some(web)));
    assert!(said.text.contains("externalTrafficPolicy: Local"), "{}", said.text);
}

#[test]
fn no_more_ingresses_than_allowed_are_limited() {
    let mut stage = Stage::new(Mode::Enforce);
    stage.response = Response::new(ResponseOptions { at_once: 1, ..options(Mode::Enforce) });
    let blog = |arrival: Arrival| Arrival { host: Some(Arc::from("blog.example")), ..arrival };
    let attack = steady(client(77), 100, (ATTACK, HEARD)).into_iter().map(blog).collect();
    stage.traffic.arrivals = merged([seen(HEARD), attack]);
    let other = incident(2, &[client(77)], crate::respond::fixture::CONTROLLER);
    stage.incidents.push(Arc::new(other));
    let kinds: Vec<_> = stage.done(HEARD).into_iter().map(|said| said.kind).collect();
    assert_eq!(kinds, [DecisionKind::Applied, DecisionKind::Refused]);
}

#[test]
fn a_failure_is_said_once_and_tried_again_ever_less_often() {
    let mut stage = Stage::new(Mode::Enforce);
    let (mut tried, mut said) = (Vec::new(), Vec::new());
    for now_s in HEARD..HEARD + 200 {
        for act in stage.acts(now_s) {
            let failed = Outcome::Failed("etcd is\u{1b} away".to_owned());
            tried.push(now_s - HEARD);
            said.extend(stage.response.settle(&request(act).ingress, failed, now_s * SECOND));
        }
    }
    let said = only(said);
    assert_eq!(said.kind, DecisionKind::Failed);
    assert_eq!(said.text, "shop/web could not be limited (etcd is away): Weir tries again");
    assert_eq!(tried.len(), 3, "{tried:?}");
}

#[test]
fn while_an_act_is_under_way_none_follows() {
    let mut stage = Stage::new(Mode::Enforce);
    assert_eq!(stage.acts(HEARD).len(), 1);
    assert_eq!((HEARD + 1..HEARD + 100).flat_map(|now_s| stage.acts(now_s)).count(), 0);
}

#[test]
fn where_more_must_be_exempt_than_a_limit_takes_none_is_set() {
    let apart = (0..300_u32).map(|number| Address::v4((0x0a64_0000 + 2 * number).to_be_bytes()));
    let mut stage = Stage::new(Mode::Enforce);
    stage.surroundings.nodes = apart.collect();
    let said = only(stage.done(HEARD));
    assert_eq!(said.kind, DecisionKind::Refused);
    assert!(said.text.starts_with("300 networks must not be limited"), "{}", said.text);
    let mut stage = Stage { response: Response::new(options(Mode::Enforce)), ..stage };
    stage.surroundings.monitors = vec![client(66)];
    let said = only(stage.done(HEARD));
    assert!(said.text.contains("203.0.113.66, are exempt from limits"), "{}", said.text);
}

#[test]
fn as_long_as_it_is_not_known_how_the_ingress_stands_nothing_is_done() {
    let mut stage = Stage::new(Mode::Enforce);
    stage.unread = vec![IngressName::new("shop", "web").unwrap()];
    assert!(stage.done(HEARD).is_empty());
    let said: Vec<_> = (HEARD + 1..HEARD + 40).flat_map(|now_s| stage.done(now_s)).collect();
    let said = only(said);
    assert_eq!(said.kind, DecisionKind::Refused);
    assert!(said.text.contains("is not known yet"), "{}", said.text);
    stage.unread.clear();
    stage.traffic.arrivals = seen(HEARD + 40);
    assert_eq!(only(stage.done(HEARD + 40)).kind, DecisionKind::Applied);
}
