//! What the operator does about alerts, mutes and the outbox.

use std::time::Duration;

use weir::engine::Command;
use weir::incident::{IncidentId, Mark, MuteId, SinkName, Status};
use weir::store::Which;

use super::*;
use crate::console::Muting;

/// The slow attack and the scan of the fixture.
const OPEN: IncidentId = IncidentId(0x5e1f_00c4_a11d_0ff5);
const OVER: IncidentId = IncidentId(0x0bad_5ca0);

fn last_line(session: &Session) -> String {
    session.text().lines().last().unwrap().to_owned()
}

#[test]
fn one_key_takes_the_selected_alert_on() {
    let mut session = Session::at((120, 34));
    session.type_in("3");
    let effect = session.press(KeyCode::Char('a'));
    assert_eq!(effect, Some(Effect::Act(Command::Acknowledge(OPEN))));
    session.press(KeyCode::Enter);
    let effect = session.press(KeyCode::Char('a'));
    assert_eq!(effect, Some(Effect::Act(Command::Acknowledge(OPEN))), "on its page too");
}

#[test]
fn what_came_of_it_is_said() {
    let mut session = Session::at((120, 34));
    session.0.update(Message::Told("dos-slow 5e1f is taken on".into()));
    assert!(last_line(&session).contains("is taken on"));
}

#[test]
fn an_alert_is_resolved_once_that_was_confirmed() {
    let mut session = Session::at((80, 24));
    session.type_in("3r");
    assert!(session.text().contains(" say that dos-slow 5e1f00c4a11d0ff5 is over?"));
    assert_eq!(session.press(KeyCode::Char('x')), None);
    assert_eq!(session.press(KeyCode::Char('y')), Some(Effect::Act(Command::Resolve(OPEN))));
    session.type_in("r");
    assert_eq!(session.press(KeyCode::Char('n')), None);
    assert!(!session.text().contains("is over?"));
}

#[test]
fn a_mute_begins_with_what_is_selected_and_needs_a_reason() {
    let mut session = Session::at((120, 34));
    session.type_in("3M");
    assert!(session.text().contains(" mute class:dos-slow dst:10.244.1.21 for 2h because"));
    assert_eq!(session.press(KeyCode::Enter), None);
    assert!(last_line(&session).contains("why?"));
    session.type_in("load test");
    let muting = Muting {
        filter: "class:dos-slow dst:10.244.1.21".into(),
        span: Duration::from_hours(2),
        reason: "load test".into(),
    };
    assert_eq!(session.press(KeyCode::Enter), Some(Effect::Mute(muting)));
    assert!(!session.text().contains(" mute class"));
}

#[test]
fn a_mute_is_ended_from_the_page_of_mutes() {
    let mut session = Session::at((120, 34));
    session.type_in("u");
    assert!(last_line(&session).contains("or a mute"));
    session.type_in("Ou");
    assert_eq!(session.press(KeyCode::Enter), Some(Effect::Act(Command::Unmute(MuteId(3)))));
}

#[test]
fn what_a_sink_refused_is_tried_again_from_the_outbox() {
    let mut session = Session::of(fixture::unheard(), (120, 34));
    session.type_in("ot");
    let retry = Command::Retry(Which::Of(SinkName::Webhook));
    assert_eq!(session.press(KeyCode::Char('y')), Some(Effect::Act(retry)));
}

#[test]
fn a_console_that_is_read_only_changes_nothing() {
    let mut session = Session::at((120, 34));
    session.0.rights = Rights::Look;
    session.type_in("3");
    assert!(!last_line(&session).contains("ack"));
    for key in ['a', 'r', 'M'] {
        assert_eq!(session.press(KeyCode::Char(key)), None);
        assert!(last_line(&session).contains("read-only"), "{key}");
    }
}

#[test]
fn who_took_an_alert_on_and_who_was_told_of_it_stands_beside_it() {
    let mut snapshot = fixture::unheard();
    let mut alert = fixture::slow_attack();
    alert.status = Status::Acknowledged;
    alert.acknowledged = Some(Mark { by: "ana\u{1b}[31m".into(), at_us: fixture::NOW_US });
    snapshot.incidents = vec![Arc::new(alert)];
    let mut session = Session::of(snapshot, (120, 34));
    let text = session.type_in("3z").text();
    assert!(text.contains("· ana"), "{text}");
    assert!(text.contains("slack ✓ firebase waits webhook ✓ · from"), "{text}");
    assert!(text.contains("1 acknowledged"), "{text}");
}

#[test]
fn of_an_old_alert_it_is_not_claimed_that_sinks_were_told() {
    let mut session = Session::of(fixture::unheard(), (120, 34));
    let text = session.type_in("3zj").text();
    let line = text.lines().find(|line| line.contains("webhook refuses it")).unwrap();
    assert!(!line.contains("slack"), "{line}");
    assert_eq!(fixture::scan().id, OVER);
}
