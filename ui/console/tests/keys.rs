//! What each key does.

use weir::detect::Class;
use weir::incident::IncidentId;

use super::*;
use crate::console::{Motion, Pane, Zoom};
use crate::keymap::{Action, BINDINGS, Mode};

/// Text of the line at the top of the screen, and of the frame below it.
fn top_lines(session: &Session) -> (String, String) {
    let text = session.text();
    let mut lines = text.lines().map(str::to_owned);
    (lines.next().unwrap(), lines.next().unwrap())
}

/// Whether `words` stand on the screen.
fn shows(session: &Session, words: &str) -> bool {
    session.text().contains(words)
}

#[test]
fn numbers_and_tab_turn_to_panes() {
    let mut session = Session::at((80, 24));
    for (key, title) in
        [('2', "2 Anomaly"), ('5', "5 Ingress"), ('3', "3 Alerts"), ('1', "1 Flows")]
    {
        session.press(KeyCode::Char(key));
        assert!(top_lines(&session).1.contains(title), "{title}");
    }
    session.press(KeyCode::BackTab);
    assert_eq!(session.0.focus, Pane::Limits);
    session.press(KeyCode::Tab);
    session.press(KeyCode::Tab);
    assert_eq!(session.0.focus, Pane::Scores);
}

#[test]
fn a_number_leaves_what_was_opened() {
    let mut session = Session::at((80, 24));
    session.press(KeyCode::Enter);
    session.type_in("?3");
    assert!(top_lines(&session).1.contains("3 Alerts"));
}

#[test]
fn vim_keys_and_arrows_select_rows() {
    for (down, up) in [(KeyCode::Down, KeyCode::Up), (KeyCode::Char('j'), KeyCode::Char('k'))] {
        let mut session = Session::at((80, 24));
        for key in [down, down, up] {
            session.press(key);
        }
        session.press(KeyCode::Enter);
        assert!(shows(&session, "203.0.113.9 → 10.244.1.21:80"), "{down}");
    }
}

#[test]
fn the_first_and_the_last_row_and_screens_are_one_key_away() {
    let mut session = Session::at((80, 24));
    session.press(KeyCode::PageDown);
    assert!(shows(&session, "10.244.2.14 "));
    session.type_in("G");
    assert!(shows(&session, "10.244.2.39"));
    assert!(!shows(&session, "203.0.113.7"));
    session.press(KeyCode::PageUp);
    assert!(shows(&session, "10.244.2.20 "));
    session.type_in("g");
    assert!(shows(&session, "203.0.113.7"));
}

#[test]
fn enter_opens_and_escape_goes_back_one_step_at_a_time() {
    let mut session = Session::at((120, 34));
    session.type_in("z");
    for words in ["1 Flows", "last 12 of 214 flows", "146 features"] {
        assert!(top_lines(&session).1.contains(words), "{words}");
        session.press(KeyCode::Enter);
    }
    for words in ["last 12 of 214 flows", "1 Flows"] {
        session.press(KeyCode::Esc);
        assert!(top_lines(&session).1.contains(words), "{words}");
    }
    assert_eq!(session.0.zoom, Zoom::Filled);
    session.press(KeyCode::Esc);
    assert_eq!(session.0.zoom, Zoom::Shared);
}

#[test]
fn left_goes_back_from_a_page_but_takes_no_filter_away() {
    let mut session = Session::at((80, 24));
    session.type_in("/port:80");
    session.press(KeyCode::Enter);
    session.press(KeyCode::Right);
    session.press(KeyCode::Left);
    session.type_in("h");
    session.press(KeyCode::Left);
    assert!(top_lines(&session).1.contains("by port:80"));
}

#[test]
fn z_lets_a_pane_fill_the_screen() {
    let mut session = Session::at((120, 34));
    session.type_in("3z");
    assert!(!shows(&session, "1 Flows") && shows(&session, "3 Alerts"));
    session.type_in("z");
    assert!(shows(&session, "1 Flows"));
}

#[test]
fn s_orders_by_the_next_column_and_capital_s_turns_it_round() {
    let mut session = Session::at((80, 24));
    session.type_in("s");
    assert!(shows(&session, "SCORE▼"));
    session.type_in("ssss");
    assert!(shows(&session, "FLOWS▼"));
    assert!(session.text().lines().nth(3).unwrap().contains("203.0.113.7"), "the most flows first");
    session.type_in("S");
    assert!(shows(&session, "FLOWS▲"));
    assert!(!shows(&session, "203.0.113.7 "), "the most flows last");
}

#[test]
fn after_the_last_column_the_order_is_that_of_the_engine() {
    let mut session = Session::at((80, 24));
    let before = session.text();
    session.type_in("ssssssssssss");
    assert!(!session.text().contains("SCORE▼"));
    session.type_in("s");
    assert_eq!(session.text(), before);
}

#[test]
fn space_holds_the_panes_still_but_not_the_state_of_the_source() {
    let mut session = Session::at((120, 34));
    session.press(KeyCode::Char(' '));
    let mut newer = fixture::snapshot();
    newer.conversations.clear();
    newer.source.state = weir::engine::SourceState::Failed("link went down".into());
    session.see(newer);
    assert!(shows(&session, "10.244.1.9 "));
    let (status, _) = top_lines(&session);
    assert!(status.contains("1 incident open"), "{status}");
    assert!(status.contains("FROZEN at 14:02:11Z") && status.contains("FAILED: link went down"));
    session.press(KeyCode::Char(' '));
    assert!(!shows(&session, "10.244.1.9 ") && !shows(&session, "FROZEN"));
}

#[test]
fn y_copies_the_selected_row_or_the_detail() {
    let mut session = Session::at((120, 34));
    let Some(Effect::Copy(row)) = session.press(KeyCode::Char('y')) else { panic!("no copy") };
    assert!(row.starts_with("between: 203.0.113.7 → 10.244.1.21:80\n"), "{row}");
    assert!(shows(&session, "sent 5 lines to the clipboard"));
    session.press(KeyCode::Enter);
    session.press(KeyCode::Enter);
    let Some(Effect::Copy(flow)) = session.press(KeyCode::Char('y')) else { panic!("no copy") };
    assert!(
        flow.contains("\nbenign: 0.0020\n") && flow.contains("\nFlow Duration: 2 µs\n"),
        "{flow}"
    );
    session.type_in("3");
    let Some(Effect::Copy(alert)) = session.press(KeyCode::Char('y')) else { panic!("no copy") };
    assert!(alert.starts_with("what: CRITICAL dos-slow\n"), "{alert}");
    session.type_in("2");
    assert_eq!(session.press(KeyCode::Char('y')), None);
}

#[test]
fn m_leaves_the_mouse_to_the_terminal_and_takes_it_again() {
    let mut session = Session::at((80, 24));
    assert_eq!(session.press(KeyCode::Char('m')), Some(Effect::Mouse(Mouse::Left)));
    assert_eq!(session.press(KeyCode::Char('m')), Some(Effect::Mouse(Mouse::Taken)));
}

#[test]
fn capital_t_changes_the_theme() {
    let mut session = Session::at((80, 24));
    session.type_in("T");
    assert_eq!(session.0.theme, Theme::Light);
    assert!(shows(&session, "theme light"));
    session.type_in("j");
    assert!(!shows(&session, "theme light"), "a notice lasts until the next key");
}

#[test]
fn a_question_mark_opens_and_closes_the_help() {
    let mut session = Session::at((80, 24));
    session.type_in("?");
    assert!(top_lines(&session).1.contains("Help"));
    session.type_in("jG");
    assert!(shows(&session, "take what was written"));
    session.type_in("?");
    assert!(top_lines(&session).1.contains("1 Flows"));
}

#[test]
fn q_leaves_and_ctrl_c_leaves_even_while_something_is_written() {
    let mut session = Session::at((80, 24));
    assert_eq!(session.press(KeyCode::Char('q')), Some(Effect::Quit));
    session.type_in(":q");
    let key = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(session.0.update(Message::Input(Event::Key(key))), Some(Effect::Quit));
    let key = KeyEvent::new(KeyCode::Char('z'), KeyModifiers::CONTROL);
    assert_eq!(session.0.update(Message::Input(Event::Key(key))), Some(Effect::Suspend));
}

#[test]
fn ctrl_u_begins_a_line_anew() {
    let mut session = Session::at((80, 24));
    session.type_in("f/srv/deploy");
    assert!(session.text().contains("/srv/deploy"));
    let key = KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL);
    assert_eq!(session.0.update(Message::Input(Event::Key(key))), None);
    session.type_in("web.yaml");
    let text = session.text();
    assert!(text.contains(" web.yaml") && !text.contains("/srv"), "{text}");
}

#[test]
fn a_command_is_called_by_the_beginning_of_its_name() {
    let mut session = Session::at((120, 34));
    session.type_in(":aler");
    session.press(KeyCode::Enter);
    assert_eq!(session.0.focus, Pane::Alerts);
    session.type_in(":q");
    assert_eq!(session.press(KeyCode::Enter), Some(Effect::Quit));
}

#[test]
fn tab_completes_and_arrows_choose_a_command() {
    let mut session = Session::at((120, 34));
    session.type_in(":fr");
    session.press(KeyCode::Tab);
    assert!(shows(&session, " :freeze"));
    session.press(KeyCode::Esc);
    session.type_in(":");
    session.press(KeyCode::Down);
    session.press(KeyCode::Enter);
    assert_eq!(session.0.focus, Pane::Scores);
}

#[test]
fn a_command_that_is_not_there_is_said_to_be_so() {
    let mut session = Session::at((120, 34));
    session.type_in(":nonsense");
    assert_eq!(session.press(KeyCode::Enter), None);
    assert!(shows(&session, "no command is called `nonsense`"));
}

#[test]
fn every_command_in_the_palette_can_be_called() {
    for binding in BINDINGS.iter().filter(|binding| !binding.command.is_empty()) {
        let mut called = Session::at((120, 34));
        called.type_in(":").type_in(binding.command);
        let effect = called.press(KeyCode::Enter);
        let mut acted = Session::at((120, 34));
        assert_eq!(effect, acted.0.act(binding.action), "{}", binding.command);
        assert_eq!(called.text(), acted.text(), "{}", binding.command);
    }
}

#[test]
fn keys_of_later_versions_are_not_bound() {
    let event = KeyEvent::new(KeyCode::Char('L'), KeyModifiers::NONE);
    assert_eq!(crate::keymap::action(Mode::Panes, &event), None);
    let moves = BINDINGS.iter().filter(|binding| matches!(binding.action, Action::Move(_)));
    assert!(moves.clone().all(|binding| binding.action != Action::Move(Motion::WheelUp)));
}

#[test]
fn a_selected_row_stays_selected_wherever_it_moves() {
    let mut session = Session::at((80, 24));
    session.type_in("j");
    let mut newer = fixture::snapshot();
    newer.conversations.rotate_left(2);
    session.see(newer);
    session.press(KeyCode::Enter);
    assert!(top_lines(&session).1.contains("203.0.113.9 → 10.244.1.21:80"));
}

#[test]
fn when_the_selected_row_is_gone_the_one_in_its_place_is_selected() {
    let mut session = Session::at((80, 24));
    session.type_in("j");
    let mut newer = fixture::snapshot();
    newer.conversations.remove(1);
    session.see(newer);
    session.press(KeyCode::Enter);
    assert!(top_lines(&session).1.contains("198.51.100.99 → 10.244.1.21:*"));
}

#[test]
fn a_page_follows_what_it_shows_and_keeps_it_when_it_is_gone() {
    let mut session = Session::at((120, 34));
    session.type_in("3");
    session.press(KeyCode::Enter);
    let mut newer = fixture::snapshot();
    let mut incident = (*newer.incidents[0]).clone();
    incident.flows = 9_999;
    newer.incidents[0] = incident.into();
    session.see(newer.clone());
    assert!(shows(&session, "9,999 flows"));
    newer.incidents.retain(|incident| incident.id == IncidentId(0));
    session.see(newer);
    assert!(shows(&session, "9,999 flows") && shows(&session, Class::DosSlow.name()));
}
