//! What becomes of a limit that is set.

use std::time::Duration;

use super::*;
use crate::respond::fixture::{answer, named};

/// A stage on which the attack is limited.
fn limited() -> Stage {
    let mut stage = Stage::new(Mode::Enforce);
    assert_eq!(only(stage.done(HEARD)).kind, DecisionKind::Applied);
    stage
}

fn limit_lasts(request: &LimitRequest) -> u64 {
    request.ttl.as_secs() / 60
}

#[test]
fn a_limit_is_lifted_a_minute_after_the_attack_is_over() {
    let mut stage = limited();
    stage.says(resolved(flood(), 400));
    let said = stage.done_between(400, 500);
    assert_eq!(said, [(460, DecisionKind::Lifted)]);
    assert!(stage.response.limits().is_empty());
}

#[test]
fn it_is_not_lifted_where_the_attack_comes_back_within_the_minute() {
    let mut stage = limited();
    stage.says(resolved(flood(), 400));
    assert!(stage.done_between(400, 450).is_empty());
    stage.says(Incident { reopened: 1, ..flood() });
    assert!(stage.done_between(450, 500).is_empty());
    stage.says(resolved(Incident { reopened: 1, ..flood() }, 500));
    assert_eq!(stage.done_between(500, 600), [(560, DecisionKind::Lifted)]);
}

#[test]
fn a_limit_is_renewed_while_the_attack_goes_on() {
    let mut stage = limited();
    let said = stage.done_between(HEARD + 1, HEARD + 1_200);
    assert_eq!(
        said,
        [(HEARD + 540, DecisionKind::Applied), (HEARD + 1_080, DecisionKind::Applied)]
    );
    assert_eq!(stage.response.limits().len(), 1);
}

#[test]
fn each_time_the_attack_comes_back_the_limit_lasts_longer() {
    let mut stage = Stage::new(Mode::Enforce);
    let mut minutes = Vec::new();
    for life in 0..4_u32 {
        let begins = HEARD + i64::from(life) * 1_000;
        stage.says(Incident { reopened: life, ..flood() });
        let request = request(only(stage.acts(begins)));
        minutes.push(limit_lasts(&request));
        stage.response.settle(&request.ingress, Outcome::Done, begins * SECOND);
        stage.says(resolved(Incident { reopened: life, ..flood() }, begins + 10));
        assert_eq!(only(stage.done_between(begins + 10, begins + 100)).1, DecisionKind::Lifted);
    }
    assert_eq!(minutes, [10, 60, 360, 360]);
}

#[test]
fn another_incident_at_the_same_ingress_keeps_the_limit() {
    let mut stage = limited();
    let second = incident(2, &[client(66)], crate::respond::fixture::CONTROLLER);
    stage.incidents.push(Arc::new(second));
    assert!(stage.done(HEARD + 1).is_empty());
    stage.incidents[0] = Arc::new(resolved(flood(), 400));
    assert!(stage.done_between(400, 600).is_empty());
}

/// How the Ingress stands where nothing of Weir's is there.
fn stands(standing: Standing) -> Arc<LimitStatus> {
    Arc::new(LimitStatus {
        ingress: named("shop/web"),
        controller: Ok(Controller::IngressNginx),
        standing,
        held: None,
        foreign: Vec::new(),
    })
}

#[test]
fn a_limit_that_somebody_undid_is_not_set_again_for_this_attack_and_that_is_said() {
    for standing in [Standing::Overridden, Standing::Foreign, Standing::Unlimited] {
        let mut stage = limited();
        stage.limits = vec![stands(standing)];
        let said: Vec<_> = (HEARD + 1..HEARD + 300).flat_map(|now_s| stage.done(now_s)).collect();
        let said = only(said);
        assert_eq!((said.kind, said.at_us), (DecisionKind::Overridden, (HEARD + 30) * SECOND));
        assert!(said.text.starts_with("somebody has "), "{}", said.text);
        assert!(said.text.contains("none again by itself for this attack"), "{}", said.text);
        assert!(stage.response.limits().is_empty());
    }
}

#[test]
fn a_limit_that_is_over_early_by_another_clock_is_set_again() {
    let mut stage = limited();
    assert!(stage.done_between(HEARD + 1, HEARD + 310).is_empty());
    stage.limits = vec![stands(Standing::Unlimited)];
    stage.traffic.arrivals = seen(HEARD + 310);
    assert_eq!(only(stage.done(HEARD + 310)).kind, DecisionKind::Applied);
}

#[test]
fn an_ingress_that_is_gone_takes_no_place_any_more() {
    let mut stage = limited();
    stage.sites.remove(0);
    let said: Vec<_> = (HEARD + 1..HEARD + 40).flat_map(|now_s| stage.done(now_s)).collect();
    let gone = said.iter().find(|one| one.kind == DecisionKind::Overridden).unwrap();
    assert_eq!(gone.text, "The Ingress shop/web is gone, and Weir's limit with it");
    assert!(stage.response.limits().is_empty());
}

#[test]
fn a_limit_of_an_earlier_run_is_taken_on_and_lifted_when_the_attack_is_over() {
    let mut stage = Stage::new(Mode::Enforce);
    let limit = Limit { rps: Some(7), ..Limit::default() };
    let held = Held {
        limit,
        by: "weir (auto)".to_owned(),
        reason: "a flood".to_owned(),
        incident: Some(IncidentId(1)),
        since_us: 65 * SECOND,
        until_us: 3_665 * SECOND,
        values: Vec::new(),
    };
    stage.limits = vec![Arc::new(LimitStatus {
        ingress: named("shop/web"),
        controller: Ok(Controller::IngressNginx),
        standing: Standing::Active,
        held: Some(held),
        foreign: Vec::new(),
    })];
    assert!(stage.done(HEARD).is_empty(), "it is limited already");
    stage.says(resolved(flood(), 400));
    // What is read of the Ingress stays behind for a while.
    assert_eq!(stage.done_between(400, 600), [(460, DecisionKind::Lifted)]);
    stage.limits.clear();
    stage.says(Incident { reopened: 1, ..flood() });
    assert_eq!(request(only(stage.acts(700))).ttl, Duration::from_hours(6));
}

#[test]
fn a_limit_at_an_ingress_that_weir_is_kept_away_from_since_is_lifted_for_good() {
    let mut labelled = limited();
    labelled.sites[0].unprotected_by = Some("Ingress");
    let mut named_in_settings = limited();
    named_in_settings.response.options.never = vec![named("shop/web")];
    for mut stage in [labelled, named_in_settings] {
        let said = only(stage.done(HEARD + 10));
        assert_eq!(said.kind, DecisionKind::Lifted);
        assert!(said.text.contains("sets none again by itself for this attack"), "{}", said.text);
        assert!(stage.done_between(HEARD + 11, HEARD + 200).is_empty());
        assert!(stage.response.limits().is_empty());
    }
}

#[test]
fn a_limit_is_not_renewed_where_it_would_not_be_set_any_more_and_that_is_said_once() {
    let mut observed = limited();
    observed.response.options.mode = Mode::Observe;
    let mut unserved = limited();
    unserved.sites[0].controller = Err("its class is gone".to_owned());
    for (mut stage, why) in [(observed, "the mode is observe"), (unserved, "its class is gone")] {
        let said: Vec<_> = (HEARD + 1..HEARD + 600).flat_map(|now_s| stage.done(now_s)).collect();
        let said = only(said);
        assert_eq!((said.kind, said.at_us), (DecisionKind::Refused, (HEARD + 540) * SECOND));
        assert!(
            said.text.contains("it is not renewed") && said.text.contains(why),
            "{}",
            said.text
        );
    }
}

#[test]
fn a_limit_is_not_loosened_where_it_would_not_be_set_any_more() {
    let mut stage = limited();
    hurting(&mut stage, 5);
    stage.sites[0].controller = Err("its class is gone".to_owned());
    assert!(stage.done_between(HEARD + 1, HEARD + 60).is_empty());
}

/// How the Ingress stands where `by` has limited it about an incident.
fn active(by: &str, incident: Option<u64>, rps: u32) -> Arc<LimitStatus> {
    let held = Held {
        limit: Limit { rps: Some(rps), ..Limit::default() },
        by: by.to_owned(),
        reason: String::new(),
        incident: incident.map(IncidentId),
        since_us: HEARD * SECOND,
        until_us: (HEARD + 86_400) * SECOND,
        values: Vec::new(),
    };
    Arc::new(LimitStatus {
        ingress: named("shop/web"),
        controller: Ok(Controller::IngressNginx),
        standing: Standing::Active,
        held: Some(held),
        foreign: Vec::new(),
    })
}

#[test]
fn a_limit_that_a_person_put_in_its_place_is_neither_lifted_nor_renewed_and_it_is_said() {
    let mut stage = limited();
    stage.limits = vec![active("alice via api", None, 3)];
    let said: Vec<_> = (HEARD + 1..HEARD + 60).flat_map(|now_s| stage.done(now_s)).collect();
    let said = only(said);
    assert_eq!((said.kind, said.at_us), (DecisionKind::Overridden, (HEARD + 30) * SECOND));
    let text = "alice via api has limited shop/web to 3 requests a second in place of Weir's limit";
    assert!(said.text.starts_with(text), "{}", said.text);
    assert!(stage.done_between(HEARD + 60, HEARD + 700).is_empty(), "not renewed");
    stage.says(resolved(flood(), HEARD + 700));
    assert!(stage.done_between(HEARD + 700, HEARD + 800).is_empty(), "not lifted");
}

/// From [`HEARD`] on, bystanders are refused, and attackers as often as said.
fn hurting(stage: &mut Stage, refused_attacks: usize) {
    let bystanders = steady(client(1), 2, (HEARD, 300));
    let attack = steady(client(66), 2, (HEARD, 300));
    let answers = bystanders.iter().map(|arrival| answer(arrival, 503));
    let attacked = attack
        .iter()
        .enumerate()
        .map(|(number, arrival)| answer(arrival, if number < refused_attacks { 503 } else { 200 }));
    let mut answers: Vec<_> = answers.chain(attacked).collect();
    answers.sort_by_key(|answer| answer.at_us);
    stage.traffic =
        Traffic { arrivals: merged([bystanders, attack]), answers, ..Traffic::default() };
}

#[test]
fn a_limit_that_hurts_more_than_it_helps_is_loosened_once_and_then_lifted_for_good() {
    let mut stage = limited();
    let before = only(stage.response.limits()).1;
    hurting(&mut stage, 5);
    let said = stage.done_between(HEARD + 1, HEARD + 60);
    assert_eq!(said.first().map(|(_, kind)| *kind), Some(DecisionKind::Loosened));
    let loosened = said[0].0;
    assert!(loosened >= HEARD + 30, "{said:?}");
    let after = only(stage.response.limits()).1;
    assert_eq!(after.rps, before.rps.map(|rps| rps * 2));
    let said = stage.done_between(HEARD + 60, HEARD + 160);
    assert_eq!(only(said).1, DecisionKind::Lifted);
    assert!(stage.response.limits().is_empty());
}

#[test]
fn a_limit_that_helps_more_than_it_hurts_stays() {
    let mut stage = limited();
    hurting(&mut stage, usize::MAX);
    stage.traffic.answers.retain(|answer| answer.client == client(66) || answer.at_us % 3 == 0);
    assert!(stage.done_between(HEARD + 1, HEARD + 100).is_empty());
}

#[test]
fn what_a_limit_does_is_measured() {
    let mut stage = limited();
    stage.traffic.arrivals = seen(HEARD + 30);
    assert!(stage.done_between(HEARD + 1, HEARD + 31).is_empty());
    let (ingress, effect) = only(stage.response.effects());
    assert_eq!(ingress, named("shop/web"));
    assert_eq!((effect.offenders, effect.bystanders), (1, 10));
    let before = effect.offered_before_per_s;
    assert!(before.is_some_and(|rate| (90.0..=110.0).contains(&rate)), "{effect:?}");
    assert_eq!(effect.refused_per_min, None, "no answer was seen");
}

#[test]
fn a_limit_of_an_earlier_run_is_not_judged_by_what_was_not_seen() {
    let mut stage = Stage::new(Mode::Enforce);
    stage.limits = vec![active("weir (auto)", Some(1), 7)];
    hurting(&mut stage, 5);
    assert!(stage.done_between(HEARD, HEARD + 100).is_empty());
    assert_eq!(only(stage.response.limits()).1.rps, Some(7));
    let (_, effect) = only(stage.response.effects());
    assert!(effect.bystanders_refused > Some(10), "it is measured all the same: {effect:?}");
}
