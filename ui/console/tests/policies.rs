//! Policies: how they stand, switched, deleted, applied and refused.

use weir::engine::{PolicyApplied, PolicyDeleted, PolicyError, PolicySwitch, Written};
use weir::policy::{PolicyMode, PolicyName, diff};

use super::screens::assert_screen;
use super::*;
use crate::console::deeds::policy as deeds;
use crate::console::policing::{Change, PolicyNews, PolicyWish, Wanted};

fn at(size: (u16, u16)) -> Session {
    let mut session = Session::of(fixture::policed(), size);
    session.type_in("p");
    session
}

/// Selects the policy of this name.
fn select(session: &mut Session, name: &str) {
    let policies = fixture::policed().tetragon.policies;
    let at = policies.iter().position(|one| one.name.to_string() == name).unwrap();
    session.type_in(&format!("g{}", "j".repeat(at)));
}

pub(super) fn wanted(name: &str) -> Wanted {
    let status = fixture::policy(name);
    let manifest = (**status.manifest.as_ref().unwrap()).clone();
    Wanted { name: status.name, manifest, is_forced: false }
}

fn switch(name: &str, mode: PolicyMode) -> Change {
    let name = PolicyName::parse(name).unwrap();
    Change::Switch(PolicySwitch { name, mode, is_forced: false, is_dry_run: true })
}

/// What the engine says of a change that it would make, or has made.
pub(super) fn applied(change: &Change, is_dry_run: bool) -> PolicyApplied {
    let (name, after) = match change {
        Change::Apply(wanted) => (wanted.name.clone(), wanted.manifest.clone()),
        Change::Switch(PolicySwitch { name, mode, .. }) => {
            let object = wanted(&name.to_string()).manifest;
            let policy = weir::policy::Policy::from_json(object).unwrap().with_mode(*mode);
            (name.clone(), policy.manifest().clone())
        }
    };
    let status = fixture::policy(&name.to_string());
    PolicyApplied {
        diff: diff(status.manifest.as_deref(), Some(&after)),
        status,
        written: Written {
            object: format!("TracingPolicy {name}"),
            how: "apply as weir".into(),
            body: after,
        },
        notes: vec!["agents load it within a minute".into()],
        is_dry_run,
    }
}

/// What is asked of the engine from a list or a page.
#[expect(clippy::unnecessary_wraps, reason = "it is what a key gives, which may be nothing")]
fn asked(wish: PolicyWish) -> Option<Effect> {
    Some(Effect::Policy(wish, None))
}

impl Session {
    /// What the engine says long after it was asked, once it can have been read.
    pub(super) fn hear(&mut self, message: Message) {
        self.0.update(message);
        self.0.let_answer();
    }
}

#[test]
fn what_is_not_loaded_stands_first_and_says_why() {
    for size in [(80, 24), (120, 34)] {
        let session = at(size);
        let text = session.text();
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[1].contains("Policies ─ 5 · 1 NOT LOADED · 1 PARTLY LOADED"), "{text}");
        assert!(lines[3].contains("▌ NOT LOADED") && lines[3].contains("kill-program"), "{text}");
        assert!(lines[4].contains("weir-worker (2 nodes): sensor generic_kprobe"), "{text}");
        assert!(lines[5].contains("PARTLY LOADED") && lines[5].contains("default/deny-egress"));
        assert!(lines[6].contains("weir-worker2: invalid operand"), "{text}");
        assert_screen(&format!("policies_{}x{}", size.0, size.1), &session);
    }
}

#[test]
fn without_colours_it_stands_out_too() {
    let mut session = at((120, 34));
    session.0.theme = Theme::Mono;
    // Another row is selected, so that what is seen is how this one looks by itself.
    session.type_in("jj");
    let looks = session.looks();
    let row = looks.lines().nth(3).unwrap();
    assert!(row.chars().filter(|look| *look == 'R').count() >= "NOT LOADED".len(), "{looks}");
    session.0.glyphs = Glyphs::Ascii;
    assert!(session.text().is_ascii());
    assert!(session.text().contains("! NOT LOADED"));
}

#[test]
fn a_policy_opens_what_each_agent_made_of_it_and_its_text() {
    for size in [(80, 24), (120, 34)] {
        let mut session = at(size);
        session.type_in("\n");
        assert_screen(&format!("policy_{}x{}", size.0, size.1), &session);
    }
    let mut session = at((120, 60));
    select(&mut session, "no-shells");
    session.type_in("\n");
    let text = session.text();
    for words in [
        "weir-worker: enabled, monitor, 266 kB in the kernel, told 242",
        "would have signalled or killed 3",
        "kprobe security_bprm_check",
        "sigkill",
        "call: security_bprm_check",
        "value: enforce",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn why_there_is_no_list_is_said() {
    let mut snapshot = fixture::snapshot();
    snapshot.tetragon = weir::engine::TetragonStatus::default();
    let mut session = Session::of(snapshot.clone(), (80, 24));
    assert!(session.type_in("p").text().contains("waiting for the API server and the agents"));
    snapshot.tetragon.absent = Some("no agent is listened to: set `tetragon`".into());
    session.see(snapshot.clone());
    assert!(session.text().contains("no agent is listened to"));
    snapshot.tetragon.policies_notes = vec!["nobody takes\u{1b}[2J policies".into()];
    session.see(snapshot.clone());
    let text = session.text();
    assert!(text.contains("nobody takes") && !text.contains('\u{1b}'), "{text}");
    snapshot.tetragon.policies_notes.clear();
    snapshot.tetragon.policies_read_us = fixture::NOW_US;
    session.see(snapshot.clone());
    assert!(session.text().contains("there is no policy: `n` writes one"));
    let mut snapshot = fixture::policed();
    snapshot.tetragon.policies_notes = vec!["the agent n2 does not answer".into()];
    session.see(snapshot.clone());
    let text = session.text();
    assert!(
        text.contains("the agent n2 does not answer") && text.contains("kill-program"),
        "{text}"
    );
    snapshot.tetragon.policies_failure = Some("forbidden\u{1b}[2J".into());
    session.see(snapshot);
    let text = session.text();
    assert!(text.contains("could not be read since 14:02:11Z: forbidden"), "{text}");
    assert!(!text.contains('\u{1b}') && text.contains("kill-program"), "{text}");
}

#[test]
fn a_page_of_a_policy_that_was_deleted_says_so() {
    let mut session = at((80, 24));
    session.type_in("\n");
    session.see(fixture::snapshot());
    assert!(session.text().contains("neither the cluster nor an agent has it"));
}

#[test]
fn one_key_switches_between_monitor_and_enforce_and_shows_the_diff_first() {
    let mut session = at((80, 24));
    let enforced = switch("kill-program", PolicyMode::Enforce);
    assert_eq!(session.press(KeyCode::Char('E')), asked(PolicyWish::Propose(enforced.clone())));
    session.hear(deeds::proposed(Ok(applied(&enforced, true)), enforced.clone(), None));
    let text = session.text();
    for words in [
        "-      value: monitor",
        "+      value: enforce",
        "agents load it within a minute",
        "switch TracingPolicy kill-program to enforce?",
    ] {
        let found = text.contains(words) || text.contains(&words.replacen("      ", "    ", 1));
        assert!(found, "{words}: {text}");
    }
    assert_screen("policy_switch_80x24", &session);
    assert_eq!(session.press(KeyCode::Char('y')), asked(PolicyWish::Change(enforced.clone())));
    assert!(session.text().contains("Policies ─"), "the diff is gone");
    session.hear(Message::Policy(Box::new(deeds::written(&applied(&enforced, false))), None));
    let text = session.text();
    assert!(
        text.contains("the policy kill-program is applied, so far NOT LOADED: weir-worker"),
        "{text}"
    );

    for (name, mode) in [("no-shells", PolicyMode::Monitor), ("by-hand", PolicyMode::Enforce)] {
        let mut session = at((80, 24));
        select(&mut session, name);
        let wish = PolicyWish::Propose(switch(name, mode));
        assert_eq!(session.press(KeyCode::Char('E')), asked(wish), "{name}");
    }
}

#[test]
fn keys_that_were_typed_before_a_question_was_seen_are_no_answer() {
    let enforced = switch("kill-program", PolicyMode::Enforce);
    let proposed = || deeds::proposed(Ok(applied(&enforced, true)), enforced.clone(), None);
    let mut session = at((80, 24));
    session.press(KeyCode::Char('E'));
    session.0.update(proposed());
    for key in ['y', 'n', 'q'] {
        assert_eq!(session.press(KeyCode::Char(key)), None, "{key}");
    }
    session.press(KeyCode::Esc);
    let text = session.text();
    assert!(text.contains("to enforce?") && text.contains("read this first"), "{text}");
    session.0.let_answer();
    assert!(session.text().contains("y yes"), "{}", session.text());
    assert_eq!(session.press(KeyCode::Char('y')), asked(PolicyWish::Change(enforced.clone())));

    // Whoever writes something else meanwhile goes on with that.
    session.press(KeyCode::Esc);
    session.type_in("/port:443");
    session.0.update(proposed());
    let text = session.text();
    assert!(text.contains("not asked meanwhile, so ask again: switch"), "{text}");
    session.press(KeyCode::Enter);
    let text = session.text();
    assert!(text.contains("1 Flows") && !text.contains("What would be written"), "{text}");
}

#[test]
fn what_would_harm_takes_a_second_word() {
    let mut session = at((80, 24));
    let enforced = switch("kill-program", PolicyMode::Enforce);
    let why = "kprobe tcp_connect would kill every process\nof every node";
    let refused =
        || deeds::proposed(Err(PolicyError::Dangerous(why.into())), enforced.clone(), None);
    session.0.update(refused());
    session.type_in("force\n");
    assert!(!session.text().contains(": force"), "{}", session.text());
    session.0.let_answer();
    let text = session.text();
    assert!(text.contains("kprobe tcp_connect would kill every process"), "{text}");
    assert!(text.contains("write `force` if it is to be done all the same:"), "{text}");
    assert_screen("policy_dangerous_80x24", &session);
    session.type_in("y");
    assert_eq!(session.press(KeyCode::Enter), None, "a yes is not enough");
    assert!(session.text().contains("write `force`, or leave it with esc"));
    session.press(KeyCode::Backspace);
    session.type_in("force");
    let forced = enforced.clone().forced();
    assert_eq!(session.press(KeyCode::Enter), asked(PolicyWish::Propose(forced.clone())));
    session.hear(deeds::proposed(Ok(applied(&forced, true)), forced.clone(), None));
    assert!(session.text().contains("although it would harm?"), "{}", session.text());
    assert_eq!(session.press(KeyCode::Char('y')), asked(PolicyWish::Change(forced)));
}

#[test]
fn whoever_does_not_insist_changes_nothing() {
    let mut session = at((80, 24));
    let enforced = switch("kill-program", PolicyMode::Enforce);
    session.hear(deeds::proposed(Err(PolicyError::Dangerous("why".into())), enforced, None));
    assert_eq!(session.press(KeyCode::Esc), None);
    let text = session.text();
    assert!(text.contains("Policies ─") && !text.contains("write `force`"), "{text}");
}

#[test]
fn deleting_asks_with_the_exact_object() {
    let mut session = at((80, 24));
    let name = PolicyName { namespace: None, name: "kill-program".into() };
    assert_eq!(session.press(KeyCode::Char('D')), asked(PolicyWish::ProposeDelete(name.clone())));
    let deleted = PolicyDeleted {
        name: name.clone(),
        written: Written {
            object: "TracingPolicy kill-program".into(),
            how: "delete".into(),
            body: fixture::body("kill-program"),
        },
        notes: Vec::new(),
        is_dry_run: true,
    };
    session.hear(deeds::propose_delete(&deleted));
    let text = session.text();
    assert!(text.contains("delete TracingPolicy kill-program:"), "{text}");
    assert!(text.contains("name: kill-program"), "{text}");
    assert!(text.contains("delete TracingPolicy kill-program?"), "{text}");
    assert_eq!(session.press(KeyCode::Char('y')), asked(PolicyWish::Delete(name)));
}

#[test]
fn what_only_agents_have_is_not_written_on_and_can_be_deleted() {
    let mut session = at((120, 34));
    select(&mut session, "by-hand");
    // What it does nobody knows, so it is not said that it only tells.
    let text = session.text();
    let row = text.lines().find(|line| line.contains("by-hand")).unwrap();
    assert!(row.contains("not known") && !row.contains("tells"), "{text}");
    assert_eq!(session.press(KeyCode::Char('e')), None);
    assert!(session.text().contains("only agents have this policy"));
    assert!(matches!(
        session.press(KeyCode::Char('D')),
        Some(Effect::Policy(PolicyWish::ProposeDelete(_), None))
    ));
    let text = session.type_in("\n").text();
    assert!(text.lines().any(|line| line.contains("does") && line.contains("not known")), "{text}");
}

#[test]
fn who_may_only_look_changes_nothing() {
    let mut session = at((120, 34));
    session.0.rights = Rights::Look;
    let text = session.text();
    let keys = text.lines().last().unwrap();
    for word in ["edit", "new", "delete", "monitor/enforce"] {
        assert!(!keys.contains(word), "{keys}");
    }
    for key in ['n', 'e', 'E', 'D'] {
        assert_eq!(session.press(KeyCode::Char(key)), None);
        assert!(session.text().contains("read-only: nothing is changed from here"), "{key}");
    }
}

#[test]
fn what_the_api_server_refuses_is_said_where_nothing_is_written() {
    let mut session = at((120, 34));
    let words = "the API server says: forbidden (403)".to_owned();
    let said = vec![crate::panes::proposal::Said::new(crate::theme::Role::Bad, words)];
    let said = PolicyNews::Said(said, None);
    session.0.update(Message::Policy(Box::new(said), None));
    assert!(session.text().contains("the API server says: forbidden (403)"));
}

#[test]
fn a_page_too_many_is_not_opened_and_that_is_said() {
    let mut session = at((120, 34));
    session.type_in("ppppppp");
    assert!(!session.text().contains("too many pages"), "{}", session.text());
    assert!(session.type_in("p").text().contains("too many pages"), "{}", session.text());
    // A question without what it is about is not asked.
    let enforced = switch("kill-program", PolicyMode::Enforce);
    session.hear(deeds::proposed(Ok(applied(&enforced, true)), enforced, None));
    let text = session.text();
    assert!(text.contains("too many pages") && !text.contains("to enforce?"), "{text}");
}
