//! What people and mutes do to an incident, and what there is to tell of it then.

use super::*;
use crate::incident::{Mark, Marks, MuteId, News, Severity, Status, Told};

fn by(who: &str) -> Mark {
    Mark { by: who.into(), at_us: START_US }
}

fn open_one() -> Incident {
    only(&after((0..3).map(|id| alarm(id, Class::DosFlood, (7, 1), 0))))
}

fn over() -> Incident {
    Incident { status: Status::Resolved, resolved_us: Some(START_US), ..open_one() }
}

fn again(incident: Incident) -> Incident {
    Incident {
        reopened: incident.reopened + 1,
        status: Status::Open,
        resolved_us: None,
        ..incident
    }
}

fn taken_on() -> Marks {
    Marks { acknowledged: Some((0, by("ada"))), ..Marks::default() }
}

fn resolved_by_hand() -> Marks {
    Marks { resolved: Some((0, by("bob"))), ..taken_on() }
}

#[test]
fn without_marks_an_incident_stands_as_the_traffic_says() {
    assert_eq!(open_one().marked(&Marks::default()), open_one());
    assert_eq!(over().marked(&Marks::default()), over());
}

#[test]
fn what_somebody_has_taken_on_is_acknowledged_until_it_is_over() {
    let marked = open_one().marked(&taken_on());
    assert_eq!((marked.status, marked.acknowledged), (Status::Acknowledged, Some(by("ada"))));
    let marked = over().marked(&taken_on());
    assert_eq!((marked.status, marked.acknowledged), (Status::Resolved, Some(by("ada"))));
    assert_eq!(marked.resolved_by, None);
}

#[test]
fn what_somebody_says_is_over_is_resolved_whatever_the_traffic_says() {
    for incident in [open_one(), over()] {
        let marked = incident.marked(&resolved_by_hand());
        assert_eq!((marked.status, marked.resolved_by), (Status::Resolved, Some(by("bob"))));
    }
}

#[test]
fn marks_of_an_earlier_life_say_nothing_of_this_one() {
    let marked = again(over()).marked(&resolved_by_hand());
    assert_eq!(marked.status, Status::Open);
    assert_eq!((marked.acknowledged, marked.resolved_by), (None, None));
}

#[test]
fn a_mute_holds_in_every_life() {
    let marks = Marks { muted_by: Some(MuteId(3)), ..Marks::default() };
    for incident in [open_one(), over(), again(over())] {
        assert_eq!(incident.marked(&marks).muted_by, Some(MuteId(3)));
    }
}

/// What is new of the second for who knows the first.
fn news(told: &Incident, now: &Incident) -> News {
    News::since(Some(Told::from(told)), now)
}

#[test]
fn who_knows_nothing_of_it_is_told_that_it_opened_or_was_resolved() {
    assert_eq!(News::since(None, &open_one()), News::Opened);
    assert_eq!(News::since(None, &open_one().marked(&taken_on())), News::Opened);
    assert_eq!(News::since(None, &again(over())), News::Opened);
    assert_eq!(News::since(None, &over()), News::Resolved);
}

#[test]
fn each_turn_of_a_life_is_told_once() {
    let acknowledged = open_one().marked(&taken_on());
    let acknowledged_again =
        again(over()).marked(&Marks { acknowledged: Some((1, by("eve"))), ..Marks::default() });
    let over_again = Incident { reopened: 1, ..over() };
    for (told, now, expected) in [
        (open_one(), acknowledged.clone(), News::Acknowledged),
        (acknowledged, over(), News::Resolved),
        (over(), again(over()), News::Reopened),
        (again(over()), acknowledged_again.clone(), News::Acknowledged),
        (acknowledged_again, over_again, News::Resolved),
    ] {
        assert_eq!(news(&told, &now), expected);
        assert_eq!(news(&now, &now), News::Grown);
    }
}

#[test]
fn a_life_that_began_and_ended_unheard_is_told_as_its_end() {
    let over_again = Incident { reopened: 1, ..over() };
    assert_eq!(news(&over(), &over_again), News::Resolved);
    assert_eq!(news(&open_one(), &over_again), News::Resolved);
}

#[test]
fn what_came_back_and_was_taken_on_at_once_has_come_back() {
    let marks = Marks { acknowledged: Some((1, by("eve"))), ..Marks::default() };
    assert_eq!(news(&over(), &again(over()).marked(&marks)), News::Reopened);
}

#[test]
fn another_severity_or_class_is_a_turn_and_growth_is_none() {
    let grown = Incident { flows: 400, ..open_one() };
    assert_eq!(news(&open_one(), &grown), News::Grown);
    let worse = Incident { severity: Severity::Critical, ..grown.clone() };
    assert_eq!(news(&open_one(), &worse), News::Changed);
    let other = Incident { class: Class::DosSlow, ..grown };
    assert_eq!(news(&open_one(), &other), News::Changed);
}

#[test]
fn one_that_is_over_and_turns_out_to_have_been_worse_has_changed() {
    let worse = Incident { severity: Severity::Critical, ..over() };
    assert_eq!(news(&over(), &worse), News::Changed);
}

#[test]
fn a_turn_in_its_life_is_told_before_a_change_of_what_it_is() {
    let worse = Incident { severity: Severity::Critical, ..open_one().marked(&taken_on()) };
    assert_eq!(news(&open_one(), &worse), News::Acknowledged);
}

#[test]
fn what_was_told_to_be_over_and_goes_on_has_come_back() {
    assert_eq!(News::since(Some(Told::from(&over())), &open_one()), News::Reopened);
}
