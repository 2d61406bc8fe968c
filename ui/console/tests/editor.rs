//! The editor of policies, as somebody writes in it.

use weir::engine::PolicyError;
use weir::policy::TEMPLATES;

use super::policies::applied;
use super::screens::assert_screen;
use super::*;
use crate::console::deeds::policy as deeds;
use crate::console::policing::{Asker, Change, PolicyNews, PolicyWish, Wanted};
use crate::panes::proposal::Said;
use crate::theme::Role;

impl Session {
    fn control(&mut self, key: char) -> Option<Effect> {
        let key = KeyEvent::new(KeyCode::Char(key), KeyModifiers::CONTROL);
        self.0.update(Message::Input(Event::Key(key)))
    }

    fn paste(&mut self, text: &str) {
        self.0.update(Message::Input(Event::Paste(text.into())));
    }

    /// The editor on top, as whoever asks.
    fn asker(&self) -> Asker {
        self.0.views.editor().map(crate::panes::policy_editor::PolicyEditor::id)
    }

    fn written(&self) -> String {
        self.0.views.editor().expect("an open editor").text()
    }
}

/// A new policy.
fn begun(size: (u16, u16)) -> Session {
    let mut session = Session::of(fixture::policed(), size);
    session.type_in("pn");
    session
}

/// An editor in which `text` stands.
fn holding(size: (u16, u16), text: &str) -> Session {
    let mut session = Session::of(fixture::policed(), size);
    session.type_in("pn");
    // The whole text, by the keys of the editor: to its end, then back to its beginning.
    for _ in 0..200 {
        session.press(KeyCode::Down);
    }
    session.press(KeyCode::End);
    while !session.written().is_empty() {
        session.press(KeyCode::Backspace);
    }
    session.paste(text);
    session
}

/// Cursors on the page, of which there is one.
fn cursors(session: &Session) -> usize {
    let picture = session.picture();
    // The line at the top says what is urgent in the same way.
    let page = picture.content.iter().skip(usize::from(picture.area.width));
    page.filter(|cell| cell.modifier.contains(Modifier::REVERSED)).count()
}

fn policy_of(effect: Option<Effect>) -> Wanted {
    match effect {
        Some(Effect::Policy(
            PolicyWish::Check(wanted) | PolicyWish::Propose(Change::Apply(wanted)),
            Some(_),
        )) => *wanted,
        effect => panic!("a policy is asked about, not {effect:?}"),
    }
}

#[test]
fn a_new_policy_begins_with_a_template_and_says_what_it_does() {
    for size in [(80, 24), (120, 34)] {
        let session = begun(size);
        let text = session.text();
        assert!(text.contains(" 1 apiVersion: cilium.io/v1alpha1"), "{text}");
        assert!(text.contains("nothing is wrong; watch-connections only tells"), "{text}");
        assert_screen(&format!("policy_editor_{}x{}", size.0, size.1), &session);
    }
}

#[test]
fn the_first_fault_is_said_with_its_place_and_its_line_is_marked() {
    for size in [(80, 24), (120, 34)] {
        let text = TEMPLATES[3].yaml.replace("Sigkill", "Sigkil").replace("  name:", "  nam:");
        let mut session = holding(size, text.trim_end());
        for _ in 0..40 {
            session.press(KeyCode::Up);
        }
        let shown = session.text();
        let line = shown.lines().find(|line| line.contains("nam: kill-program")).unwrap();
        assert!(line.contains("▌ 4   nam: kill-program"), "{shown}");
        assert!(
            shown.contains("line 4, column 3: metadata has no member `nam`; did you mean `name`?"),
            "{shown}"
        );
        assert_screen(&format!("policy_editor_mistake_{}x{}", size.0, size.1), &session);
        let looks = session.looks();
        let row = shown.lines().position(|line| line.contains("nam: kill-program")).unwrap();
        assert!(looks.lines().nth(row).unwrap().contains('E'), "{looks}");
    }
}

#[test]
fn a_fault_goes_as_soon_as_it_is_mended() {
    let mut session = holding((80, 24), TEMPLATES[0].yaml.trim_end());
    session.type_in("\nx");
    assert!(session.text().contains("▌"), "{}", session.text());
    session.press(KeyCode::Backspace);
    assert!(session.text().contains("nothing is wrong"), "{}", session.text());
}

#[test]
fn keys_of_the_panes_are_letters_here() {
    let mut session = holding((80, 24), "");
    let keys = "q1234 5?:/azsrMludwtoOymTpneED G";
    session.type_in(keys);
    assert_eq!(session.written(), keys);
    session.press(KeyCode::Tab);
    session.press(KeyCode::BackTab);
    assert!(session.written().starts_with(keys));
}

#[test]
fn a_new_line_begins_where_the_one_before_does() {
    let mut session = holding((80, 24), "spec:\n  kprobes:\n  - call: x");
    session.type_in("\n  syscall: false");
    assert_eq!(session.written(), "spec:\n  kprobes:\n  - call: x\n    syscall: false");
}

#[test]
fn what_is_pasted_cannot_steer_the_terminal_and_is_not_endless() {
    let mut session = holding((80, 24), "");
    session.paste("a: 1\r\n\tb: \u{1b}[2J\u{202e}\r\nc");
    assert_eq!(session.written(), "a: 1\n  b: \u{fffd}[2J\u{fffd}\nc");
    session.paste(&"東".repeat(300_000));
    assert!(session.written().len() <= 256 * 1024);
    session.type_in("x");
    assert!(session.written().len() <= 256 * 1024, "it is full");
    assert!(session.text().contains("cannot be read as YAML"), "{}", session.text());
}

#[test]
fn wide_characters_and_long_lines_keep_the_cursor_on_the_screen() {
    for width in [40, 80] {
        let mut session = holding((width, 12), "");
        for character in "# 東京都の値".repeat(20).chars() {
            session.press(KeyCode::Char(character));
            assert_eq!(cursors(&session), 1, "{}", session.text());
        }
        session.press(KeyCode::Home);
        assert!(session.text().contains("# 東京都の値"), "{}", session.text());
    }
}

#[test]
fn the_cursor_is_seen_at_every_size() {
    let mut session = begun((80, 24));
    for _ in 0..40 {
        session.press(KeyCode::Down);
    }
    for (width, height) in [(40, 12), (200, 60), (41, 13), (80, 24)] {
        session.0.update(Message::Input(Event::Resize(width, height)));
        assert_eq!(cursors(&session), 1, "{width}x{height}: {}", session.text());
    }
}

#[test]
fn templates_follow_one_another_and_nothing_written_is_lost_unasked() {
    let mut session = begun((80, 24));
    for template in TEMPLATES.iter().cycle().skip(1).take(TEMPLATES.len()) {
        session.control('t');
        assert_eq!(session.written(), template.yaml.trim_end());
        assert!(session.text().contains(template.about), "{}", session.text());
    }
    session.type_in("x");
    session.control('t');
    assert!(session.text().contains("write a template over what stands here?"));
    session.press(KeyCode::Char('n'));
    assert!(session.written().starts_with('x'), "{}", session.written());
    session.control('t');
    session.press(KeyCode::Char('y'));
    assert_eq!(session.written(), TEMPLATES[1].yaml.trim_end());
}

#[test]
fn escape_asks_before_something_is_lost() {
    let mut session = begun((80, 24));
    session.press(KeyCode::Esc);
    assert!(session.text().contains("Policies ─"), "nothing was written");

    let mut session = begun((80, 24));
    session.type_in("x");
    session.press(KeyCode::Esc);
    assert!(session.text().contains("leave, and lose what is written?"), "{}", session.text());
    session.press(KeyCode::Char('n'));
    assert!(session.written().starts_with('x'));
    session.press(KeyCode::Esc);
    session.press(KeyCode::Char('y'));
    assert!(session.text().contains("Policies ─"));
}

#[test]
fn a_dry_run_says_what_the_api_server_says() {
    let mut session = begun((80, 24));
    let wanted = policy_of(session.control('d'));
    assert_eq!(wanted.name.to_string(), "watch-connections");
    assert!(!wanted.is_forced);
    let refused = "admission webhook \"v.example\" denied the request: no policies on Sundays";
    let said = vec![Said::new(Role::Bad, refused.into())];
    let asker = session.asker();
    session.0.update(Message::Policy(Box::new(PolicyNews::Said(said, None)), asker));
    let text = session.text();
    assert!(text.contains("denied the request: no"), "{text}");
    assert!(text.contains("apiVersion: cilium.io/v1alpha1"), "what is written is still there");
    assert_screen("policy_editor_refused_80x24", &session);
    session.type_in(" ");
    assert!(!session.text().contains("denied the request"), "it was said of something else");
}

#[test]
fn what_is_wrong_is_not_asked_about() {
    let mut session = holding((80, 24), "kind: TracingPolicy\nspec: []\n");
    session.press(KeyCode::Up);
    assert_eq!(session.control('s'), None);
    assert!(session.text().contains("mend this first"), "{}", session.text());
    assert_eq!(session.control('d'), None);
    assert!(session.text().contains("line 1, column 1"), "the cursor is at the first fault");
}

#[test]
fn a_policy_is_edited_shown_agreed_to_and_applied() {
    let mut session = Session::of(fixture::policed(), (80, 24));
    session.type_in("pe");
    assert!(session.text().contains("Write kill-program ─ unchanged"), "{}", session.text());
    // The first line that can be changed and stay what it is.
    for _ in 0..3 {
        session.press(KeyCode::Down);
    }
    session.press(KeyCode::End);
    session.type_in("\nlabels: {team: a}");
    assert!(session.text().contains("not applied"), "{}", session.text());
    let wanted = policy_of(session.control('s'));
    assert_eq!(wanted.manifest["metadata"]["labels"]["team"], "a");
    let (change, asker) = (Change::Apply(Box::new(wanted)), session.asker());
    session.hear(deeds::proposed(Ok(applied(&change, true)), change.clone(), asker));
    let text = session.text();
    assert!(text.contains("apply TracingPolicy kill-program?"), "{text}");
    assert!(text.contains("team: a"), "{text}");
    assert_screen("policy_editor_diff_80x24", &session);

    // Not agreed to: what is written is still there.
    session.press(KeyCode::Esc);
    assert!(session.written().contains("labels: {team: a}"));

    session.control('s');
    session.hear(deeds::proposed(Ok(applied(&change, true)), change.clone(), asker));
    assert_eq!(
        session.press(KeyCode::Char('y')),
        Some(Effect::Policy(PolicyWish::Change(change.clone()), asker))
    );
    assert!(session.written().contains("labels"), "until it is applied the editor stays");
    let news = deeds::written(&applied(&change, false));
    session.0.update(Message::Policy(Box::new(news), asker));
    let text = session.text();
    assert!(text.contains("Policies ─") && text.contains("is applied"), "{text}");
}

#[test]
fn what_was_written_after_it_was_applied_stays() {
    let mut session = begun((80, 24));
    session.press(KeyCode::Down);
    let change = Change::Apply(Box::new(policy_of(session.control('s'))));
    let asker = session.asker();
    session.0.update(deeds::proposed(Err(PolicyError::Busy), change.clone(), asker));
    assert!(session.text().contains("too many questions about policies"), "{}", session.text());
    session.control('s');
    session.type_in("x");
    let news = deeds::written(&applied(&change, false));
    session.0.update(Message::Policy(Box::new(news), asker));
    assert!(session.written().contains('x'));
    session.press(KeyCode::Esc);
    assert!(session.text().contains("lose what is written?"));
}

/// Gives the policy of the template a label.
fn label(session: &mut Session) {
    for _ in 0..3 {
        session.press(KeyCode::Down);
    }
    session.press(KeyCode::End);
    session.type_in("\n");
    session.press(KeyCode::Home);
    session.type_in("  labels: {team: a}");
}

#[test]
fn what_was_asked_later_is_not_taken_for_applied() {
    let mut session = begun((80, 24));
    let first = Change::Apply(Box::new(policy_of(session.control('s'))));
    let asker = session.asker();
    label(&mut session);
    assert_ne!(Change::Apply(Box::new(policy_of(session.control('s')))), first);
    let news = deeds::written(&applied(&first, false));
    session.0.update(Message::Policy(Box::new(news), asker));
    let text = session.text();
    assert!(session.written().contains("team: a") && text.contains("not applied"), "{text}");
}

#[test]
fn what_one_editor_asked_is_shown_in_no_other() {
    let mut session = begun((120, 34));
    let change = Change::Apply(Box::new(policy_of(session.control('s'))));
    let first = session.asker();
    session.press(KeyCode::Esc);
    session.type_in("n");
    assert_ne!(session.asker(), first);
    let said = |about| {
        let said = vec![Said::new(Role::Bad, "no policies on Sundays".into())];
        Message::Policy(Box::new(PolicyNews::Said(said, about)), first)
    };
    session.0.update(said(None));
    let text = session.text();
    assert!(text.contains("of an editor that was left: no policies on Sundays"), "{text}");
    // A key later nothing of it is left, and what this editor says of its own policy stands.
    session.press(KeyCode::Down);
    let text = session.text();
    assert!(!text.contains("Sundays") && text.contains("nothing is wrong"), "{text}");
    session.hear(deeds::proposed(Ok(applied(&change, true)), change.clone(), first));
    assert!(session.text().contains("not asked meanwhile"), "{}", session.text());
    session.type_in("x");
    let news = deeds::written(&applied(&change, false));
    session.0.update(Message::Policy(Box::new(news), first));
    assert!(session.text().contains("not applied"), "{}", session.text());
}

#[test]
fn what_was_asked_before_something_was_changed_is_not_said_of_what_stands_there_now() {
    let mut session = begun((120, 34));
    let asker = session.asker();
    let before = policy_of(session.control('d')).manifest;
    label(&mut session);
    let after = policy_of(session.control('d')).manifest;
    assert_ne!(before, after);
    for (about, is_past) in [(before, true), (after, false)] {
        let said = vec![Said::new(Role::Bad, "no policies on Sundays".into())];
        session.0.update(Message::Policy(Box::new(PolicyNews::Said(said, Some(about))), asker));
        let text = session.text();
        assert!(text.contains("Sundays"), "{text}");
        assert_eq!(text.contains("of what stood here when it was asked:"), is_past, "{text}");
    }
}

#[test]
fn an_editor_that_closes_takes_the_question_along_whether_to_leave_it() {
    let mut session = begun((80, 24));
    label(&mut session);
    let change = Change::Apply(Box::new(policy_of(session.control('s'))));
    let asker = session.asker();
    session.press(KeyCode::Esc);
    assert!(session.text().contains("lose what is written?"), "{}", session.text());
    let news = deeds::written(&applied(&change, false));
    session.0.update(Message::Policy(Box::new(news), asker));
    let text = session.text();
    assert!(text.contains("is applied") && !text.contains("lose what is written?"), "{text}");
}

#[test]
fn what_could_steer_a_terminal_is_written_so_that_it_stays_the_same() {
    let mut snapshot = fixture::policed();
    let hostile = "a\u{1b}[2J\u{202e}b";
    for status in &mut snapshot.tetragon.policies {
        let status = std::sync::Arc::make_mut(status);
        if let Some(manifest) = &mut status.manifest {
            let manifest = std::sync::Arc::make_mut(manifest);
            manifest["metadata"]["annotations"] = serde_json::json!({ "note": hostile });
        }
    }
    let first = snapshot.tetragon.policies[0].manifest.clone().unwrap();
    let mut session = Session::of(snapshot, (120, 34));
    session.type_in("pe");
    assert!(!session.written().contains(['\u{1b}', '\u{202e}']), "{}", session.written());
    let wanted = policy_of(session.control('d'));
    assert_eq!(wanted.manifest, *first, "nothing that is edited was changed by being shown");
    session.press(KeyCode::Esc);
    let Some(Effect::Copy(copied)) = session.type_in("\n").press(KeyCode::Char('y')) else {
        panic!()
    };
    let text = copied.split_once("\n\n").map_or(&*copied, |(_, text)| text);
    assert!(text.contains("\\u001b[2J\\u202e"), "{copied}");
}

#[test]
fn without_colours_and_in_ascii_it_says_the_same() {
    let mut session = holding((80, 24), "kind: x\n");
    session.0.theme = Theme::Mono;
    session.0.glyphs = Glyphs::Ascii;
    let text = session.text();
    assert!(text.is_ascii(), "{text}");
    assert!(text.contains("! 1 kind: x"), "{text}");
    let looks = session.looks();
    assert!(looks.lines().any(|line| line.contains('b')), "{looks}");
}
