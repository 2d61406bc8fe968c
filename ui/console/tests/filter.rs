//! How a filter is written and what it does.

use ratatui::style::Modifier;

use super::*;
use crate::console::Pane;

/// What is underlined on the screen.
fn underlined(session: &Session) -> String {
    let picture = session.picture();
    let cells = picture.content.iter();
    let cells = cells.filter(|cell| cell.modifier.contains(Modifier::UNDERLINED));
    cells.map(ratatui::buffer::Cell::symbol).collect()
}

fn last_line(session: &Session) -> String {
    session.text().lines().last().unwrap().to_owned()
}

#[test]
fn a_filter_works_while_it_is_written() {
    let mut session = Session::at((120, 34));
    session.type_in("/class:dos*");
    assert!(session.text().contains("1,204 open · 2 of 45 by class:dos*"), "{}", session.text());
    assert!(session.text().contains("1 resolved · 1 of 2 by class:dos*"));
    assert!(!session.text().contains("198.51.100.99"));
    session.type_in(" score>0.995");
    assert!(session.text().contains("· 1 of 45 by"));
    session.press(KeyCode::Enter);
    assert!(!session.text().contains("203.0.113.9 "), "and after");
}

#[test]
fn a_filter_knows_the_names_of_the_cluster() {
    let mut session = Session::of(fixture::named(), (120, 34));
    session.type_in("/dst:shop/web");
    assert!(session.text().contains("4 of 45 by dst:shop/web"), "{}", session.text());
    assert!(session.text().contains("1 of 2 by dst:shop/web"), "{}", session.text());
    session.press(KeyCode::Esc);
    session.type_in("/namespace:payments*");
    assert!(session.text().contains("40 of 45 by namespace:payments*"), "{}", session.text());
    session.press(KeyCode::Esc);
    session.type_in("/src:node/worker-1");
    assert!(session.text().contains("· 1 of 45 by src:node/worker-1"), "{}", session.text());
}

#[test]
fn a_mistake_is_underlined_and_what_stands_before_it_is_in_force() {
    let mut session = Session::at((120, 34));
    session.type_in("/class:scan src:10.0.0.0/99");
    assert!(session.text().contains("1 of 45 by class:scan ─"), "{}", session.text());
    assert_eq!(underlined(&session), "10.0.0.0/99");
    assert!(last_line(&session).contains("10.0.0.0/99"), "{}", last_line(&session));
}

#[test]
fn enter_does_not_take_a_mistake() {
    let mut session = Session::at((120, 34));
    session.type_in("/prot:80");
    session.press(KeyCode::Enter);
    assert!(session.0.prompt.is_some());
    for _ in 0.."prot:80".len() {
        session.press(KeyCode::Backspace);
    }
    session.type_in("port:80");
    session.press(KeyCode::Enter);
    assert!(session.0.prompt.is_none());
    assert!(session.text().contains("2 of 45 by port:80"));
}

#[test]
fn escape_leaves_the_filter_that_was_in_force() {
    let mut session = Session::at((120, 34));
    session.type_in("/port:80");
    session.press(KeyCode::Enter);
    session.type_in("/");
    assert!(session.text().contains(" /port:80"), "a filter in force can be changed");
    session.type_in(" class:scan");
    assert!(session.text().contains("0 of 45"));
    session.press(KeyCode::Esc);
    assert!(session.text().contains("2 of 45 by port:80"));
    session.press(KeyCode::Esc);
    assert!(!session.text().contains("of 45"), "and then takes it away");
}

#[test]
fn what_lets_nothing_through_says_so() {
    let mut session = Session::at((120, 34));
    session.type_in("/port:1");
    assert_eq!(session.text().matches("the filter lets nothing through").count(), 3);
    assert_eq!(session.press(KeyCode::Enter), None);
    assert_eq!(session.press(KeyCode::Enter), None);
    assert!(session.0.views.cover().is_none(), "there is nothing to open");
}

#[test]
fn keys_that_do_something_are_text_in_a_filter() {
    let mut session = Session::at((80, 24));
    session.type_in("/q?3z ");
    assert_eq!(session.0.focus, Pane::Flows);
    assert!(session.text().contains(" /q?3z"));
}

#[test]
fn a_selected_row_stays_selected_behind_a_filter() {
    let mut session = Session::at((80, 24));
    session.type_in("jj/src:198.51.100.0/24");
    session.press(KeyCode::Enter);
    session.press(KeyCode::Esc);
    session.press(KeyCode::Enter);
    assert!(session.text().contains("198.51.100.99 → 10.244.1.21:* ─"));
}
