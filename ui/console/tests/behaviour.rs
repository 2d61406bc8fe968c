//! What the console does whatever happens.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use proptest::prelude::*;
use ratatui::style::{Color, Modifier};
use weir::engine::SourceState;

use super::*;
use crate::console::Pane;

fn touch(session: &mut Session, kind: MouseEventKind, (column, row): (u16, u16)) {
    let modifiers = KeyModifiers::NONE;
    session.0.update(Message::Input(Event::Mouse(MouseEvent { kind, column, row, modifiers })));
}

const CLICK: MouseEventKind = MouseEventKind::Down(MouseButton::Left);

/// Rows that are drawn in reverse.
fn reversed(session: &Session) -> Vec<u16> {
    let picture = session.picture();
    let is_reversed = |y: &u16| {
        let cells = (0..picture.area.width).filter_map(|x| picture.cell((x, *y)));
        cells.filter(|cell| cell.modifier.contains(Modifier::REVERSED)).count() > 20
    };
    (0..picture.area.height).filter(is_reversed).collect()
}

#[test]
fn a_click_turns_to_a_pane_and_selects_its_row() {
    let mut session = Session::at((120, 34));
    touch(&mut session, CLICK, (10, 5));
    assert_eq!(reversed(&session), [5]);
    touch(&mut session, CLICK, (10, 20));
    assert_eq!(session.0.focus, Pane::Alerts);
    session.press(KeyCode::Enter);
    assert!(session.text().contains("Incident 000000000bad5ca0"));
}

#[test]
fn a_click_on_a_frame_or_below_the_rows_selects_nothing() {
    let mut session = Session::at((120, 34));
    for at in [(0, 1), (10, 2), (119, 33), (0, 0)] {
        touch(&mut session, CLICK, at);
        assert_eq!(reversed(&session), [3], "{at:?}");
    }
    touch(&mut session, CLICK, (10, 26));
    assert_eq!(reversed(&session), [17], "there is no third alert");
}

#[test]
fn the_wheel_scrolls_what_lies_under_it() {
    let mut session = Session::at((120, 34));
    session.type_in("3");
    for _ in 0..9 {
        touch(&mut session, MouseEventKind::ScrollDown, (10, 5));
    }
    assert_eq!(session.0.focus, Pane::Alerts);
    assert!(session.text().contains("10.244.2.22 "));
    for _ in 0..9 {
        touch(&mut session, MouseEventKind::ScrollUp, (10, 5));
    }
    assert!(session.text().contains("203.0.113.7 "));
}

#[test]
fn rows_below_a_failure_can_be_clicked() {
    let mut snapshot = fixture::snapshot();
    snapshot.source.state = SourceState::Failed("gone".into());
    let mut session = Session::of(snapshot, (80, 24));
    touch(&mut session, CLICK, (10, 5));
    session.press(KeyCode::Enter);
    assert!(session.text().contains("203.0.113.9 → 10.244.1.21:80 ─"), "{}", session.text());
}

#[test]
fn an_engine_that_ends_unsaid_is_a_failure() {
    let mut session = Session::at((120, 34));
    session.0.update(Message::EngineEnded);
    assert!(session.text().contains("✖ FAILED: the engine has ended"));
    let mut ended = fixture::snapshot();
    ended.source.state = SourceState::Ended;
    let mut session = Session::of(ended, (120, 34));
    session.0.update(Message::EngineEnded);
    assert!(session.text().contains("■ ended") && !session.text().contains("FAILED"));
}

#[test]
fn without_a_shell_nothing_is_stopped_and_that_is_said() {
    let mut session = Session::at((80, 24));
    assert_eq!(session.0.update(Message::NoShell), None);
    assert!(session.text().contains("there is no shell to go back to"));
}

#[test]
fn a_terminal_that_grows_shows_more() {
    let mut session = Session::at((80, 24));
    assert!(!session.text().contains("3 Alerts"));
    session.0.update(Message::Input(Event::Resize(120, 34)));
    assert!(session.text().contains("3 Alerts"));
}

#[test]
fn mono_draws_without_colours_and_no_theme_draws_a_background() {
    for keys in ["", "3l", "ll", "?", ":s"] {
        for theme in [Theme::Dark, Theme::Light, Theme::Mono] {
            let mut session = Session::at((120, 34));
            session.0.theme = theme;
            let picture = session.type_in(keys).picture();
            assert!(picture.content.iter().all(|cell| cell.bg == Color::Reset), "{keys}");
            let is_plain = picture.content.iter().all(|cell| cell.fg == Color::Reset);
            assert_eq!(is_plain, theme == Theme::Mono, "{keys} {theme:?}");
        }
    }
}

#[test]
fn names_from_outside_cannot_steer_the_terminal() {
    let hostile = format!("\u{1b}]0;owned\u{7}\u{202e}\u{9b}2J{}", "h".repeat(5_000));
    let mut snapshot = fixture::snapshot();
    snapshot.source.name.clone_from(&hostile);
    snapshot.source.state = SourceState::Failed(hostile.clone());
    snapshot.model.name.clone_from(&hostile);
    snapshot.store.failure = Some(hostile.clone());
    let mut incident = (*snapshot.incidents[0]).clone();
    incident.why[0].text.clone_from(&hostile);
    incident.why[0].feature = hostile;
    snapshot.incidents[0] = incident.into();
    for keys in ["", "3", "3l"] {
        let mut session = Session::of(snapshot.clone(), (200, 60));
        let picture = session.type_in(keys).picture();
        let is_harmless = |character: char| !character.is_control() && character != '\u{202e}';
        assert!(
            picture.content.iter().all(|cell| cell.symbol().chars().all(is_harmless)),
            "{keys}"
        );
        if let Some(Effect::Copy(copied)) = session.press(KeyCode::Char('y')) {
            assert!(copied.chars().all(|c| c == '\n' || is_harmless(c)), "{copied}");
        }
    }
}

#[test]
fn wide_names_keep_the_frame_straight() {
    let mut snapshot = fixture::snapshot();
    snapshot.source.name = "東京-データセンター".into();
    snapshot.source.state = SourceState::Failed("接続が切れました".repeat(9));
    let session = Session::of(snapshot, (80, 24));
    let text = session.text();
    let framed: Vec<_> = text.lines().skip(1).take(22).collect();
    assert!(framed.iter().all(|line| crate::text::width(line) == 80), "{text}");
}

#[test]
fn a_paste_is_text_and_never_keys() {
    let mut session = Session::at((80, 24));
    assert_eq!(session.0.update(Message::Input(Event::Paste("q".into()))), None);
    session.type_in(":");
    session.0.update(Message::Input(Event::Paste("so\u{1b}[A\nrt".into())));
    assert!(session.text().contains(" :so\u{fffd}[A rt"), "{}", session.text());
    session.0.update(Message::Input(Event::Paste("x".repeat(9_000))));
    assert!(session.0.prompt.as_ref().unwrap().text().chars().count() <= 256);
}

fn any_key() -> impl Strategy<Value = KeyCode> {
    prop_oneof![
        "[ -~]".prop_map(|text| KeyCode::Char(text.chars().next().unwrap())),
        prop::sample::select(vec![
            KeyCode::Enter,
            KeyCode::Esc,
            KeyCode::Tab,
            KeyCode::BackTab,
            KeyCode::Down,
            KeyCode::PageDown,
            KeyCode::End,
            KeyCode::Backspace,
        ]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_keys_on_no_terminal_make_it_panic(
        size in (0..130_u16, 0..50_u16),
        keys in prop::collection::vec(any_key(), 0..40),
        is_ascii in any::<bool>(),
    ) {
        let mut session = Session::at(size);
        session.0.glyphs = if is_ascii { Glyphs::Ascii } else { Glyphs::Unicode };
        for key in keys {
            session.press(key);
            let picture = session.picture();
            let is_allowed = |cell: &ratatui::buffer::Cell| !is_ascii || cell.symbol().is_ascii();
            prop_assert!(picture.content.iter().all(is_allowed));
        }
    }
}
